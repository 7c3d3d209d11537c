"""Texts that people have begun, kept for them until they are sent.

The rule it guards: a draft that was sent is none, in whatever order the two came; and
one's drafts are one's own.
"""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from accounts.models import User
from chat.access import require
from chat.changes import TooManyChanges
from chat.models import Message, Room
from chat.own_tables import Draft
from livechat.lib import limits
from livechat.lib.prepared import Prepared
from livechat.lib.text import checked_piece


@dataclass(frozen=True, slots=True)
class Begun:
    """What somebody has begun to write in a room; nothing: an empty text."""

    body: str
    client_id: UUID | None = None


def draft_of(user: User, room: Room) -> Begun:
    """The user's draft in the room; one query."""
    found = _drafts.objects(user.pk, room.pk)
    return Begun(found[0].body, found[0].client_id) if found else Begun("")


def _unsent(user: int, room: int) -> "QuerySet[Draft]":
    sent = Message.objects.filter(
        room=room, author=user, client_id=OuterRef("client_id")
    )
    return Draft.objects.filter(~Exists(sent), user=user, room=room)


_drafts = Prepared(_unsent, int, int)


def keep_draft(user: User, room: Room, body: str, client_id: UUID) -> None:
    """Keep what the user has begun; an empty text, or one that was sent, ends it.

    Raises:
        PermissionDenied: they do not belong to the room.
        BadText: it has characters that no message has.
        TooLong: it has more than DRAFT_MAX_LENGTH code points.
        TooManyChanges: they kept one less than DRAFT_EVERY_S ago.
    """
    require(user, "keep_draft", room)
    text = body.replace("\r\n", "\n")
    checked = checked_piece(text, max_length=limits.DRAFT_MAX_LENGTH)
    sent = Message.objects.filter(room=room, author=user, client_id=client_id)
    if not checked.strip() or sent.exists():
        forget_draft(user, room)
        return
    now = timezone.now()
    last = Draft.objects.filter(user=user).order_by("-updated_at").first()
    if last is not None:
        wait = last.updated_at + timedelta(seconds=limits.DRAFT_EVERY_S) - now
        if wait > timedelta(0):
            raise TooManyChanges(wait.total_seconds())
    kept = {"body": checked, "client_id": client_id, "updated_at": now}
    Draft.objects.update_or_create(user=user, room=room, defaults=kept)


def forget_draft(user: User, room: Room) -> None:
    """Nothing is begun there any more, as it was sent or taken away."""
    Draft.objects.filter(user=user, room=room).exclude(body="").update(body="")
