"""SQLite's index of what can be found: its tables, and the triggers that keep it.

The rule it guards: the index holds the texts of the messages that are neither deleted
nor the system's, and nothing else, as of the same commit as the messages themselves.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

# Whole words without accents, quick from their first letter on; and all pieces of three
# characters, for parts of words and scripts that put no spaces between words.
TABLES = {
    "search_words": "tokenize='unicode61 remove_diacritics 2', prefix='1 2'",
    "search_parts": "tokenize='trigram'",
}
BATCH = 500  # messages that are filled in under one lock
MERGE_PAGES = 16  # of one step of tidying: about a millisecond
TIDY_S = 0.003

# Two spaces after each text: so its last two characters begin a piece of three too,
# and what is shorter than a piece is found by how pieces begin.
_TEXT = "{row}.body || '  '"
_VISIBLE = "{row}.kind = 'text' AND {row}.deleted_at IS NULL"

# With a view for its content, FTS5's own check compares the index with exactly these.
_VIEW = f"""
CREATE VIEW search_visible AS SELECT id, {_TEXT} AS body FROM chat_message AS message
 WHERE {_VISIBLE}""".format(row="message")  # noqa: S608 - our own names


def create() -> None:
    """Make the tables, unless they are there; they are empty and nothing keeps them."""
    with transaction.atomic():
        for table, options in TABLES.items():
            _run(
                f"CREATE VIRTUAL TABLE IF NOT EXISTS {table} USING fts5("
                f"body, content='search_visible', content_rowid='id', {options})"
            )
            configure(table)


def configure(table: str) -> None:
    """Let `tidy` merge what commits have put in, and not every so many-th commit.

    FTS5 would merge in the transaction of a message, which takes 20 ms now and then. If
    nobody tidies it does so in the end: a search gets slower with each part to look at.
    """
    _run(f"INSERT INTO {table}({table}, rank) VALUES ('automerge', 0)")  # noqa: S608 - ours
    _run(f"INSERT INTO {table}({table}, rank) VALUES ('crisismerge', 64)")  # noqa: S608 - ours


def tidy(limit_s: float = TIDY_S) -> bool:
    """Merge parts of the index for about `limit_s`; whether there is nothing left.

    Steps of a few pages, each in a transaction of its own
    (https://sqlite.org/fts5.html, "The 'merge' Command").
    """
    end_at = time.monotonic() + limit_s
    left = list(TABLES)
    with _unsynced():
        while left and time.monotonic() < end_at:
            left = [table for table in left if _merge(table)]
    return not left


@contextmanager
def _unsynced() -> Iterator[None]:
    """Commit without waiting for the disk: what is merged says the same as before.

    The next commit of a message waits for all that stands before it in SQLite's log.
    """
    _run("PRAGMA synchronous = NORMAL")
    try:
        yield
    finally:
        _run("PRAGMA synchronous = FULL")


def _merge(table: str) -> bool:
    """One step; False when there was nothing to merge."""
    with transaction.atomic(), connection.cursor() as cursor:
        (before,) = cursor.execute("SELECT total_changes()").fetchone()
        cursor.execute(
            f"INSERT INTO {table}({table}, rank) VALUES ('merge', {MERGE_PAGES})"  # noqa: S608 - ours
        )
        (after,) = cursor.execute("SELECT total_changes()").fetchone()
    return bool(after - before > 1)  # one is the command itself


def drop() -> None:
    """Remove the tables and what keeps them."""
    with transaction.atomic():
        unwatch()
        for table in TABLES:
            _run(f"DROP TABLE IF EXISTS {table}")


def exists() -> bool:
    """Whether the tables are there."""
    return set(TABLES) <= set(connection.introspection.table_names())


def watch() -> None:
    """From now on every change of a message is a change of the index."""
    with transaction.atomic():
        unwatch()
        _run(_VIEW)
        for trigger in (_INSERT, _UPDATE, _DELETE):
            _run(trigger)


def unwatch() -> None:
    """Remove the view and the triggers.

    SQLite changes a table by making another in its place: the triggers would go with
    the old one without a word, and the view would forbid it.
    """
    for name in ("insert", "update", "delete"):
        _run(f"DROP TRIGGER IF EXISTS search_{name}")
    _run("DROP VIEW IF EXISTS search_visible")


def fill() -> int:
    """Put in what is missing, a batch in each transaction; return how many texts.

    Meanwhile the triggers go on. Whoever dies in the middle of it may call it again.
    """
    return max(_fill(table) for table in TABLES)


def rebuild() -> int:
    """Empty the index and fill it again; return how many texts it holds by then.

    Between the two a search finds less than there is, and nothing that is gone.
    """
    with transaction.atomic():
        for table in TABLES:
            _run(f"INSERT INTO {table}({table}) VALUES ('delete-all')")  # noqa: S608 - ours
    return fill()


def _fill(table: str) -> int:
    filled, last = 0, 0
    while True:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_MISSING.format(table=table), [last])
            ids = [pk for (pk,) in cursor.fetchall()]
            if not ids:
                return filled
            marks = ", ".join(["%s"] * len(ids))
            cursor.execute(
                f"INSERT INTO {table}(rowid, body) "  # noqa: S608 - our own names
                f"SELECT id, body FROM search_visible WHERE id IN ({marks})",
                ids,
            )
        filled, last = filled + len(ids), ids[-1]


# FTS5 keeps a row in `_docsize` for each text that it holds.
_MISSING = f"""
SELECT id FROM search_visible
 WHERE id > %s AND id NOT IN (SELECT id FROM {{table}}_docsize)
 ORDER BY id LIMIT {BATCH}"""  # noqa: S608 - our own names


def _put_in(table: str) -> str:
    return (
        f"INSERT INTO {table}(rowid, body) SELECT new.id, {_TEXT} WHERE {_VISIBLE};"
    ).format(row="new")


def _take_out(table: str) -> str:
    # FTS5 has to be told the text; of one that it does not hold it would count down.
    return (
        f"INSERT INTO {table}({table}, rowid, body) "  # noqa: S608 - our own names
        f"SELECT 'delete', old.id, {_TEXT} "
        f"WHERE EXISTS (SELECT 1 FROM {table}_docsize WHERE id = old.id);"
    ).format(row="old")


_PUT_IN = " ".join(map(_put_in, TABLES))
_TAKE_OUT = " ".join(map(_take_out, TABLES))
_INSERT = (
    f"CREATE TRIGGER search_insert AFTER INSERT ON chat_message BEGIN {_PUT_IN} END"
)
_DELETE = (
    f"CREATE TRIGGER search_delete AFTER DELETE ON chat_message BEGIN {_TAKE_OUT} END"
)
_UPDATE = (
    "CREATE TRIGGER search_update AFTER UPDATE OF id, kind, body, deleted_at "
    "ON chat_message WHEN (old.id, old.kind, old.body, old.deleted_at) "
    "IS NOT (new.id, new.kind, new.body, new.deleted_at) "
    f"BEGIN {_TAKE_OUT} {_PUT_IN} END"
)


def _run(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)
