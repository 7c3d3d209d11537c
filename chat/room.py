"""The room's actor: decides over the intents of one room, in their order.

It never touches the database: the batch hands in what was read under the lock and
takes away what is to be written. What it remembers between batches is only a cache
of the room's newest message, checked against the room's own counter.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from accounts.models import User
from chat.inbox import Answer, PostIntent
from chat.models import Message, Room
from livechat.lib import limits
from livechat.lib.markdown import render
from livechat.lib.token_bucket import Level, Rate, take


@dataclass(frozen=True, slots=True)
class Body:
    """A checked text and its HTML (None: not rendered yet), or the refusal of it."""

    text: str
    html: str | None = None
    code: str = ""
    message: str = ""


@dataclass(slots=True)
class Sender:
    """What the rules need to know of one person, read under the lock."""

    user: User
    level: Level | None
    spent: bool = False  # whether the bucket has to be written


@dataclass(slots=True)
class Desk:
    """One room's part of a batch: what was read, and what is to be written."""

    room: Room
    members: set[int]
    senders: dict[int, Sender]
    stored: dict[tuple[int, UUID], Message]
    bodies: dict[PostIntent, Body]
    rate: Rate
    now: datetime
    new: list[Message] = field(default_factory=list)
    muted: set[int] = field(default_factory=set)
    banned: set[int] = field(default_factory=set)


@dataclass(slots=True)
class RoomActor:
    """One active room; made on the first need, dropped after ROOM_IDLE_STOP_S."""

    newest: Message | None = None
    used_at: float = field(default_factory=time.monotonic)

    def decide(self, intent: PostIntent, desk: Desk) -> Answer:
        """The answer to one intent; a message that is let through lands in `desk.new`.

        A repeat of a stored `client_id` gives the stored numbers and costs nothing.
        """
        self.used_at = time.monotonic()
        sender = desk.senders.get(intent.user)
        if refusal := _not_allowed(intent, sender, desk):
            return refused(intent, desk.room, *refusal)
        assert sender is not None  # noqa: S101 - _not_allowed refused the others
        body = desk.bodies[intent]
        if known := desk.stored.get((intent.user, intent.client_id)):
            return _repeat(intent, desk.room, known, body)
        if body.code:
            return refused(intent, desk.room, body.code, body.message)
        if (
            intent.reply_to is not None
            and not 1 <= intent.reply_to <= desk.room.last_seq
        ):
            message = "The message that this replies to is not there."
            return refused(intent, desk.room, "no_message", message)
        if wait_s := _pay(sender, desk):
            return _too_fast(intent, desk.room, wait_s)
        return acked(intent, desk.room, self._append(intent, sender.user, body, desk))

    def _append(
        self, intent: PostIntent, author: User, body: Body, desk: Desk
    ) -> Message:
        room = desk.room
        room.last_seq += 1
        room.last_changed_seq += 1
        message = Message(
            room=room,
            seq=room.last_seq,
            changed_seq=room.last_changed_seq,
            author=author,
            client_id=intent.client_id,
            body=body.text,
            html=render(body.text) if body.html is None else body.html,
            reply_to=intent.reply_to,
            continues=self._continues(author, room, desk.now),
            created_at=desk.now,
        )
        self.newest = message
        desk.new.append(message)
        desk.stored[intent.user, intent.client_id] = message
        return message

    def _continues(self, author: User, room: Room, now: datetime) -> bool:
        newest = self.newest
        if newest is None or newest.seq != room.last_seq - 1:
            return False
        if newest.author_id != author.pk or newest.kind != Message.Kind.TEXT:
            return False
        age_s = (now - newest.created_at).total_seconds()
        return 0 <= age_s < limits.GROUP_WINDOW_S


class Registry:
    """The actors of this process, by the room's primary key."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._actors: dict[int, RoomActor] = {}
        self._clock = clock

    def __len__(self) -> int:
        return len(self._actors)

    def actor(self, room: int) -> RoomActor:
        """The room's actor, started if there is none."""
        actor = self._actors.get(room)
        if actor is None:
            actor = self._actors[room] = RoomActor()
        return actor

    def forget(self, room: int) -> None:
        """Drop an actor whose batch was not committed."""
        self._actors.pop(room, None)

    def stop_idle(self) -> None:
        """Drop the actors that had nothing to do for ROOM_IDLE_STOP_S."""
        limit = self._clock() - limits.ROOM_IDLE_STOP_S
        for room in [pk for pk, actor in self._actors.items() if actor.used_at < limit]:
            del self._actors[room]


def refused(intent: PostIntent, room: Room | None, code: str, message: str) -> Answer:
    """The refusal of an intent; waiting does not help."""
    return Answer(
        address=intent.address,
        ref=intent.ref,
        room=room.public_id if room else intent.public_id,
        client_id=str(intent.client_id),
        code=code,
        message=message,
        body=intent.body,
    )


def acked(
    intent: PostIntent, room: Room, message: Message, *, repeated: bool = False
) -> Answer:
    """The answer to an intent whose message is stored."""
    return Answer(
        address=intent.address,
        ref=intent.ref,
        room=room.public_id,
        client_id=str(intent.client_id),
        seq=message.seq,
        changed_seq=message.changed_seq,
        repeated=repeated,
    )


def _not_allowed(
    intent: PostIntent, sender: Sender | None, desk: Desk
) -> tuple[str, str] | None:
    if sender is None or not sender.user.is_active or sender.user.epoch != intent.epoch:
        return "forbidden", "This session has ended. Log in again."
    if intent.user in desk.muted:
        return "forbidden", "An admin of this room has muted you. You can still read."
    if intent.user in desk.members:
        return None
    if desk.room.is_private or intent.user in desk.banned:
        return "no_room", "There is no such room, or it is not yours."
    return "forbidden", "Join the room first."


def _repeat(intent: PostIntent, room: Room, known: Message, body: Body) -> Answer:
    # A text that is refused was never stored, so it is another one in any case.
    if body.code or known.body != body.text:
        message = "This client_id was used for another text. Make a new one."
        return refused(intent, room, "key_reused", message)
    return acked(intent, room, known, repeated=True)


def _pay(sender: Sender, desk: Desk) -> float:
    """Take a token; 0, or the seconds to wait when the bucket is empty."""
    level, wait_s = take(sender.level, desk.rate, desk.now.timestamp())
    sender.level, sender.spent = level, True
    return wait_s


def _too_fast(intent: PostIntent, room: Room, wait_s: float) -> Answer:
    seconds = max(1, round(wait_s + 0.49))
    return Answer(
        address=intent.address,
        ref=intent.ref,
        room=room.public_id,
        client_id=str(intent.client_id),
        code="rate_limited",
        message=f"Too fast. Try again in {seconds} s.",
        retry_after_ms=int(wait_s * 1000) + 1,
        body=intent.body,
    )
