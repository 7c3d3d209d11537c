"""Texts that still grow, piece by piece, until their author ends them.

The rule it guards: what is stored is what anybody sees. The pieces lie here, each under
the code point where it begins; the message gets its text once, when it is final.
"""

from typing import ClassVar

from django.conf import settings
from django.db import models


class StreamQuerySet(models.QuerySet["Stream"]):
    """Texts that still grow."""

    def length_in(self, room: models.OuterRef) -> models.Subquery:
        """The code points of all in an outer query's room; null where there is none."""
        there = self.filter(room=room).order_by().values("room")
        return models.Subquery(there.annotate(all=models.Sum("length")).values("all"))

    def texts(self) -> "dict[Stream, str]":
        """Each with its text so far, in one query more."""
        streams = {one.pk: one for one in self}
        texts = dict.fromkeys(streams.values(), "")
        chunks = Chunk.objects.filter(stream__in=streams).order_by("offset")
        for pk, text in chunks.values_list("stream_id", "text"):
            texts[streams[pk]] += text
        return texts


class Stream(models.Model):
    """A message whose text still grows: how far it is, and how fast it may go on."""

    room = models.ForeignKey(
        "chat.Room", on_delete=models.CASCADE, related_name="streams"
    )
    seq = models.BigIntegerField()
    since = models.BigIntegerField()  # the `changed_seq` that the message came with
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+"
    )
    length = models.IntegerField(default=0)  # code points in its chunks
    level = models.FloatField()  # tokens of its bucket of pieces
    touched_at = models.DateTimeField()  # of `level`, and when its author last spoke

    objects = StreamQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["room", "seq"], name="one_stream"),
            models.UniqueConstraint(fields=["room", "author"], name="one_at_a_time"),
        ]

    def __str__(self) -> str:
        return f"{self.room_id}/{self.seq} so far"


class Chunk(models.Model):
    """A piece of a growing text, at the code point where it begins."""

    stream = models.ForeignKey(Stream, on_delete=models.CASCADE, related_name="chunks")
    offset = models.IntegerField()
    text = models.TextField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["stream", "offset"], name="one_chunk")
        ]

    def __str__(self) -> str:
        return f"{self.stream_id} from {self.offset}"
