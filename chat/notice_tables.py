"""What somebody is to know of, a row for each thing, kept a while after it is read.

The rule it guards: a row holds no text of a message. It says which one, and the message
is read with the access of that moment (chat/notice_list.py).
"""

from collections.abc import Collection
from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef

from accounts.models import Block
from livechat.lib import limits
from livechat.lib.ids import public_id

# What `text` says of a message: it stands in a thread alone, whose number follows; or
# it answers somebody else in a thread in which the person wrote.
ASIDE = "thread:"
FOLLOWS = "follows"


class NoticeQuerySet(models.QuerySet["Notice"]):
    """Notices by who has not read them. No one hears of whom they block."""

    def heard(self) -> Self:
        """Those that are not about what a blocked person did."""
        blocked = Block.objects.filter(user=OuterRef("user"), blocked=OuterRef("actor"))
        return self.filter(~Exists(blocked))

    def heard_by(self, users: Collection[int]) -> Self:
        """Theirs, with the room; of rooms that are there, or of none."""
        rows = self.heard().filter(user__in=users, room__deleted_at=None)
        return rows.select_related("room")

    def overfull(self) -> "models.QuerySet[Notice, int]":
        """The users who have more than NOTICES_MAX."""
        counted = self.values("user").annotate(n=models.Count("pk"))
        return counted.filter(n__gt=limits.NOTICES_MAX).values_list("user", flat=True)

    def of_message(self, room: int, seqs: Collection[int]) -> Self:
        """Those that are about one of these messages."""
        return self.filter(room=room, seq__in=seqs)


class Notice(models.Model):
    """One thing that one person is to know of; a newer word of it takes its place."""

    class Kind(models.TextChoices):
        """What it is, by the protocol's names."""

        MENTION = "mention"
        REPLY = "reply"
        DIRECT = "direct"
        REACTION = "reaction"
        INVITATION = "invitation"
        REPORT = "report"
        REMINDER = "reminder"

    public_id = models.CharField(
        max_length=16, unique=True, default=public_id, editable=False
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notices"
    )
    # What it is about, so that it is there once for each person.
    key = models.CharField(max_length=64)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    room = models.ForeignKey(
        "chat.Room", on_delete=models.CASCADE, null=True, related_name="+"
    )
    seq = models.BigIntegerField(default=0)  # of the message; 0: of none
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, related_name="+"
    )
    # A reaction's emoji; the own words of a reminder; ASIDE or FOLLOWS.
    text = models.CharField(max_length=limits.REMINDER_MAX_LENGTH, blank=True)
    at = models.DateTimeField()
    # Null also of what was read in its room meanwhile (chat/notice_list.py: Bell).
    read_at = models.DateTimeField(null=True)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["user", "key"], name="one_notice")
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["user", "-at"], name="notices_of_user"),
            models.Index(fields=["room", "seq"], name="notices_of_message"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} for {self.user_id}"
