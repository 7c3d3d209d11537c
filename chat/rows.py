"""The room worker's statements: a whole batch in one of each, written by hand.

The ORM makes a model and a piece of SQL for each row, which costs more than the row
does; and it asks for every room with every person where pairs are wanted. Both
databases know these statements. All other code uses the ORM.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache
from operator import attrgetter
from typing import Any, TypeVar
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connections, models
from django.db.backends.base.base import BaseDatabaseWrapper

from accounts.models import User
from chat.models import Membership, Message, Room
from chat.unread import ReadMark
from chat.worker_tables import Bucket, LastPost
from livechat.lib.token_bucket import Level

M = TypeVar("M", bound=models.Model)

# As most values are: nothing to prepare.
_PLAIN = frozenset({int, str, bool, type(None)})


def locked(model: type[M], keys: Collection[int], fields: Collection[str]) -> list[M]:
    """The rows with these primary keys, ours until the transaction ends.

    In the order of the keys, so that two who need the same rows do not wait for each
    other. Only `fields`, the primary key among them, are loaded.
    """
    # In the model's order, as `from_db` takes them.
    columns = [one for one in model._meta.concrete_fields if one.name in fields]
    found = _where_in(
        model,
        str(model._meta.pk.column),
        keys,
        ", ".join(_name(str(one.column)) for one in columns),
        end=_for_update(),
    )
    names = [one.attname for one in columns]
    flags = [isinstance(one, models.BooleanField) for one in columns]
    return [
        model.from_db(
            DEFAULT_DB_ALIAS,
            names,
            [bool(one) if flag else one for one, flag in zip(row, flags, strict=True)],
        )
        for row in found
    ]


def levels(users: Collection[int]) -> dict[int, Level]:
    """How full the buckets of these users are, as far as they were ever used."""
    found = _where_in(Bucket, "user_id", users, "user_id, level, at")
    return {user: Level(level, at) for user, level, at in found}


def memberships(pairs: Collection[tuple[int, int]]) -> list[tuple[int, int, str, bool]]:
    """(room, user, role, is_muted) of those of the pairs (room, user) that belong."""
    sql = _matching(
        Membership, ("room_id", "user_id"), pairs, "room_id, user_id, role, is_muted"
    )
    with _database().cursor() as cursor:
        cursor.execute(sql, _flat(pairs))
        return [(*who, role, bool(muted)) for *who, role, muted in cursor.fetchall()]


def last_posts(pairs: Collection[tuple[int, int]]) -> list[tuple[int, int, float]]:
    """(room, user, at) of those of the pairs (room, user) that wrote in slow mode."""
    if not pairs:
        return []
    sql = _matching(LastPost, ("room_id", "user_id"), pairs, "room_id, user_id, at")
    with _database().cursor() as cursor:
        cursor.execute(sql, _flat(pairs))
        return list(cursor.fetchall())


def messages_by_client_id(
    keys: Collection[tuple[int, int, UUID]],
) -> Iterable[Message]:
    """The messages of (room, author, client_id), as far as they are stored."""
    prepare = Message._meta.get_field("client_id").get_db_prep_value
    there = _database()
    flat = [(room, user, prepare(one, there)) for room, user, one in keys]
    if not flat:
        return []
    sql = _matching(Message, ("room_id", "author_id", "client_id"), flat, "id")
    with _database().cursor() as cursor:
        cursor.execute(sql, _flat(flat))
        stored = [pk for (pk,) in cursor.fetchall()]
    # As most are new, no model is made to find that there is none.
    return Message.objects.filter(pk__in=stored) if stored else []


def messages_by_seq(keys: Collection[tuple[int, int]]) -> Iterable[Message]:
    """The messages of (room, seq), as far as they are there."""
    return _messages(("room_id", "seq"), keys)


def new_message(room: Room, author: User, **fields: Any) -> Message:
    """A message that is not stored, with the model's defaults.

    In half the time that the model takes for fields by name.
    """
    keys = {"room_id": room.pk, "author_id": author.pk}
    message = Message(*{**_defaults(), **keys, **fields}.values())
    for name, one in (("room", room), ("author", author)):
        Message._meta.get_field(name).set_cached_value(message, one)  # type: ignore[union-attr]
    return message


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
    values = _stored_values(messages, fields)
    with _database().cursor() as cursor:
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
        f"UPDATE {table} "  # noqa: S608 - ours
        "SET last_seq = %s, last_changed_seq = %s, quiet_count = %s "
        "WHERE id = %s AND last_seq = %s AND last_changed_seq = %s",
        [
            (
                room.last_seq,
                room.last_changed_seq,
                room.quiet_count,
                room.pk,
                seq,
                changed_seq,
            )
            for room, seq, changed_seq in rooms
        ],
    )
    if moved != len(rooms):
        raise RuntimeError(f"{len(rooms) - moved} rooms were moved by another writer")


def keep_last_posts(posts: Sequence[tuple[int, int, float]]) -> None:
    """Store (room, user, at): when these people wrote in rooms in slow mode."""
    table = _name(LastPost._meta.db_table)
    _many(
        f"INSERT INTO {table} (room_id, user_id, at) VALUES (%s, %s, %s) "  # noqa: S608 - ours
        "ON CONFLICT (room_id, user_id) DO UPDATE SET at = excluded.at",
        posts,
    )


def keep_read(marks: Sequence[ReadMark]) -> None:
    """Store how far people have read, each in one room; a row a mark, by its index."""
    table = _name(Membership._meta.db_table)
    _many(
        f"UPDATE {table} SET last_read_seq = %s, quiet_read = %s "  # noqa: S608 - ours
        "WHERE room_id = %s AND user_id = %s",
        [(one.seq, one.quiet, one.room, one.user) for one in sorted(marks)],
    )


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


def _database() -> BaseDatabaseWrapper:
    """This thread's connection itself: the proxy looks for it at each attribute."""
    return connections[DEFAULT_DB_ALIAS]


def _where_in(
    model: type[models.Model],
    column: str,
    keys: Collection[int],
    wanted: str,
    end: str = "",
) -> list[tuple[Any, ...]]:
    if not keys:
        return []
    table, marks = _name(model._meta.db_table), ", ".join(["%s"] * len(keys))
    sql = f"SELECT {wanted} FROM {table} WHERE {_name(column)} IN ({marks}) "  # noqa: S608 - ours
    with _database().cursor() as cursor:
        cursor.execute(f"{sql} ORDER BY {_name(column)}{end}", list(keys))
        return list(cursor.fetchall())


def _for_update() -> str:
    """Locks rows; on SQLite the transaction has the whole database already."""
    return " FOR NO KEY UPDATE" if _database().features.has_select_for_update else ""


def _many(sql: str, rows: Sequence[Sequence[Any]]) -> int:
    """How many rows the statement touched over all of `rows`."""
    if not rows:
        return 0
    with _database().cursor() as cursor:
        cursor.executemany(sql, rows)
        return int(cursor.rowcount)


def _stored_values(
    messages: Sequence[Message], fields: "Sequence[models.Field[Any, Any]]"
) -> list[list[Any]]:
    read = attrgetter(*(one.attname for one in fields))
    prepared: dict[tuple[int, Any], Any] = {}  # a batch has one moment
    there = _database()

    def stored(at: int, value: Any) -> Any:
        if (at, value) not in prepared:
            prepared[at, value] = fields[at].get_db_prep_save(value, there)
        return prepared[at, value]

    return [
        [one if type(one) in _PLAIN else stored(at, one) for at, one in line]
        for line in map(enumerate, map(read, messages))
    ]


def _marks(rows: Collection[Sequence[Any]]) -> str:
    width = len(next(iter(rows)))
    return ", ".join([f"({', '.join(['%s'] * width)})"] * len(rows))


def _flat(rows: Iterable[Sequence[Any]]) -> list[Any]:
    return [value for row in rows for value in row]


@cache
def _defaults() -> dict[str, Any]:
    """A message's columns in the model's order, with what a new one has there."""
    return {one.attname: one.get_default() for one in Message._meta.concrete_fields}


@cache
def _name(name: str) -> str:
    # Quoted alike by both databases; asked for fifty times in each post.
    return _database().ops.quote_name(name)
