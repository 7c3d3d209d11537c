"""The earlier texts of a message, for those who may read it.

The rule it guards: an edit that comes twice is done once, however late the second copy
is; and of a deleted message no text is left here either.
"""

from collections.abc import Collection
from typing import ClassVar
from uuid import UUID

from django.db import models

from livechat.lib import limits


class VersionQuerySet(models.QuerySet["Version"]):
    """Earlier texts."""

    def of(self, room: int, seq: int) -> "list[Version]":
        """The earlier texts of one message, the latest first, as many as are shown."""
        rows = self.filter(room=room, seq=seq).order_by("-pk")
        return list(rows[: limits.VERSIONS_SHOWN])

    def done(
        self, edits: Collection[tuple[int, int, UUID]]
    ) -> set[tuple[int, int, UUID]]:
        """Those of the edits (room, seq, client_id) that were done already."""
        rooms, numbers, client_ids = zip(*edits, strict=True)
        rows = self.filter(
            room__in=rooms, seq__in=numbers, client_id__in=client_ids
        ).values_list("room", "seq", "client_id")
        return set(edits) & set(rows)


class Version(models.Model):
    """What a message said before an edit, under the `client_id` of that edit."""

    room = models.ForeignKey("chat.Room", on_delete=models.CASCADE, related_name="+")
    seq = models.BigIntegerField()
    client_id = models.UUIDField()
    body = models.TextField()
    html = models.TextField()
    written_at = models.DateTimeField()

    objects = VersionQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["room", "seq", "client_id"], name="one_version"
            )
        ]

    def __str__(self) -> str:
        return f"{self.room_id}/{self.seq} as of {self.written_at:%Y-%m-%d %H:%M}"
