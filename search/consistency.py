"""What SQLite's index and the log say differently; needs a file and no Django."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

TABLES = ("search_words", "search_parts")
TRIGGERS = {"search_insert", "search_update", "search_delete"}
SHOWN_MAX = 5


def differences(database: Path) -> list[str]:
    """Each difference as a sentence; empty when the index is right.

    FTS5's own check takes the write lock for as long as it reads everything, so give it
    a copy of a database that is in use (`copy`).
    """
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        return list(_differences(connection))


def copy(database: Path, target: Path) -> None:
    """Copy the file as it is now, while others may write."""
    source = sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True)
    with closing(source), closing(sqlite3.connect(target)) as other:
        source.backup(other)


def _differences(connection: sqlite3.Connection) -> Iterator[str]:
    names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
    for name in sorted({*TABLES, *TRIGGERS, "search_visible"} - names):
        yield f"{name} is not there"
    if not {*TABLES, "search_visible"} <= names:
        return
    visible = _ids(connection, _VISIBLE)
    for table in TABLES:
        found = _ids(connection, f"SELECT id FROM {table}_docsize")  # noqa: S608 - ours
        if missing := sorted(visible - found):
            yield f"{table}: {len(missing)} are missing: {missing[:SHOWN_MAX]}"
        if gone := sorted(found - visible):
            yield f"{table}: {len(gone)} are not to be found: {gone[:SHOWN_MAX]}"
        try:
            connection.execute(
                f"INSERT INTO {table}({table}, rank) VALUES ('integrity-check', 1)"  # noqa: S608 - ours
            )
        except sqlite3.DatabaseError as error:
            yield f"{table}: its words are not those of the messages ({error})"


# Not the view: it might be wrong itself.
_VISIBLE = "SELECT id FROM chat_message WHERE kind = 'text' AND deleted_at IS NULL"


def _ids(connection: sqlite3.Connection, sql: str) -> set[int]:
    return {pk for (pk,) in connection.execute(sql)}
