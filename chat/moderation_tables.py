"""What moderation keeps: whom it shut out, who did what, reports, whom to forget."""

from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Invite
from livechat.lib import limits


class BanQuerySet(models.QuerySet["Ban"]):
    """Bans by room."""

    def latest_first(self) -> Self:
        """With their users, the newest first."""
        return self.select_related("user").order_by("-pk")


class Ban(models.Model):
    """Somebody to whom one room is as if it were not there, until it is taken back."""

    room = models.ForeignKey("chat.Room", on_delete=models.CASCADE, related_name="bans")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+"
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = BanQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["room", "user"], name="one_ban")
        ]

    def __str__(self) -> str:
        return f"{self.user} out of {self.room}"


class AuditEntry(models.Model):
    """One thing that somebody with a right did in a room, as its members may read it.

    The sentence has the names of that time, as an entry of the log has.
    """

    room = models.ForeignKey(
        "chat.Room", on_delete=models.CASCADE, related_name="audit_entries"
    )
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    kind = models.CharField(max_length=20)
    sentence = models.TextField()
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["room", "-id"], name="audit_of_room")
        ]

    def __str__(self) -> str:
        return self.sentence


class Report(models.Model):
    """A message that somebody asked those who run the room, or the site, to look at."""

    class Reason(models.TextChoices):
        """What is wrong with it."""

        SPAM = "spam", _("Spam or advertising")
        ABUSE = "abuse", _("Abuse, threats or hate")
        PRIVATE = "private", _("Something private of somebody")
        OTHER = "other", _("Something else")

    class Outcome(models.TextChoices):
        """What came of it; empty while it is open."""

        DELETED = "deleted", _("the message was deleted")
        MUTED = "muted", _("its author was muted")
        DISMISSED = "dismissed", _("it was left as it is")

    message = models.ForeignKey(
        "chat.Message", on_delete=models.CASCADE, related_name="reports"
    )
    room = models.ForeignKey(
        "chat.Room", on_delete=models.CASCADE, related_name="reports"
    )
    reporter = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="reports"
    )
    reason = models.CharField(max_length=10, choices=Reason.choices)
    note = models.CharField(max_length=limits.REPORT_NOTE_MAX_LENGTH, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    outcome = models.CharField(max_length=10, choices=Outcome.choices, blank=True)
    resolved_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["message", "reporter"], name="one_report_each"
            )
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["room"],
                condition=models.Q(resolved_at__isnull=True),
                name="open_reports",
            )
        ]

    def __str__(self) -> str:
        return f"{self.reason}, {self.message}"


class RoomInviteQuerySet(models.QuerySet["RoomInvite"]):
    """Links by what they are still good for."""

    def usable(self) -> Self:
        """Not expired, not used up."""
        return self.filter(expires_at__gt=timezone.now(), uses__lt=models.F("max_uses"))


class RoomInvite(models.Model):
    """A link into one room; only the hash of its code is stored.

    `site_invite` lets people without an account sign up on their way, where the site
    asks for an invite; who may invite to the site gives it to their link.
    """

    room = models.ForeignKey(
        "chat.Room", on_delete=models.CASCADE, related_name="invites"
    )
    code_hash = models.CharField(max_length=64, unique=True, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    max_uses = models.PositiveIntegerField()
    uses = models.PositiveIntegerField(default=0)
    site_invite = models.OneToOneField(
        Invite, on_delete=models.SET_NULL, null=True, related_name="room_invite"
    )

    objects = RoomInviteQuerySet.as_manager()

    def __str__(self) -> str:
        return f"Link by {self.created_by}, used {self.uses} of {self.max_uses}"

    @property
    def is_usable(self) -> bool:
        """Whether it lets somebody in, as far as its own numbers say."""
        return self.uses < self.max_uses and self.expires_at > timezone.now()


class Erasure(models.Model):
    """A person whose account is erased, until all rooms have forgotten them."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, primary_key=True
    )
    name = models.CharField(max_length=limits.NAME_MAX_LENGTH)
    former = models.TextField(default="[]")  # JSON: other names that rooms know
    deletes_messages = models.BooleanField()
    done_upto = models.BigIntegerField(default=0)  # the key of the last room that is
    # In the next room: the numbers up to which its log, and what people wrote, are.
    lines_upto = models.BigIntegerField(default=0)
    texts_upto = models.BigIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"Erasure of {self.user_id}"
