"""The room worker's one transaction: a batch of intents decided over and stored.

Nothing leaves the process before the commit.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import transaction

from accounts.models import User
from chat.inbox import Answer, PostIntent
from chat.leases import hold
from chat.models import Ban, Bucket, Membership, Message, Room
from chat.room import Body, Desk, Registry, Sender, refused
from livechat.lib import limits
from livechat.lib.markdown import render
from livechat.lib.text import BadText, EmptyText, TextError, TooLong, normalise_text
from livechat.lib.token_bucket import Level, Rate, take


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one intent; `message` is there when it was stored just now."""

    intent: PostIntent
    answer: Answer
    message: Message | None


def post_messages(
    intents: Sequence[PostIntent],
    leases: Mapping[int, int],
    registry: Registry,
    now: datetime,
) -> list[Outcome]:
    """Decide over a batch and store what is let through, in one transaction.

    `leases` maps each shard of the batch to the epoch under which it is held. The
    queries do not grow with the messages but for one counter update a room.

    Raises:
        Fenced: another worker holds a shard by now; nothing was stored.
    """
    bodies = _bodies(intents, now)
    try:
        with transaction.atomic():
            hold(leases)
            outcomes = _decide(intents, bodies, registry, now)
            _store(outcomes)
    except BaseException:
        for intent in intents:
            registry.forget(intent.room)
        raise
    return outcomes


def _decide(
    intents: Sequence[PostIntent],
    bodies: dict[PostIntent, Body],
    registry: Registry,
    now: datetime,
) -> list[Outcome]:
    desks = _desks(intents, bodies, registry, now)
    outcomes = []
    for intent in intents:
        desk = desks.get(intent.room)
        if desk is None:
            text = "There is no such room, or it is not yours."
            outcomes.append(
                Outcome(intent, refused(intent, None, "no_room", text), None)
            )
            continue
        stored_before = len(desk.new)
        answer = registry.actor(intent.room).decide(intent, desk)
        new = desk.new[-1] if len(desk.new) > stored_before else None
        outcomes.append(Outcome(intent, answer, new))
    for desk in desks.values():
        _write_buckets(desk.senders)  # the same senders at every desk
        break
    return outcomes


def _desks(
    intents: Sequence[PostIntent],
    bodies: dict[PostIntent, Body],
    registry: Registry,
    now: datetime,
) -> dict[int, Desk]:
    """What the rules need, read under the lock; the number of queries is fixed."""
    # Locked, as members come and go by other transactions (chat/members.py).
    locked = Room.objects.select_for_update(no_key=True).order_by("pk")
    rooms = locked.in_bulk({intent.room for intent in intents})
    # Locked too: another worker may be spending from the bucket of the same person.
    senders_locked = User.objects.select_for_update(no_key=True).order_by("pk")
    users = senders_locked.in_bulk({intent.user for intent in intents})
    buckets = Bucket.objects.in_bulk(users.keys())
    members: dict[int, set[int]] = defaultdict(set)
    muted: dict[int, set[int]] = defaultdict(set)
    pairs = Membership.objects.filter(room__in=rooms.keys(), user__in=users.keys())
    for room, user, is_muted in pairs.values_list("room_id", "user_id", "is_muted"):
        members[room].add(user)
        if is_muted:
            muted[room].add(user)
    banned = _banned({(intent.room, intent.user) for intent in intents}, members)
    stored: dict[int, dict[tuple[int, UUID], Message]] = defaultdict(dict)
    for message in Message.objects.filter(
        room__in=rooms.keys(),
        author__in=users.keys(),
        client_id__in={intent.client_id for intent in intents},
    ):
        stored[message.room_id][message.author_id, message.client_id] = message
    _recall_newest(rooms.values(), registry)
    senders = {
        pk: Sender(
            user, Level(found.level, found.at) if (found := buckets.get(pk)) else None
        )
        for pk, user in users.items()
    }
    return {
        pk: Desk(
            room,
            members[pk],
            senders,
            stored[pk],
            bodies,
            message_rate(),
            now,
            muted=muted[pk],
            banned=banned[pk],
        )
        for pk, room in rooms.items()
    }


def _banned(
    senders: set[tuple[int, int]], members: Mapping[int, set[int]]
) -> dict[int, set[int]]:
    """Who of the (room, user) is banned there; no query when all of them belong."""
    strangers = {(room, user) for room, user in senders if user not in members[room]}
    banned: dict[int, set[int]] = defaultdict(set)
    if strangers:
        rooms, users = zip(*strangers, strict=True)
        for ban in Ban.objects.filter(room__in=rooms, user__in=users):
            banned[ban.room_id].add(ban.user_id)
    return banned


def _recall_newest(rooms: Iterable[Room], registry: Registry) -> None:
    """Give each actor its room's newest message; read it where the cache is stale."""
    for room in rooms:
        actor = registry.actor(room.pk)
        if (actor.newest.seq if actor.newest else 0) != room.last_seq:
            actor.newest = Message.objects.filter(room=room, seq=room.last_seq).first()


def _store(outcomes: Sequence[Outcome]) -> None:
    new = [outcome.message for outcome in outcomes if outcome.message is not None]
    Message.objects.bulk_create(new)
    counts: dict[int, int] = defaultdict(int)
    rooms: dict[int, Room] = {}
    for message in new:
        counts[message.room_id] += 1
        rooms[message.room_id] = message.room
    for pk, count in counts.items():
        # The old number is part of the condition: a second writer would be seen here.
        room = rooms[pk]
        moved = Room.objects.filter(pk=pk, last_seq=room.last_seq - count).update(
            last_seq=room.last_seq, last_changed_seq=room.last_changed_seq
        )
        if moved != 1:
            raise RuntimeError(f"room {pk} was moved by another writer")


def _write_buckets(senders: dict[int, Sender]) -> None:
    spent = [
        Bucket(user_id=pk, level=sender.level.tokens, at=sender.level.at)
        for pk, sender in senders.items()
        if sender.spent and sender.level is not None
    ]
    if spent:
        Bucket.objects.bulk_create(
            spent,
            update_conflicts=True,
            unique_fields=["user"],
            update_fields=["level", "at"],
        )


def message_rate() -> Rate:
    """The rate of messages of one person."""
    return Rate(settings.RATE_MESSAGES_BURST, settings.RATE_MESSAGES_PER_S)


def _bodies(intents: Sequence[PostIntent], now: datetime) -> dict[PostIntent, Body]:
    """The checked texts and their HTML, made before the lock is taken.

    By the whole intent: the same client_id may name another text, in another room or
    by mistake. A person whose bucket is empty costs no rendering, as they are refused.
    """
    users = {intent.user for intent in intents}
    levels: dict[int, Level | None] = {
        found.user_id: Level(found.level, found.at)
        for found in Bucket.objects.filter(user__in=users)
    }
    bodies: dict[PostIntent, Body] = {}
    for intent in intents:
        levels[intent.user], wait_s = take(
            levels.get(intent.user), message_rate(), now.timestamp()
        )
        bodies[intent] = _body(intent.body, rendered=not wait_s)
    return bodies


def _body(text: str, *, rendered: bool) -> Body:
    try:
        checked = normalise_text(text, max_length=limits.MESSAGE_MAX_LENGTH)
    except TextError as error:
        return Body(text, code=_CODES[type(error)], message=str(error))
    return Body(checked, html=render(checked) if rendered else None)


_CODES: dict[type[TextError], str] = {
    EmptyText: "empty",
    TooLong: "too_long",
    BadText: "bad_text",
}
