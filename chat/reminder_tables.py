"""What people want to be reminded of, until it is time."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from livechat.lib import limits
from livechat.lib.ids import public_id


class Reminder(models.Model):
    """One thing to be reminded of; once it is told it is a notice, and no row here."""

    public_id = models.CharField(
        max_length=16, unique=True, default=public_id, editable=False
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="reminders"
    )
    # Of the text that set it, so that a repeat sets no other.
    client_id = models.UUIDField()
    room = models.ForeignKey(
        "chat.Room", on_delete=models.SET_NULL, null=True, related_name="+"
    )
    text = models.CharField(max_length=limits.REMINDER_MAX_LENGTH)
    created_at = models.DateTimeField(default=timezone.now)
    due_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["user", "client_id"], name="one_reminder")
        ]

    def __str__(self) -> str:
        return f"Reminder of {self.user_id} at {self.due_at:%F %T}"
