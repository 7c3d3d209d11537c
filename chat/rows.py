"""The room worker's statements: a whole batch in one of each, written by hand.

The ORM makes a model and a piece of SQL for each row, which costs more than the row
does; and it asks for every room with every person where pairs are wanted. Both
databases know these statements. All other code uses the ORM.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import connection, models

from chat.models import Bucket, Membership, Message, Room
from livechat.lib.token_bucket import Level


def memberships(pairs: Collection[tuple[int, int]]) -> list[tuple[int, int, str, bool]]:
    """(room, user, role, is_muted) of those of the pairs (room, user) that belong."""
    sql = _matching(
        Membership, ("room_id", "user_id"), pairs, "room_id, user_id, role, is_muted"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, _flat(pairs))
        return [(*who, role, bool(muted)) for *who, role, muted in cursor.fetchall()]


def messages_by_client_id(
    keys: Collection[tuple[int, int, UUID]],
) -> Iterable[Message]:
    """The messages of (room, author, client_id), as far as they are stored."""
    prepare = Message._meta.get_field("client_id").get_db_prep_value
    flat = [(room, user, prepare(one, connection)) for room, user, one in keys]
    return _messages(("room_id", "author_id", "client_id"), flat)


def messages_by_seq(keys: Collection[tuple[int, int]]) -> Iterable[Message]:
    """The messages of (room, seq), as far as they are there."""
    return _messages(("room_id", "seq"), keys)


def insert_messages(messages: Sequence[Message]) -> None:
    """Store new messages; their primary keys are not read back.

    In one statement: on SQLite each statement whose triggers write to the search's
    index writes that index out, which for many small ones costs twice as much.
    """
    if not messages:
        return
    fields = [one for one in Message._meta.concrete_fields if not one.primary_key]
    columns = ", ".join(_name(str(one.column)) for one in fields)
    table = _name(Message._meta.db_table)
    values = [[_stored_value(row, one) for one in fields] for row in messages]
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({columns}) VALUES {_marks(values)}",  # noqa: S608 - ours
            _flat(values),
        )


def move_counters(rooms: Sequence[tuple[Room, int, int]]) -> None:
    """Store the counters of rooms, each with its former `seq` and `changed_seq`.

    Raises:
        RuntimeError: a counter is not where it was: there is a second writer.
    """
    table = _name(Room._meta.db_table)
    moved = _many(
        f"UPDATE {table} SET last_seq = %s, last_changed_seq = %s "  # noqa: S608 - ours
        "WHERE id = %s AND last_seq = %s AND last_changed_seq = %s",
        [
            (room.last_seq, room.last_changed_seq, room.pk, seq, changed_seq)
            for room, seq, changed_seq in rooms
        ],
    )
    if moved != len(rooms):
        raise RuntimeError(f"{len(rooms) - moved} rooms were moved by another writer")


def keep_levels(levels: Mapping[int, Level]) -> None:
    """Store how full the buckets of these users are."""
    table = _name(Bucket._meta.db_table)
    _many(
        f"INSERT INTO {table} (user_id, level, at) VALUES (%s, %s, %s) "  # noqa: S608 - ours
        "ON CONFLICT (user_id) DO UPDATE SET level = excluded.level, at = excluded.at",
        [(user, level.tokens, level.at) for user, level in levels.items()],
    )


def _messages(
    columns: Sequence[str], keys: Collection[Sequence[Any]]
) -> Iterable[Message]:
    if not keys:
        return []
    sql = _matching(Message, columns, keys, "matching.*")
    return Message.objects.raw(sql, _flat(keys))


def _matching(
    model: type[models.Model],
    columns: Sequence[str],
    keys: Collection[Sequence[Any]],
    wanted: str,
) -> str:
    """A query for the rows with these keys, which looks each of them up by an index.

    SQLite reads the whole table for `(a, b) IN (VALUES ...)`, and tries every a with
    every b for `a IN (...) AND b IN (...)`; it takes CROSS JOIN in the order given.
    """
    names = ", ".join(f"k{at}" for at in range(len(columns)))
    same = " AND ".join(f"{name} = k{at}" for at, name in enumerate(columns))
    table = _name(model._meta.db_table)
    return (
        f"WITH keys({names}) AS (VALUES {_marks(keys)}) "  # noqa: S608 - our own names
        f"SELECT {wanted} FROM keys CROSS JOIN {table} AS matching WHERE {same}"
    )


def _many(sql: str, rows: Sequence[Sequence[Any]]) -> int:
    """How many rows the statement touched over all of `rows`."""
    if not rows:
        return 0
    with connection.cursor() as cursor:
        cursor.executemany(sql, rows)
        return int(cursor.rowcount)


def _stored_value(message: Message, field: "models.Field[Any, Any]") -> Any:
    value = getattr(message, field.attname)
    if isinstance(value, int | str):  # as most are: nothing to prepare
        return value
    return field.get_db_prep_save(value, connection)


def _marks(rows: Collection[Sequence[Any]]) -> str:
    width = len(next(iter(rows)))
    return ", ".join([f"({', '.join(['%s'] * width)})"] * len(rows))


def _flat(rows: Iterable[Sequence[Any]]) -> list[Any]:
    return [value for row in rows for value in row]


def _name(name: str) -> str:
    return connection.ops.quote_name(name)
