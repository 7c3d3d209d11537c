"""Reads the rows straight from the database's file, past the application."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from tests.chaos.history import Stored
from tests.chaos.outbox import body_hash

_ROWS = """
SELECT room.public_id, message.seq, message.changed_seq, message.client_id,
       author.public_id, message.body, message.kind, message.epoch,
       message.created_at, message.deleted_at IS NOT NULL,
       message.edited_at, message.stream
  FROM chat_message AS message
  JOIN chat_room AS room ON room.id = message.room_id
  JOIN accounts_user AS author ON author.id = message.author_id
"""


def stored(database: Path) -> list[Stored]:
    """Every message of the file."""
    with closing(_opened(database)) as connection:
        return [
            Stored(
                room=row[0],
                seq=row[1],
                changed_seq=row[2],
                key=str(UUID(row[3])),
                author=row[4],
                hash=body_hash(row[5]),
                kind=row[6],
                epoch=row[7],
                at=_timestamp(row[8]),
                deleted=bool(row[9]),
                edited=bool(row[10]),
                edited_at=_timestamp(row[10]) if row[10] else 0.0,
                stream=row[11],
                text=row[5] if row[11] else "",
            )
            for row in connection.execute(_ROWS)
        ]


def growing(database: Path) -> int:
    """How many messages are not final yet."""
    with closing(_opened(database)) as connection:
        found: int = connection.execute("SELECT count(*) FROM chat_stream").fetchone()[
            0
        ]
        return found


def heads(database: Path) -> dict[str, int]:
    """The number of messages of each room, by its id."""
    with closing(_opened(database)) as connection:
        return dict(connection.execute("SELECT public_id, last_seq FROM chat_room"))


def changes(database: Path) -> dict[str, int]:
    """The number of changes of each room, by its id."""
    with closing(_opened(database)) as connection:
        sql = "SELECT public_id, last_changed_seq FROM chat_room"
        return dict(connection.execute(sql))


def copy(database: Path, target: Path) -> None:
    """A copy of the file as it is now, while others may write."""
    with (
        closing(_opened(database)) as connection,
        closing(sqlite3.connect(target)) as other,
    ):
        connection.backup(other)


def _opened(database: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=10)


def _timestamp(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()
