"""A database that cannot go on (no space left, or away), and its growing log."""

import sqlite3
from pathlib import Path

from django.db import InterfaceError, OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper

from livechat.lib import limits

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


def shrink_wal(
    connection: BaseDatabaseWrapper, most_bytes: int = limits.WAL_MAX_BYTES
) -> bool:
    """Empty SQLite's write-ahead log if it is larger; whether it was emptied.

    SQLite starts the log anew only when nobody reads from it, which under steady
    reading never comes about, so that the file grows (https://sqlite.org/wal.html, 6).
    Readers are waited for briefly: the next call comes soon.
    """
    if connection.vendor != "sqlite":
        return False
    log = Path(f"{connection.settings_dict['NAME']}-wal")
    if not log.exists() or log.stat().st_size <= most_bytes:
        return False
    with connection.cursor() as cursor:
        (wait_ms,) = cursor.execute("PRAGMA busy_timeout").fetchone()
        cursor.execute(f"PRAGMA busy_timeout = {limits.WAL_WAIT_MS}")
        try:
            (busy, _, _) = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        finally:
            cursor.execute(f"PRAGMA busy_timeout = {wait_ms}")
    return not busy
