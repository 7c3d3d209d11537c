"""What the room worker keeps: its leases, people's buckets, what it could not store."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone


class Shard(models.Model):
    """The lease of one shard: who writes its rooms, and the fencing epoch."""

    number = models.PositiveSmallIntegerField(primary_key=True)
    owner = models.CharField(max_length=100, blank=True)
    epoch = models.BigIntegerField(default=0)
    until = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"Shard {self.number}, epoch {self.epoch}, {self.owner}"


class RoomWorker(models.Model):
    """A worker that lives until then; the shards are shared out among those."""

    name = models.CharField(max_length=100, primary_key=True)
    until = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class Bucket(models.Model):
    """A person's token bucket; written with the messages that it let through."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True
    )
    level = models.FloatField()
    at = models.FloatField()  # seconds since 1970, of `level`

    def __str__(self) -> str:
        return f"{self.level:.1f} tokens of {self.user_id}"


class LastPost(models.Model):
    """When somebody last wrote in a room in slow mode; stored with the message."""

    room = models.ForeignKey(
        "chat.Room", on_delete=models.CASCADE, related_name="last_posts"
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+"
    )
    at = models.FloatField()  # seconds since 1970

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["room", "user"], name="one_last_post")
        ]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.room_id} at {self.at:.0f}"


class DeadLetter(models.Model):
    """An intent that failed three times; kept for the operator, never retried."""

    shard = models.PositiveSmallIntegerField()
    entry_id = models.CharField(max_length=40)
    payload = models.BinaryField()
    error = models.TextField()
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.shard}/{self.entry_id}"


class ChangeBucket(models.Model):
    """A person's token bucket of changes to rooms and to who is in them."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True
    )
    level = models.FloatField()
    at = models.FloatField()  # seconds since 1970, of `level`

    def __str__(self) -> str:
        return f"{self.level:.1f} changes of {self.user_id}"
