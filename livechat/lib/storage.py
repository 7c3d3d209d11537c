"""A database that cannot go on (no space left, or away), and its growing log."""

import logging
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import ParamSpec, TypeVar

from django.db import InterfaceError, OperationalError, close_old_connections

from livechat.lib import limits

logger = logging.getLogger(__name__)

P = ParamSpec("P")
R = TypeVar("R")

# A connection that broke, a server that stops, a lock, a deadlock: tried again later.
DatabaseAway = (OperationalError, InterfaceError)
NoAnswer = (*DatabaseAway, TimeoutError)  # of the database, or not in time

POSTGRESQL_DISK_FULL = "53100"  # its SQLSTATE, disk_full


def disk_is_full(error: Exception) -> bool:
    """Whether Django's error stands for a disk without space, on either database."""
    cause = error.__cause__
    return (
        getattr(cause, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL
        or getattr(cause, "sqlstate", None) == POSTGRESQL_DISK_FULL
        or "No space left on device" in str(error)
    )


def fresh(question: Callable[P, R]) -> Callable[P, R]:
    """The question, on a database connection that is looked after before it."""

    def ask(*args: P.args, **kwargs: P.kwargs) -> R:
        close_old_connections()
        return question(*args, **kwargs)

    return ask


class Checkpoints(threading.Thread):
    """Copies SQLite's write-ahead log into the database beside the commits.

    Otherwise each so many-th commit does it, at the cost of whoever waits for that one.
    Nobody waits for this: SQLite lets others read and write meanwhile.
    """

    def __init__(self, path: str) -> None:
        super().__init__(name="checkpoints", daemon=True)
        self._path = path
        self._stopped = threading.Event()

    def run(self) -> None:
        """Look at the log's size until stopped; what fails is tried again."""
        while not self._stopped.wait(limits.CHECKPOINT_EVERY_S):
            try:
                checkpoint(self._path)
            except (sqlite3.Error, OSError) as error:
                logger.warning("the write-ahead log could not be copied: %s", error)

    def stop(self) -> None:
        """End within one look."""
        self._stopped.set()


def checkpoint(path: str) -> None:
    """Copy a log of more than CHECKPOINT_BYTES; empty one of more than WAL_MAX_BYTES.

    SQLite starts the log anew only when nobody reads from it, which under steady
    reading never comes about, so that the file grows (https://sqlite.org/wal.html, 6).
    To empty it readers are waited for, briefly: the next look comes soon.
    """
    log = Path(f"{path}-wal")
    size_bytes = log.stat().st_size if log.exists() else 0
    if size_bytes <= limits.CHECKPOINT_BYTES:
        return
    how = "TRUNCATE" if size_bytes > limits.WAL_MAX_BYTES else "PASSIVE"
    wait_s = limits.WAL_WAIT_MS / 1000
    with closing(sqlite3.connect(path, timeout=wait_s)) as connection:
        connection.execute(f"PRAGMA wal_checkpoint({how})")
