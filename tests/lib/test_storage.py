"""SQLite's write-ahead log is kept small, and never at a reader's cost."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.sqlite3.base import DatabaseWrapper

from livechat.database import database
from livechat.lib.storage import shrink_wal

# Of a file of its own; pytest-django guards all connections of Django alike.
pytestmark = pytest.mark.django_db


def opened(var: Path) -> DatabaseWrapper:
    """A connection of its own to a SQLite file of the site's settings."""
    settings = {
        **connections.settings["default"],
        **database(f"sqlite://{var}/livechat.sqlite3", var),
    }
    return DatabaseWrapper(settings, "storage")


@pytest.fixture
def written(tmp_path: Path) -> Iterator[tuple[BaseDatabaseWrapper, Path]]:
    """A database in which something was written, and its log."""
    connection = opened(tmp_path)
    connection.inc_thread_sharing()
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE word (text)")
        cursor.execute("INSERT INTO word VALUES ('a')")
    yield connection, tmp_path / "livechat.sqlite3-wal"
    connection.close()


def test_a_large_log_is_emptied(written: tuple[BaseDatabaseWrapper, Path]) -> None:
    connection, log = written
    size_bytes = log.stat().st_size
    assert not shrink_wal(connection, size_bytes)
    assert log.stat().st_size == size_bytes
    assert shrink_wal(connection, size_bytes - 1)
    assert log.stat().st_size == 0


def test_a_reader_keeps_what_it_reads_and_the_wait_of_others_stays_as_it_was(
    written: tuple[BaseDatabaseWrapper, Path], tmp_path: Path
) -> None:
    connection, log = written
    reader = opened(tmp_path)
    with reader.cursor() as read, connection.cursor() as cursor:
        read.execute("BEGIN DEFERRED")
        assert read.execute("SELECT text FROM word").fetchall() == [("a",)]
        cursor.execute("INSERT INTO word VALUES ('b')")
        (wait_ms,) = cursor.execute("PRAGMA busy_timeout").fetchone()
        assert not shrink_wal(connection, 0)
        assert cursor.execute("PRAGMA busy_timeout").fetchone() == (wait_ms,)
        assert read.execute("SELECT text FROM word").fetchall() == [("a",)]
        read.execute("COMMIT")
        assert shrink_wal(connection, 0)
    reader.close()
    assert log.stat().st_size == 0
