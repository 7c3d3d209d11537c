"""One room's part of a batch: what was read under the lock, what is to be written."""

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from accounts.models import User
from chat.inbox import Write
from chat.models import Message, Room
from chat.moderation_tables import AuditEntry
from chat.silences import slow_wait_s
from chat.streams import Chunk, Stream
from chat.versions import Version
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
    streams: int = 0  # texts of theirs that grow, over all rooms; if that is asked for


@dataclass(slots=True)
class Desk:
    """One room's part of a batch: what was read, and what is to be written."""

    room: Room
    senders: dict[int, Sender]
    bodies: Mapping[Write, Body]
    rate: Rate
    now: datetime
    epoch: int  # of the lease under which it is written
    first_changed_seq: int  # where the room's changes stood before the batch
    roles: dict[int, str] = field(default_factory=dict)  # of those who belong
    muted: set[int] = field(default_factory=set)
    silence: str = ""  # why nobody writes in a direct message
    banned: set[int] = field(default_factory=set)
    last_posts: dict[int, float] = field(default_factory=dict)  # in slow mode
    stored: dict[tuple[int, UUID], Message] = field(default_factory=dict)
    found: dict[int, Message] = field(default_factory=dict)  # to be changed, by seq
    # What came of the batch, by seq in its last state; and each state in its turn.
    new: dict[int, Message] = field(default_factory=dict)
    changed: dict[int, Message] = field(default_factory=dict)
    states: list[Message] = field(default_factory=list)
    posted: dict[int, float] = field(default_factory=dict)  # new `last_posts`
    audit: list[AuditEntry] = field(default_factory=list)
    # Texts that grow (chat/streaming.py), by seq: how far they are, and what they say
    # where that is asked for; those that went on and those that ended; what came.
    streams: dict[int, Stream] = field(default_factory=dict)
    texts: dict[int, str] = field(default_factory=dict)
    grown: set[int] = field(default_factory=set)
    ended: set[int] = field(default_factory=set)
    chunks: list[Chunk] = field(default_factory=list)
    # Edits that were done, as (seq, client_id); the texts before them; what is deleted.
    edits: set[tuple[int, UUID]] = field(default_factory=set)
    versions: list[Version] = field(default_factory=list)
    purged: set[int] = field(default_factory=set)
    # First messages of threads whose number of replies is another one now, by seq.
    roots: set[int] = field(default_factory=set)
    # Links to be looked behind (chat/carding.py): those that a message waits for, by
    # seq, in place of former ones; and those that have been, as (seq, url).
    awaited: dict[int, list[str]] = field(default_factory=dict)
    arrived: set[tuple[int, str]] = field(default_factory=set)

    def change(self, message: Message) -> Message:
        """A copy of the message with the room's next change, to be given its new state.

        A copy, as the former state may be waiting at the desk to be published.
        """
        self.room.last_changed_seq += 1
        changed = copy.copy(message)
        changed.created_changed_seq = message.first_changed_seq
        changed.changed_seq = self.room.last_changed_seq
        rows = self.new if message.seq in self.new else self.changed
        rows[message.seq] = self.found[message.seq] = changed
        self.states.append(changed)
        return changed

    def keep_version(self, message: Message, client_id: UUID) -> None:
        """Keep the message's text, in whose place this edit puts another one."""
        self.edits.add((message.seq, client_id))
        self.versions.append(
            Version(
                room=self.room,
                seq=message.seq,
                client_id=client_id,
                body=message.body,
                html=message.html,
                written_at=message.edited_at or message.created_at,
            )
        )

    def purge(self, seq: int) -> None:
        """Forget the earlier texts of a message that is deleted."""
        self.purged.add(seq)
        self.versions = [one for one in self.versions if one.seq != seq]

    def pay(self, sender: Sender) -> float:
        """Take a token; 0, or the seconds to wait when the bucket is empty."""
        level, wait_s = take(sender.level, self.rate, self.now.timestamp())
        sender.level, sender.spent = level, True
        return wait_s

    def slow_wait_s(self, user: int) -> float:
        """The seconds that the user has to wait in slow mode; 0: write."""
        role, last_at = self.roles.get(user), self.last_posts.get(user)
        return slow_wait_s(self.room, role, last_at, self.now.timestamp())

    def note_post(self, user: int) -> None:
        """Remember that the user writes now, if the room is in slow mode."""
        if self.room.slow_mode_s:
            self.last_posts[user] = self.posted[user] = self.now.timestamp()

    def note_deletion(self, user: int, message: Message) -> None:
        """Remember for the audit log that somebody deleted what another has written."""
        if message.author_id == user:
            return
        actor = self.senders[user].user
        sentence = f"{actor} deleted a message of {message.author}."
        entry = AuditEntry(
            room=self.room, actor=actor, kind="deleted", sentence=sentence
        )
        self.audit.append(entry)
