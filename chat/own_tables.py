"""What somebody keeps for themselves of rooms; nobody else is shown any of it."""

from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Box:
    """Where something is written: in the room, in one of its threads, or as a reply.

    By the first message of the thread, or by the one that is answered; 0 for none.
    """

    thread: int = 0
    reply_to: int = 0


class Draft(models.Model):
    """A text that somebody has begun in a box of a room; an empty one is none.

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
    # The box: of a thread, by its first message; of a reply, by what it answers.
    thread = models.BigIntegerField(default=0)
    reply_to = models.BigIntegerField(default=0)
    body = models.TextField(blank=True)
    client_id = models.UUIDField()
    updated_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["user", "room", "thread", "reply_to"], name="one_draft_of_box"
            )
        ]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.room_id}"
