"""What somebody has begun to write, read: in each box of a room, and in which rooms.

The rule it guards: a draft that was sent is none, in whatever order the two came.
"""

from dataclasses import dataclass
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet

from accounts.models import User
from chat.models import Message, Room
from chat.own_tables import Box, Draft
from livechat.lib.prepared import Prepared

IN_ROOM = Box()


@dataclass(frozen=True, slots=True)
class Begun:
    """What somebody has begun to write in a box; nothing: an empty text."""

    body: str
    client_id: UUID | None = None
    box: Box = IN_ROOM


def draft_of(user: User, room: Room, box: Box = IN_ROOM) -> Begun:
    """The user's draft in a box of the room; one query."""
    rows = _unsent(user.pk).filter(room=room)
    found = rows.filter(thread=box.thread, reply_to=box.reply_to).first()
    return _begun(found) if found else Begun("", box=box)


def drafts_beside(user: User, room: Room) -> tuple[Begun, Begun | None]:
    """The room's own draft, and the reply in it that was begun last; one query."""
    found = [_begun(one) for one in _beside.objects(user.pk, room.pk)]
    own = next((one for one in found if one.box == IN_ROOM), Begun(""))
    return own, next((one for one in found if one.box != IN_ROOM and one.body), None)


def has_draft(user: User, room: Room) -> bool:
    """Whether the user has begun anything there; one query."""
    return _unsent(user.pk).filter(room=room).exclude(body="").exists()


def is_begun(user: int) -> Exists:
    """Whether the user has begun anything in the `room` of the outer row."""
    return Exists(_unsent(user).exclude(body="").filter(room=OuterRef("room")))


def _begun(draft: Draft) -> Begun:
    return Begun(draft.body, draft.client_id, Box(draft.thread, draft.reply_to))


def _unsent(user: int) -> "QuerySet[Draft]":
    sent = Message.objects.filter(
        room=OuterRef("room"), author=OuterRef("user"), client_id=OuterRef("client_id")
    )
    return Draft.objects.filter(~Exists(sent), user=user)


_beside = Prepared(
    lambda user, room: (
        _unsent(user).filter(room=room, thread=0).order_by("-updated_at")
    ),
    int,
    int,
)
