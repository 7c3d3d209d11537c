"""Browsers that may be told, what each is to be told, and how the last times went."""

import hashlib
from typing import ClassVar

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.agents import in_words
from livechat.lib import limits
from livechat.lib.ids import public_id


def endpoint_hash(endpoint: str) -> str:
    """What makes an endpoint unique; itself it is too long for an index."""
    return hashlib.sha256(endpoint.encode()).hexdigest()


class SubscriptionQuerySet(models.QuerySet["Subscription"]):
    """Subscriptions by whether they still count."""

    def alive(self) -> "SubscriptionQuerySet":
        """Those whose session has not ended."""
        return self.filter(
            user__is_active=True, session__expire_date__gt=timezone.now()
        )


class Subscription(models.Model):
    """One browser of one person; it ends with the session in which it was made."""

    public_id = models.CharField(
        max_length=16, unique=True, default=public_id, editable=False
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="push_subscriptions",
    )
    # Null once it has ended. A session that only gets another key (a new password)
    # takes its subscription along (push/signals.py).
    session = models.ForeignKey(
        Session, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    endpoint = models.CharField(max_length=limits.PUSH_ENDPOINT_MAX_LENGTH)
    endpoint_hash = models.CharField(max_length=64, unique=True, editable=False)
    p256dh = models.CharField(max_length=90)
    auth = models.CharField(max_length=30)
    name = models.CharField(max_length=limits.NAME_MAX_LENGTH)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    last_success_at = models.DateTimeField(null=True, editable=False)
    failures = models.PositiveIntegerField(default=0)  # in a row

    objects = SubscriptionQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.name} of {self.user}"

    @property
    def called(self) -> str:
        """Its name in the reader's language."""
        return in_words(self.name)


class Push(models.Model):
    """What one browser is to be told of one thing; the newest word replaces others."""

    class State(models.TextChoices):
        """What is next for it."""

        WAITING = "waiting"  # to be sent
        SHOWN = "shown"  # sent; nothing to do until it is read
        CLOSING = "closing"  # read elsewhere: to be taken away

    subscription = models.ForeignKey(
        Subscription, on_delete=models.CASCADE, related_name="pushes"
    )
    tag = models.CharField(max_length=limits.PUSH_TAG_MAX_LENGTH)
    room = models.CharField(max_length=16, blank=True)  # public id, "" for none
    seq = models.BigIntegerField(default=0)  # of the message that it shows; 0: of none
    title = models.CharField(max_length=limits.PUSH_TITLE_MAX_LENGTH)
    body = models.CharField(max_length=limits.PUSH_BODY_MAX_LENGTH, blank=True)
    url = models.CharField(max_length=limits.PUSH_URL_MAX_LENGTH)
    state = models.CharField(max_length=10, choices=State.choices)
    # Whether the browser may show something under this tag already.
    told = models.BooleanField(default=False)
    version = models.PositiveIntegerField(default=0)  # rises with each new word
    attempts = models.PositiveIntegerField(default=0)
    claim = models.CharField(max_length=32, blank=True)  # of the sender that has it
    created_at = models.DateTimeField()
    due_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["subscription", "tag"], name="one_push")
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["due_at"],
                condition=models.Q(state__in=["waiting", "closing"]),
                name="due_pushes",
            ),
            models.Index(fields=["room", "seq"], name="pushes_of_message"),
        ]

    def __str__(self) -> str:
        return f"{self.tag} for {self.subscription_id}, {self.state}"


class Delivery(models.Model):
    """How one push ended; a person's newest are kept, without what it said."""

    class Outcome(models.TextChoices):
        """What became of it."""

        DELIVERED = "delivered", _("Taken by the push service")
        ENDED = "ended", _("The browser has ended it; the device was removed")
        REFUSED = "refused", _("Refused by the push service")
        NO_ANSWER = "no_answer", _("No answer from the push service; given up")
        NOT_ALLOWED = "not_allowed", _("Its address leads to no push service")

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="deliveries"
    )
    device = models.CharField(max_length=limits.NAME_MAX_LENGTH)
    is_test = models.BooleanField(default=False)
    outcome = models.CharField(max_length=12, choices=Outcome.choices)
    status = models.PositiveSmallIntegerField(null=True)  # of the service's answer
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name_plural = "deliveries"

    def __str__(self) -> str:
        return f"{self.device}: {self.outcome}"

    @property
    def called(self) -> str:
        """The device's name in the reader's language."""
        return in_words(self.device)


class Preferences(models.Model):
    """When somebody wants to be told, and how much of it may be seen."""

    class Digest(models.TextChoices):
        """How often a mail tells of what they have not read."""

        OFF = "off", _("Never")
        DAILY = "daily", _("Once a day at most")
        WEEKLY = "weekly", _("Once a week at most")

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="push_preferences",
    )
    shows_text = models.BooleanField(default=True)
    plays_sound = models.BooleanField(default=True)  # a page that is open
    quiet_from = models.TimeField(null=True)  # both or none, in `zone`
    quiet_to = models.TimeField(null=True)
    zone = models.CharField(max_length=64, default="UTC")  # of the IANA data base
    paused_until = models.DateTimeField(null=True)
    tested_at = models.DateTimeField(null=True, editable=False)
    digest = models.CharField(
        max_length=10, choices=Digest.choices, default=Digest.DAILY
    )
    digested_at = models.DateTimeField(null=True, editable=False)  # the last mail

    class Meta:
        verbose_name_plural = "preferences"

    def __str__(self) -> str:
        return f"Preferences of {self.user_id}"
