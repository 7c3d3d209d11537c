"""Who follows which thread, and how far they have read it.

The rule it guards: both numbers of a row only grow, so that what is unread is right in
whatever order a reader and the room worker come.
"""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F


class Following(models.Model):
    """One person and one thread that they began, wrote in or were named in."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="+",
        db_index=False,
    )
    room = models.ForeignKey(
        "chat.Room", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    thread = models.BigIntegerField()  # its first message
    last_read_seq = models.BigIntegerField()
    newest_seq = models.BigIntegerField(default=0)  # its last answer, deleted or not

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["room", "thread", "user"], name="followed_once"
            )
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["user"], name="threads_of_user"),
            models.Index(
                fields=["user", "room"],
                condition=models.Q(newest_seq__gt=F("last_read_seq")),
                name="unread_threads",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} follows {self.room_id}/{self.thread}"
