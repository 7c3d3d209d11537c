"""What somebody keeps for themselves of rooms; nobody else is shown any of it."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone


class Saved(models.Model):
    """A message that somebody wants to find again."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="+",
        db_index=False,
    )
    message = models.ForeignKey(
        "chat.Message", on_delete=models.CASCADE, related_name="saves"
    )
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["user", "message"], name="saved_once")
        ]

    def __str__(self) -> str:
        return f"{self.user_id} keeps {self.message_id}"


class Draft(models.Model):
    """A text that somebody has begun in a room; an empty one is none.

    `client_id` is that of the message it is to become: once that is there, the draft
    was sent.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="+",
        db_index=False,
    )
    room = models.ForeignKey("chat.Room", on_delete=models.CASCADE, related_name="+")
    body = models.TextField(blank=True)
    client_id = models.UUIDField()
    updated_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["user", "room"], name="one_draft")
        ]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.room_id}"
