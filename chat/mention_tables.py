"""Who is mentioned in which message: written with it, gone with its text."""

from typing import Any, ClassVar

from django.apps import apps
from django.conf import settings
from django.db import models
from django.db.models import Count, Exists, F, OuterRef, Q

from accounts.models import Block

EVERYBODY_KEY = 0  # in place of a user's primary key: all who belong to the room


class MentionQuerySet(models.QuerySet["Mention"]):
    """Mentions by who has not read them. Nobody is mentioned by whom they block."""

    def unread_by(self, users: list[int]) -> "models.QuerySet[Mention, Any]":
        """For each user and room (its public id) how many are unread, if any are."""
        unread = self.filter(  # in one call, so that all of it is about one membership
            Q(user=None) | Q(user=F("room__memberships__user")),
            ~is_unheard(OuterRef("room__memberships__user")),
            room__memberships__user__in=users,
            seq__gt=F("room__memberships__last_read_seq"),
        )
        rows = unread.values_list("room__memberships__user", "room__public_id")
        return rows.annotate(n=Count("pk"))


def is_unheard(reader: OuterRef) -> Exists:
    """Whether a mention is in a message of somebody whom its reader blocks.

    For a query of mentions; `reader` is where that says whose mention it would be.
    """
    messages = apps.get_model("chat.Message")._base_manager
    place = {"room": OuterRef(OuterRef("room")), "seq": OuterRef(OuterRef("seq"))}
    author = messages.filter(**place).values("author")
    return Exists(Block.objects.filter(user=reader, blocked__in=author))


class Mention(models.Model):
    """One person in one message; without a person it is everybody in the room."""

    room = models.ForeignKey(
        "chat.Room", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    seq = models.BigIntegerField()
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, related_name="+"
    )

    objects = MentionQuerySet.as_manager()

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["room", "seq"], name="mentions_of_room")
        ]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.room_id}/{self.seq}"
