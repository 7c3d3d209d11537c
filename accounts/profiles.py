"""What people tell of themselves: a few words, their time zone, a status that ends.

The rule it guards: a status is over at its end, wherever it is read.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from livechat.lib import limits
from livechat.lib.zones import zone

if TYPE_CHECKING:
    from accounts.models import User

# How long a status lasts, or that one is not to be disturbed: the word, and its name.
LASTING = (
    ("30m", _("30 minutes")),
    ("1h", _("1 hour")),
    ("today", _("Today")),
    ("week", _("This week")),
    ("none", _("Until I change it")),
)
_MINUTES = {"30m": 30, "1h": 60}


@dataclass(frozen=True, slots=True)
class Status:
    """What somebody is at: an emoji or "", a text or "", and when it ends."""

    emoji: str
    text: str
    until: datetime | None


class Profile(models.Model):
    """What one person tells of themselves; who never told anything has none."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="profile",
    )
    about = models.CharField(max_length=limits.ABOUT_MAX_LENGTH, blank=True)
    pronouns = models.CharField(max_length=limits.PRONOUNS_MAX_LENGTH, blank=True)
    zone = models.CharField(max_length=64, blank=True)  # of the IANA data base
    status_emoji = models.CharField(max_length=limits.NAME_MAX_LENGTH, blank=True)
    status_text = models.CharField(max_length=limits.STATUS_MAX_LENGTH, blank=True)
    status_until = models.DateTimeField(null=True, db_index=True)

    def __str__(self) -> str:
        return f"Profile of {self.user_id}"

    @property
    def status(self) -> Status | None:
        """What they are at, None when they did not say or it is over."""
        if self.status_until is not None and self.status_until <= timezone.now():
            return None
        if not (self.status_emoji or self.status_text):
            return None
        return Status(self.status_emoji, self.status_text, self.status_until)

    @property
    def local_time(self) -> datetime | None:
        """What time it is where they are, None when they do not tell."""
        return timezone.now().astimezone(zone(self.zone)) if self.zone else None

    @property
    def clock(self) -> str:
        """The same as a clock shows it, "" when they do not tell.

        A template would turn a time with a zone into the server's.
        """
        return f"{time:%H:%M}" if (time := self.local_time) else ""


def profile_of(user: "User") -> Profile:
    """The user's, or an empty one that is not stored (one query)."""
    return Profile.objects.filter(user=user).first() or Profile(user=user)


def end_of(lasting: str, profile: Profile, now: datetime) -> datetime | None:
    """When what begins now and lasts so long is over, by the clock where they are."""
    if lasting in _MINUTES:
        return now + timedelta(minutes=_MINUTES[lasting])
    if lasting == "none":
        return None
    local = now.astimezone(zone(profile.zone))
    days = 1 if lasting == "today" else 7 - local.weekday()
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + timedelta(days=days)
