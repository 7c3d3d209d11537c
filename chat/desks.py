"""What the rules of a batch's rooms need to know, read under the lock.

The number of queries here is fixed; it grows with neither intents nor members.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from django.db.models import Q, prefetch_related_objects

from accounts.blocks import blocked_pairs
from accounts.models import User
from chat import rows
from chat.desk import Body, Desk, Sender
from chat.inbox import (
    AppendIntent,
    EditIntent,
    FinishIntent,
    PostIntent,
    SilenceIntent,
    Write,
)
from chat.models import Ban, Room
from chat.room import Registry
from chat.silences import BLOCKED, DESERTED, active_among
from chat.streams import Stream
from chat.versions import Version
from livechat.lib import limits
from livechat.lib.token_bucket import Rate

# What the rules and a message's fragment need.
ROOM_FIELDS = (
    "id",
    "public_id",
    "kind",
    "people_key",
    "deleted_at",
    "is_private",
    "is_read_only",
    "is_archived",
    "slow_mode_s",
    "public_from_seq",
    "last_seq",
    "last_changed_seq",
    "quiet_count",
)
AUTHOR_FIELDS = ("id", "public_id", "display_name", "is_bot", "is_active", "epoch")


def read_desks(
    intents: Sequence[Write],
    bodies: Mapping[Write, Body],
    registry: Registry,
    leases: Mapping[int, int],
    rate: Rate,
    now: datetime,
) -> dict[int, Desk]:
    """The desk of each room that is there, by its primary key; inside a transaction."""
    rooms = _rooms({intent.room for intent in intents})
    senders = _senders({intent.user for intent in intents})
    desks = {
        pk: Desk(
            room=room,
            senders=senders,
            bodies=bodies,
            rate=rate,
            now=now,
            epoch=leases[pk % limits.SHARDS],
            first_changed_seq=room.last_changed_seq,
        )
        for pk, room in rooms.items()
    }
    here = [intent for intent in intents if intent.room in desks]
    if here:
        _seat(desks, {(intent.room, intent.user) for intent in here})
        _recall_silences(desks.values())
        _recall_last_posts(desks, here)
        _recall_stored(desks, here)
        _find_targets(desks, here)
        _recall_edits(desks, here)
        growing = [one for one in here if _is_of_a_stream(one)]
        if growing:
            _recall_streams(desks, senders, growing)
    _recall_newest(rooms.values(), registry)
    return desks


def _rooms(keys: set[int]) -> dict[int, Room]:
    # Locked, as members come and go by other transactions (chat/members.py).
    found = rows.locked(Room, keys, ROOM_FIELDS)
    return {room.pk: room for room in found if room.deleted_at is None}


def _senders(keys: set[int]) -> dict[int, Sender]:
    # Locked too: another worker may be spending from the bucket of the same person.
    users = rows.locked(User, keys, AUTHOR_FIELDS)
    levels = rows.levels(keys)
    return {user.pk: Sender(user, levels.get(user.pk)) for user in users}


def _seat(desks: dict[int, Desk], pairs: set[tuple[int, int]]) -> None:
    """Tell each desk which of its senders belong, run the room, or are shut out."""
    strangers = set(pairs)
    for room, user, role, is_muted in rows.memberships(pairs):
        desk = desks[room]
        strangers.discard((room, user))
        desk.roles[user] = role
        if is_muted:
            desk.muted.add(user)
    if strangers:  # no query when all of them belong
        rooms, users = zip(*strangers, strict=True)
        for ban in Ban.objects.filter(room__in=rooms, user__in=users):
            if ban.room_id in desks:
                desks[ban.room_id].banned.add(ban.user_id)


def _recall_silences(desks: Iterable[Desk]) -> None:
    """Tell the desks of direct messages why nobody writes there: two queries, or none.

    One of two blocks the other, or nobody is left to read it.
    """
    people = {one.room.pk: keys for one in desks if (keys := one.room.people_keys)}
    if not people:
        return
    everybody = frozenset[int]().union(*people.values())
    active, blocked = active_among(everybody), blocked_pairs(everybody)
    for desk in desks:
        keys = people.get(desk.room.pk, frozenset())
        if keys and len(keys & active) < 2:
            desk.silence = DESERTED
        elif desk.room.kind == Room.Kind.DIRECT and keys in blocked:
            desk.silence = BLOCKED


def _recall_last_posts(desks: dict[int, Desk], intents: Iterable[Write]) -> None:
    """Tell desks in slow mode when their senders last wrote; else no query."""
    pairs = {
        (intent.room, intent.user)
        for intent in intents
        if desks[intent.room].room.slow_mode_s
    }
    for room, user, at in rows.last_posts(pairs):
        desks[room].last_posts[user] = at


def _recall_stored(desks: dict[int, Desk], intents: Iterable[Write]) -> None:
    keys = {
        (intent.room, intent.user, intent.client_id)
        for intent in intents
        if isinstance(intent, PostIntent)
    }
    for message in rows.messages_by_client_id(keys):
        key = message.author_id, message.client_id
        desks[message.room_id].stored[key] = message


def _find_targets(desks: dict[int, Desk], intents: Iterable[Write]) -> None:
    keys = {(one.room, seq) for one in intents if (seq := _target(one)) is not None}
    found = list(rows.messages_by_seq(keys))
    threads = {(one.room_id, one.thread) for one in found if one.thread is not None}
    if beginnings := threads - keys:  # of the threads that these belong to
        found += rows.messages_by_seq(beginnings)
    prefetch_related_objects(found, "author")
    for message in found:
        message.room = desks[message.room_id].room
        desks[message.room_id].found[message.seq] = message


def _target(intent: Write) -> int | None:
    """The number of the message that is changed or answered."""
    return intent.reply_to if isinstance(intent, PostIntent) else intent.seq


def _recall_edits(desks: dict[int, Desk], intents: Iterable[Write]) -> None:
    edits = {
        (one.room, one.seq, one.client_id)
        for one in intents
        if isinstance(one, EditIntent) and one.client_id is not None
    }
    if edits:  # a query only when something is edited
        for room, seq, client_id in Version.objects.done(edits):
            desks[room].edits.add((seq, client_id))


def _is_of_a_stream(intent: Write) -> bool:
    if isinstance(intent, PostIntent):
        return intent.grows
    return isinstance(intent, AppendIntent | FinishIntent | SilenceIntent)


def _recall_streams(
    desks: dict[int, Desk], senders: dict[int, Sender], intents: Sequence[Write]
) -> None:
    """Tell the desks of the texts that grow there, and of all that the senders have."""
    rooms = {intent.room for intent in intents}
    beginning = {one.user for one in intents if isinstance(one, PostIntent)}
    theirs = Q(room__in=rooms) | Q(author__in=beginning)
    for stream in Stream.objects.filter(theirs):
        if stream.author_id in beginning:
            senders[stream.author_id].streams += 1
        if stream.room_id in rooms:
            desks[stream.room_id].streams[stream.seq] = stream
    asked = [pk for room in rooms for pk in _with_texts(desks[room], intents)]
    if asked:
        for stream, text in Stream.objects.filter(pk__in=asked).texts().items():
            desks[stream.room_id].texts[stream.seq] = text


def _with_texts(desk: Desk, intents: Sequence[Write]) -> Iterable[int]:
    """The keys of the streams of which more than where they end has to be known."""
    for seq, stream in desk.streams.items():
        for_it = [
            one
            for one in intents
            if one.room == desk.room.pk
            and not isinstance(one, PostIntent)
            and one.seq == seq
        ]
        goes_on = [
            one
            for one in for_it
            if isinstance(one, AppendIntent) and one.offset == stream.length
        ]
        if len(for_it) > 1 or for_it != goes_on:
            yield stream.pk


def _recall_newest(rooms: Iterable[Room], registry: Registry) -> None:
    """Give each actor its room's newest message; read it where the cache is stale."""
    stale = {
        room.pk: room
        for room in rooms
        if not registry.actor(room.pk).recent.is_true_of(room)
    }
    keys = [(pk, room.last_seq) for pk, room in stale.items()]
    newest_of = {one.room_id: one for one in rows.messages_by_seq(keys)}
    for pk in stale:
        registry.actor(pk).recent.begin(newest_of.get(pk))
