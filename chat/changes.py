"""One change of a room: locked, allowed, paid for, and entered in the room's own log.

The rule it guards: the entry takes its number in the transaction that changes the rows,
so whoever reads the log has both or neither. Nothing leaves the process before the
commit, and Redis is not needed: what it does not hear is found by the hub's poll.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import escape
from uuid import uuid4

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import F
from django.http import Http404
from django.utils import timezone

from accounts.models import User
from chat import fanout, link_tables, news, notices, telling
from chat.access import require
from chat.mention_tables import Mention
from chat.models import Message, Room
from chat.moderation_tables import AuditEntry
from chat.silences import silence
from chat.streams import Stream
from chat.versions import Version
from chat.worker_tables import ChangeBucket
from livechat.lib import limits
from livechat.lib.token_bucket import Level, Rate, take
from livechat.lib.words import marked

RATE = Rate(limits.CHANGE_BURST, limits.CHANGE_RATE_PER_S)


class TooManyChanges(PermissionDenied):
    """The actor's bucket is empty; nothing was changed."""

    def __init__(self, wait_s: float) -> None:
        self.retry_after_s = max(1, -(-int(wait_s * 1000) // 1000))
        hours = -(-self.retry_after_s // 3600)
        if hours == 1:
            wait_s = self.retry_after_s
            told = marked("Too many changes. Try again in {0} s.", wait_s)
        else:
            told = marked("Too many changes. Try again in {0} hours.", hours)
        super().__init__(told)


class NotPossible(Exception):  # noqa: N818 - the handler reads as a sentence
    """Allowed, but it does not fit with how the room is; the message says why."""


@dataclass(slots=True)
class Change:
    """What one actor does to one locked room, and what is told of it afterwards."""

    actor: User
    room: Room
    entries: list[Message] = field(default_factory=list)  # of the log, new or changed
    tellings: list[Callable[[], None]] = field(default_factory=list)

    def enter(self, kind: str, sentence: str, **fields: str | bool | int) -> Message:
        """Append an entry to the room's log; return it, with its numbers.

        With a field `message` it shows a line of that message. What an admin or
        moderator did goes into the room's audit log too.
        """
        self.room.last_seq += 1
        self.room.last_changed_seq += 1
        self.room.quiet_count += 1  # nobody has it to read (chat/unread.py)
        entry = Message.objects.create(
            room=self.room,
            seq=self.room.last_seq,
            changed_seq=self.room.last_changed_seq,
            kind=Message.Kind.SYSTEM,
            author=self.actor,
            client_id=uuid4(),
            body=sentence,
            html=escape(sentence),
            event=json.dumps({"type": kind, **fields}),
            reply_to=fields.get("message"),
            created_at=timezone.now(),
        )
        self.entries.append(entry)
        by_themselves = fields.get("user") == self.actor.public_id
        if not (kind in {"joined", "left"} and by_themselves):
            self.audit(kind, sentence)
        return entry

    def delete(self, message: Message) -> None:
        """Empty a message for everybody, as the room worker would; a repeat is idle.

        `author` must be loaded, and the message read after the room was locked.
        """
        if message.deleted_at is not None:
            return
        if message.stream == Message.Growth.OPEN:
            message.stream = Message.Growth.STOPPED
            Stream.objects.filter(room=self.room, seq=message.seq).delete()
        for table in (Version, Mention):
            table.objects.filter(room=self.room, seq=message.seq).delete()
        link_tables.forget(self.room.pk, [message.seq])
        telling.deleted(self.room, [message.seq])
        news.tell(notices.deleted(self.room, [message.seq]))
        if message.thread is not None:
            root = Message.objects.filter(room=self.room, seq=message.thread)
            root.filter(reply_count__gt=0).update(reply_count=F("reply_count") - 1)
        message.body = message.html = message.reactions = message.links = ""
        message.deleted_at, message.pinned_at = timezone.now(), None
        self.change(message)

    def reword(self, message: Message, body: str, html: str) -> None:
        """Give a message other words, as if it had always said so.

        `author` must be loaded, and the message read after the room was locked.
        """
        message.body, message.html = body, html
        self.change(message)

    def change(self, message: Message) -> None:
        """Store the message's new state as the room's next change."""
        self.room.last_changed_seq += 1
        message.created_changed_seq = message.first_changed_seq
        message.changed_seq = self.room.last_changed_seq
        message.room = self.room
        message.save()
        self.entries.append(message)

    def audit(self, kind: str, sentence: str) -> None:
        """Write into the audit log what is no entry of the room's log."""
        AuditEntry.objects.create(
            room=self.room, actor=self.actor, kind=kind, sentence=sentence
        )

    def _stop_the_silenced(self) -> None:
        """Make final what those are writing who may write here no more."""
        for stream, text in Stream.objects.filter(room=self.room).texts().items():
            if not self._goes_on(stream):
                self._stop(stream, text)

    def _goes_on(self, stream: Stream) -> bool:
        # Its pieces would go to everybody live, also to who may not read so far back.
        if stream.seq < self.room.public_from_seq:
            return False
        found = self.room.memberships.filter(user=stream.author_id).first()
        return found is not None and not silence(
            self.room, found.role, is_muted=found.is_muted
        )

    def _stop(self, stream: Stream, text: str) -> None:
        messages = Message.objects.select_related("author")
        message = messages.get(room=self.room, seq=stream.seq)
        message.end(text, Message.Growth.STOPPED)
        stream.delete()
        self.change(message)

    def tell(self, telling: Callable[[], None]) -> None:
        """Have the lobby told after the commit, unless Redis is away anyway."""
        self.tellings.append(telling)

    def store(self) -> None:
        """Move the room's counters from the numbers that were read; tell it later.

        Whoever the change silences is final with it, in what they were writing.
        """
        self._stop_the_silenced()
        new = [one for one in self.entries if one.created_changed_seq is None]
        moved = Room.objects.filter(
            pk=self.room.pk,
            last_seq=self.room.last_seq - len(new),
            last_changed_seq=self.room.last_changed_seq - len(self.entries),
        ).update(
            last_seq=self.room.last_seq,
            last_changed_seq=self.room.last_changed_seq,
            quiet_count=self.room.quiet_count,
        )
        if moved != 1:
            raise RuntimeError(f"room {self.room.pk} was moved by another writer")
        transaction.on_commit(self._publish)

    def _publish(self) -> None:
        if fanout.publish(self.room.public_id, self.entries):
            for telling in self.tellings:
                telling()


@contextmanager
def changing(actor: User, room: Room, action: str | None) -> Iterator[Change]:
    """The change of a room that is locked until the block ends, and then committed.

    A block that enters nothing costs nothing and is not told. `action` None: the block
    asks by itself whether they may.

    Raises:
        Http404: the room is not there, or not theirs to see.
        PermissionDenied: it is, but the action is not allowed.
        TooManyChanges: the actor has made too many.
    """
    with transaction.atomic():
        locked = Room.objects.select_for_update(no_key=True).filter(pk=room.pk).first()
        if locked is None:
            raise Http404(marked("No such room, or it is not yours to see."))
        if action is not None:
            require(actor, action, locked)
        change = Change(actor, locked)
        yield change
        if change.entries:
            pay(actor)
            change.store()


def pay(actor: User) -> None:
    """Take a token of the actor's changes, inside the caller's transaction.

    Raises:
        TooManyChanges: there is none.
    """
    User.objects.select_for_update(no_key=True).get(pk=actor.pk)  # two may meet
    found = ChangeBucket.objects.filter(user=actor).first()
    level = Level(found.level, found.at) if found else None
    level, wait_s = take(level, RATE, timezone.now().timestamp())
    if wait_s:
        raise TooManyChanges(wait_s)
    left = {"level": level.tokens, "at": level.at}
    ChangeBucket.objects.update_or_create(user=actor, defaults=left)
