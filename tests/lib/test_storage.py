"""SQLite's write-ahead log is kept small, and never at a reader's cost."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from livechat.lib import limits
from livechat.lib.storage import Checkpoints, checkpoint


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A database with a log."""
    return tmp_path / "livechat.sqlite3"


@pytest.fixture
def writer(path: Path) -> Iterator[sqlite3.Connection]:
    """Whoever writes into it, and copies nothing."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA wal_autocheckpoint = 0")
        connection.execute("CREATE TABLE word (text)")
        yield connection


def write(connection: sqlite3.Connection, size_bytes: int) -> None:
    connection.execute("INSERT INTO word VALUES (zeroblob(?))", [size_bytes])


def log_bytes(path: Path) -> int:
    return Path(f"{path}-wal").stat().st_size


def test_a_small_log_is_left_alone(path: Path, writer: sqlite3.Connection) -> None:
    size_bytes = path.stat().st_size
    write(writer, 100_000)
    checkpoint(str(path))
    assert path.stat().st_size == size_bytes


def test_a_log_is_copied_and_then_written_from_its_beginning(
    path: Path, writer: sqlite3.Connection
) -> None:
    write(writer, limits.CHECKPOINT_BYTES)
    before_bytes = log_bytes(path)
    checkpoint(str(path))
    assert path.stat().st_size > limits.CHECKPOINT_BYTES
    write(writer, 100_000)
    assert log_bytes(path) == before_bytes


def test_a_large_log_is_emptied_when_its_readers_have_ended(
    path: Path, writer: sqlite3.Connection
) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        assert reader.execute("SELECT count(*) FROM word").fetchall() == [(0,)]
        write(writer, limits.WAL_MAX_BYTES)
        checkpoint(str(path))
        assert log_bytes(path) > limits.WAL_MAX_BYTES
        assert reader.execute("SELECT count(*) FROM word").fetchall() == [(0,)]
        reader.execute("COMMIT")
    checkpoint(str(path))
    assert log_bytes(path) == 0


def test_the_thread_copies_until_it_is_stopped(
    path: Path, writer: sqlite3.Connection
) -> None:
    checkpoints = Checkpoints(str(path))
    checkpoints.start()
    try:
        write(writer, limits.CHECKPOINT_BYTES)
        deadline = time.monotonic() + 10
        while path.stat().st_size <= limits.CHECKPOINT_BYTES:
            assert time.monotonic() < deadline
    finally:
        checkpoints.stop()
    checkpoints.join(10)
    assert not checkpoints.is_alive()
