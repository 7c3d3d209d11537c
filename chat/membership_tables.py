"""Who belongs to which room, and as what."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from chat.querysets import MembershipQuerySet


class Membership(models.Model):
    """One person in one room: their role and how far they have read."""

    class Role(models.TextChoices):
        """What someone may do in a room."""

        ADMIN = "admin"
        MODERATOR = "moderator"
        MEMBER = "member"

    class Level(models.TextChoices):
        """What of a room its member is told of by badges."""

        ALL = "all", _("Everything")
        MENTIONS = "mentions", _("Mentions")
        NOTHING = "nothing", _("Nothing")

    room = models.ForeignKey(
        "chat.Room", on_delete=models.CASCADE, related_name="memberships"
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships"
    )
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.MEMBER)
    joined_at = models.DateTimeField(default=timezone.now, editable=False)
    last_read_seq = models.BigIntegerField(default=0, editable=False)
    # How many of the messages up to that one count for nobody as unread.
    quiet_read = models.BigIntegerField(default=0, editable=False)
    level = models.CharField(max_length=10, choices=Level.choices, default=Level.ALL)
    is_favourite = models.BooleanField(default=False)
    is_muted = models.BooleanField("muted", default=False)  # reads, but does not write
    # The first message that is theirs to read: the room was private before it.
    reads_from_seq = models.BigIntegerField(default=0, editable=False)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["room", "user"], name="one_membership")
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.room}"

    @property
    def is_owner(self) -> bool:
        """Whether they made the room and run it still; `room` must be loaded."""
        made = self.user_id == self.room.creator_id
        return made and self.role == self.Role.ADMIN
