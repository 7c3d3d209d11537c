"""The room's actor: decides over the intents of one room, in their order.

It never touches the database: the batch hands in what was read under the lock and
takes away what is to be written. What it remembers between batches is only a cache
of the room's newest messages, checked against the room's own counter: who comes and
goes is entered into the log by other processes (chat/members.py).
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import uuid4

from django.utils import timezone

from accounts.models import User
from chat import answering, carding, reacting, rows, silences, streaming
from chat.answers import acked, refused, too_fast
from chat.desk import Body, Desk, Sender
from chat.inbox import (
    Answer,
    AppendIntent,
    Change,
    DeleteIntent,
    EditIntent,
    FinishIntent,
    PostIntent,
    ReactIntent,
    SilenceIntent,
    Write,
)
from chat.link_intents import CardIntent, RemoveCardsIntent
from chat.models import Message, Room
from chat.room_state import Recent, RoomState
from livechat.lib import limits
from livechat.lib.markdown import render
from livechat.lib.words import marked

# What only some may do to a message.
Theirs = DeleteIntent | EditIntent | RemoveCardsIntent | AppendIntent | FinishIntent


@dataclass(slots=True)
class RoomActor:
    """One active room; made on the first need, dropped after ROOM_IDLE_STOP_S."""

    used_at: float = field(default_factory=time.monotonic)
    started_at: datetime = field(default_factory=timezone.now)
    accepted: int = 0
    refused: int = 0
    recent: Recent = field(default_factory=Recent)

    def get_state(self, room: Room, member_count: int, epoch: int) -> RoomState:
        """What the actor has done, and what it knows of the room as it stands now."""
        known = self.recent.lines if self.recent.is_true_of(room) else ()
        return RoomState(
            room=room.public_id,
            shard=room.shard,
            epoch=epoch,
            last_seq=room.last_seq,
            last_changed_seq=room.last_changed_seq,
            member_count=member_count,
            recent=tuple(line.seq for line in known),
            accepted=self.accepted,
            refused=self.refused,
            started_at=self.started_at,
            idle_s=round(time.monotonic() - self.used_at, 1),
        )

    def decide(self, intent: Write, desk: Desk) -> Answer:
        """The answer to one intent; what it writes lands at the desk.

        A repeat gives the stored numbers, writes nothing and costs nothing.
        """
        self.used_at = time.monotonic()
        answer = self._decided(intent, desk)
        if answer.code:
            self.refused += 1
        else:
            self.accepted += 1
        return answer

    def _decided(self, intent: Write, desk: Desk) -> Answer:
        if isinstance(intent, SilenceIntent | CardIntent):
            return _own(intent, desk)
        sender = desk.senders.get(intent.user)
        if refusal := _not_allowed(intent, sender, desk):
            return self._known(intent, desk) or refused(intent, desk.room, *refusal)
        assert sender is not None  # noqa: S101 - _not_allowed refused the others
        if isinstance(intent, PostIntent):
            return self._post(intent, sender, desk)
        if isinstance(intent, ReactIntent):
            return reacting.react(intent, sender, desk)
        if refusal := _not_theirs(intent, desk):
            return refused(intent, desk.room, *refusal)
        return self._change(intent, sender, desk)

    def _change(self, intent: Theirs, sender: Sender, desk: Desk) -> Answer:
        """The answer to who may change the message."""
        if isinstance(intent, DeleteIntent):
            return self._delete(intent, desk)
        if isinstance(intent, EditIntent):
            return self._edit(intent, sender, desk)
        if isinstance(intent, RemoveCardsIntent):
            return carding.remove(intent, desk)
        return streaming.decide(intent, desk)

    def _known(self, intent: Write, desk: Desk) -> Answer | None:
        """The ack of a message that was stored before its sender was silenced.

        It stands in the log, and to be told so tells nothing to who may see the room.
        """
        if not isinstance(intent, PostIntent) or not _may_see(intent, desk):
            return None
        known = desk.stored.get((intent.user, intent.client_id))
        if known is None:
            return None
        return _repeat(intent, desk.room, known, desk.bodies[intent])

    def _post(self, intent: PostIntent, sender: Sender, desk: Desk) -> Answer:
        body = desk.bodies[intent]
        if known := desk.stored.get((intent.user, intent.client_id)):
            return _repeat(intent, desk.room, known, body)
        if body.code:
            return refused(intent, desk.room, body.code, body.message)
        if refusal := answering.refusal(intent, desk):
            return refused(intent, desk.room, *refusal)
        if intent.grows and (refusal := streaming.too_many(intent, sender, desk)):
            return refused(intent, desk.room, *refusal)
        if wait_s := desk.slow_wait_s(intent.user):
            return too_fast(intent, desk.room, wait_s, silences.SLOW)
        if wait_s := desk.pay(sender):
            return too_fast(intent, desk.room, wait_s)
        desk.note_post(intent.user)
        new = self._append(intent, sender.user, body, desk)
        if intent.grows:
            streaming.begin(new, sender, desk)
        return acked(intent, desk.room, new)

    def _edit(self, intent: EditIntent, sender: Sender, desk: Desk) -> Answer:
        body, message = desk.bodies[intent], desk.found[intent.seq]
        if message.stream == Message.Growth.OPEN:
            why = marked("It is still being written. Edit it when it is done.")
            return refused(intent, desk.room, "forbidden", why)
        if message.seq < desk.room.public_from_seq:
            # Its text would go to everybody live, also to who may not read so far back.
            return refused(intent, desk.room, "forbidden", carding.FROM_BEFORE)
        if body.code:
            return refused(intent, desk.room, body.code, body.message)
        client_id = intent.client_id or uuid4()
        if (message.seq, client_id) in desk.edits:
            return acked(intent, desk.room, message, repeated=True)
        if body.text == message.body:  # a repeat, or an edit that came to nothing
            return acked(intent, desk.room, message, repeated=True)
        if wait_s := desk.pay(sender):
            return too_fast(intent, desk.room, wait_s)
        html = render(body.text) if body.html is None else body.html
        desk.keep_version(message, client_id)
        edited = desk.change(message)
        edited.body, edited.html, edited.edited_at = body.text, html, desk.now
        carding.written(edited, desk)
        return acked(intent, desk.room, edited)

    def _delete(self, intent: DeleteIntent, desk: Desk) -> Answer:
        message = desk.found[intent.seq]
        if message.deleted_at is not None:
            return acked(intent, desk.room, message, repeated=True)
        deleted = desk.change(message)
        if message.stream == Message.Growth.OPEN:
            streaming.drop(deleted, desk)
        answering.leave(deleted, desk)
        desk.purge(message.seq)
        deleted.body = deleted.html = deleted.reactions = ""
        deleted.deleted_at, deleted.pinned_at = desk.now, None
        carding.deleted(deleted, desk)
        desk.note_deletion(intent.user, deleted)
        return acked(intent, desk.room, deleted)

    def _append(
        self, intent: PostIntent, author: User, body: Body, desk: Desk
    ) -> Message:
        room = desk.room
        room.last_seq += 1
        room.last_changed_seq += 1
        message = rows.new_message(
            room,
            author,
            seq=room.last_seq,
            changed_seq=room.last_changed_seq,
            client_id=intent.client_id,
            body=body.text,
            html=render(body.text) if body.html is None else body.html,
            stream=Message.Growth.OPEN if intent.grows else "",
            reply_to=intent.reply_to,
            continues=self.recent.is_continued(author, room.last_seq, desk.now),
            epoch=desk.epoch,
            created_at=desk.now,
        )
        answering.join(message, desk, in_room=intent.in_room)
        message.quiet_upto = room.quiet_count
        self.recent.add(message)
        desk.new[message.seq] = desk.found[message.seq] = message
        desk.states.append(message)
        carding.written(message, desk)
        desk.stored[intent.user, intent.client_id] = message
        return message


class Registry:
    """The actors of this process, by the room's primary key."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._actors: dict[int, RoomActor] = {}
        self._clock = clock

    def __len__(self) -> int:
        return len(self._actors)

    def last_used(self, most: int | None) -> dict[int, RoomActor]:
        """The actors that were used last, the latest first; any thread may ask."""
        actors = list(self._actors.items())
        actors.sort(key=lambda item: item[1].used_at, reverse=True)
        return dict(actors[:most])

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


def _own(intent: SilenceIntent | CardIntent, desk: Desk) -> Answer:
    """The answer to a process of ours, which asks for nobody."""
    if isinstance(intent, SilenceIntent):
        return streaming.fall_silent(intent, desk)
    return carding.arrive(intent, desk)


def _not_allowed(
    intent: Write, sender: Sender | None, desk: Desk
) -> tuple[str, str] | None:
    if sender is None or not sender.user.is_active or sender.user.epoch != intent.epoch:
        return "forbidden", marked("This session has ended. Log in again.")
    if (role := desk.roles.get(intent.user)) is not None:
        if isinstance(intent, DeleteIntent):
            return None
        if desk.silence:
            return "forbidden", desk.silence
        is_muted = intent.user in desk.muted
        why = silences.silence(desk.room, role, is_muted=is_muted)
        return ("forbidden", why) if why else None
    if desk.room.is_private or intent.user in desk.banned:
        return "no_room", marked("There is no such room, or it is not yours.")
    return "forbidden", marked("Join the room first.")


def _may_see(intent: Write, desk: Desk) -> bool:
    sender = desk.senders.get(intent.user)
    if sender is None or not sender.user.is_active or sender.user.epoch != intent.epoch:
        return False
    if intent.user in desk.banned:
        return False
    return intent.user in desk.roles or not desk.room.is_private


def _not_theirs(intent: Change, desk: Desk) -> tuple[str, str] | None:
    """Why the message is not theirs to change: authors edit, who runs it deletes."""
    message = desk.found.get(intent.seq)
    deletes = isinstance(intent, DeleteIntent)
    if message is None or (message.deleted_at is not None and not deletes):
        return "no_message", marked("There is no such message, or it was deleted.")
    if message.kind == Message.Kind.SYSTEM:
        return "forbidden", marked("This line tells what happened; it stays.")
    runs_talk = desk.roles.get(intent.user) in silences.RUNS_TALK
    if message.author_id == intent.user or (deletes and runs_talk):
        return None
    return "forbidden", marked("This message is somebody else's.")


def _repeat(intent: PostIntent, room: Room, known: Message, body: Body) -> Answer:
    # Whose text has changed since cannot be compared; the numbers are what was asked.
    changed = known.created_changed_seq is not None
    # A text that is refused was never stored, so it is another one in any case.
    if body.code or (not changed and known.body != body.text):
        message = "This client_id was used for another text. Make a new one."
        return refused(intent, room, "key_reused", message)
    return acked(intent, room, known, repeated=True)
