"""Rooms and their logs: a room's messages, numbered without holes."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from chat import tables  # noqa: F401
from chat.membership_tables import Membership as Membership
from chat.moderation_tables import Ban as Ban
from chat.querysets import MessageQuerySet, RoomQuerySet
from chat.worker_tables import ChangeBucket as ChangeBucket
from livechat.lib import limits
from livechat.lib.durations import words_of
from livechat.lib.ids import public_id
from livechat.lib.markdown import render
from livechat.lib.text import joined_text
from livechat.lib.words import Words

_RoomManager = models.Manager.from_queryset(RoomQuerySet)


class RoomManager(_RoomManager["Room"]):
    """Rooms that are there."""

    def get_queryset(self) -> RoomQuerySet:
        """Without those that are deleted."""
        return RoomQuerySet(self.model, using=self._db).filter(deleted_at__isnull=True)


class Room(models.Model):
    """A room and its two counters (docs/protocol.md: `seq` and `changed_seq`).

    A direct or group message is one too, whose people never change (chat/directs.py).
    """

    class Kind(models.TextChoices):
        """Whether people come and go, or are the same for ever: two, or more."""

        ROOM = "room"
        DIRECT = "direct"
        GROUP = "group"

    public_id = models.CharField(
        max_length=16, unique=True, default=public_id, editable=False
    )
    kind = models.CharField(
        max_length=10, choices=Kind.choices, default=Kind.ROOM, editable=False
    )
    # Of a direct or group message: whose it is, so that the same people have one.
    people_key = models.CharField(
        max_length=200, null=True, blank=True, unique=True, editable=False
    )
    # Of a public room: what its name looks like (chat/room_names.py).
    name_key = models.CharField(
        max_length=200, null=True, blank=True, unique=True, editable=False
    )
    # Empty in a direct or group message: chat/titles.py names it for who looks at it.
    name = models.CharField(_("name"), max_length=limits.NAME_MAX_LENGTH)
    description = models.CharField(
        _("what it is for"), max_length=limits.DESCRIPTION_MAX_LENGTH, blank=True
    )
    # What is going on in it now; what it is for is its description.
    topic = models.CharField(max_length=limits.TOPIC_MAX_LENGTH, blank=True)
    is_private = models.BooleanField(_("private"), default=False)
    is_read_only = models.BooleanField(default=False)  # admins and moderators write
    is_archived = models.BooleanField(default=False, editable=False)  # nobody does
    members_pin = models.BooleanField(default=False)  # else who runs it or its talk
    # Seconds between two messages of a plain member; 0: as fast as anywhere.
    slow_mode_s = models.PositiveIntegerField(default=0)
    creator = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        editable=False,
    )
    created_at = models.DateTimeField(
        _("made at"), default=timezone.now, editable=False
    )
    last_seq = models.BigIntegerField(default=0, editable=False)
    last_changed_seq = models.BigIntegerField(default=0, editable=False)
    # How many of its messages count for nobody as unread (chat/unread.py).
    quiet_count = models.BigIntegerField(default=0, editable=False)
    # Who was no member when it became public reads from here on; 0: from the start.
    public_from_seq = models.BigIntegerField(default=0, editable=False)
    # Since then it is none any more, and its log is being swept (chat/sweeping.py).
    deleted_at = models.DateTimeField(null=True, editable=False)

    # Whom a direct or group message is with, once chat/titles.py has looked.
    others: "Sequence[User]" = ()

    objects = RoomManager()
    every = models.Manager["Room"]()  # also those that are being swept

    class Meta:
        ordering: ClassVar[list[str]] = ["name", "pk"]
        verbose_name = _("room")
        verbose_name_plural = _("rooms")

    def __str__(self) -> str:
        return self.name

    @property
    def shard(self) -> int:
        """The shard, 0 to SHARDS - 1, whose worker writes this room."""
        return self.pk % limits.SHARDS

    @property
    def slow_mode_words(self) -> Words:
        """The time of its slow mode as people say it, such as `5 minutes`."""
        return words_of(self.slow_mode_s)

    @property
    def people_keys(self) -> frozenset[int]:
        """Whose direct or group message it is, by primary key; else nobody."""
        return frozenset(map(int, filter(None, (self.people_key or "").split(","))))

    @property
    def is_direct(self) -> bool:
        """Whether it is a direct or group message, whose people never change."""
        return self.kind != Room.Kind.ROOM


def _index(name: str, *fields: str, **rows: Any) -> models.Index:
    """An index of the rows that have these values."""
    return models.Index(fields=fields, condition=models.Q(**rows), name=name)


class Message(models.Model):
    """One entry of a room's log; `html` is rendered once, when it is written."""

    class Kind(models.TextChoices):
        """What wrote it."""

        TEXT = "text"
        SYSTEM = "system"

    class Growth(models.TextChoices):
        """How a text that came piece by piece stands; "" is one that came whole."""

        OPEN = "open"
        DONE = "done"
        INTERRUPTED = "interrupted"  # its author was silent for too long
        STOPPED = "stopped"  # by its author, or by who may

    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="messages")
    seq = models.BigIntegerField()
    changed_seq = models.BigIntegerField()
    # The `changed_seq` it was created with; null while it has not changed since.
    created_changed_seq = models.BigIntegerField(null=True)
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.TEXT)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    client_id = models.UUIDField()
    body = models.TextField()  # while it grows: empty, the pieces are in Chunk
    html = models.TextField()
    stream = models.CharField(
        max_length=12, choices=Growth.choices, blank=True, default=""
    )
    # What a system message tells, as JSON (chat/changes.py); "" for others. No
    # JSONField: SQLite runs its CHECK in no schema that is not trusted.
    event = models.TextField(blank=True, default="")
    # The worker's lease that it was written under; 0: written without the worker.
    epoch = models.BigIntegerField(default=0)
    reply_to = models.BigIntegerField(null=True)
    # Of a reply: the first message of its thread, and whether the room shows it too.
    thread = models.BigIntegerField(null=True)
    in_room = models.BooleanField(default=True)
    # Of the first one: its replies that are not deleted (chat/answering.py).
    reply_count = models.BigIntegerField(default=0)
    last_reply_at = models.DateTimeField(null=True)
    continues = models.BooleanField(default=False)  # same author, within minutes
    reactions = models.TextField(blank=True, default="")  # JSON (chat/reactions.py)
    links = models.TextField(blank=True, default="")  # JSON (chat/links.py)
    created_at = models.DateTimeField()
    edited_at = models.DateTimeField(null=True)
    deleted_at = models.DateTimeField(null=True)  # a tombstone: no text, no html
    pinned_at = models.DateTimeField(null=True)

    # Whom it names, once chat/mentions.py has looked: primary keys, 0 for everybody.
    mentioned: "Sequence[int]" = ()
    unheard_by: "Sequence[int]" = ()  # of its room, where it names everybody

    objects = MessageQuerySet.as_manager()
    quote: object = None  # what it answers, once read (chat/quotes.py)
    root: "Message | None" = None  # where its thread begins, by the same
    new_replies = 0  # of its thread, to its reader (chat/thread_unread.py)
    quiet_upto = 0  # of the messages up to it, those that do not count; once written
    names: Mapping[str, str] | None = None  # of who reacted, by public id, once read

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["room", "seq"], name="one_seq"),
            models.UniqueConstraint(fields=["room", "changed_seq"], name="one_change"),
            models.UniqueConstraint(
                fields=["room", "author", "client_id"], name="one_client_id"
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            _index(
                "changed_messages",
                "room",
                "created_changed_seq",
                created_changed_seq__isnull=False,
            ),
            _index("quiet_messages", "room", "seq", kind="system"),
            _index("pinned_messages", "room", "pinned_at", pinned_at__isnull=False),
            _index("replies_of_threads", "room", "thread", "seq", thread__isnull=False),
            _index("messages_aside", "room", "seq", in_room=False),
            _index("replies_of_authors", "author", thread__isnull=False),
            _index("threads_of_authors", "author", reply_count__gt=0),
        ]

    def __str__(self) -> str:
        return f"{self.room_id}/{self.seq}"

    @property
    def place(self) -> str:
        """Where a room's address shows it: in the log, or in the pane of its thread."""
        if self.in_room:
            return f"#m-{self.seq}"
        return f"?thread={self.thread}&at={self.seq}#r-{self.seq}"

    @property
    def is_long(self) -> bool:
        """Whether it would fill more than a screen, so that all see it folded."""
        too_long = len(self.body) > limits.FOLD_LENGTH
        return too_long or self.body.count("\n") >= limits.FOLD_LINES

    @property
    def told(self) -> dict[str, Any] | None:
        """What a system message tells; None for others."""
        return json.loads(self.event) if self.event else None

    @property
    def told_kind(self) -> str:
        """The protocol's `kind`: a bot's text that came piece by piece is `ai`."""
        return "ai" if self.stream and self.author.is_bot else self.kind

    def end(self, text: str, how: str) -> None:
        """Give a message that grew its final text, made ready as any other's."""
        self.body = joined_text(text, max_length=limits.MESSAGE_MAX_LENGTH)
        self.html = render(self.body) if self.body else ""
        self.stream = how

    @property
    def first_changed_seq(self) -> int:
        """The change that created it; to a cursor below that, the message is new."""
        created = self.created_changed_seq
        return self.changed_seq if created is None else created
