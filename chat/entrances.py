"""What a socket that enters a room starts from, read with the access to it.

The rule it guards: the room, who may see it and what they are there come from one
query, so that none of it can be older than the rest.
"""

from dataclasses import dataclass

from django.db.models import Exists, OuterRef, QuerySet, Subquery

from accounts.models import User
from chat import fanout
from chat.followers import Known
from chat.models import Membership, Message, Room
from livechat.lib import limits
from livechat.lib.feed import Publication
from livechat.lib.prepared import Prepared

# In the order of the model's own fields, which `from_db` counts on.
ROOM = (
    "id",
    "public_id",
    "is_private",
    "last_seq",
    "last_changed_seq",
    "public_from_seq",
)
MEMBERSHIP = ("role", "is_muted", "last_read_seq")


@dataclass(frozen=True, slots=True)
class Entrance:
    """What a socket that was let into a room starts from."""

    room: Room
    known: Known
    read_seq: int
    missed: list[Publication]
    reset: bytes | None  # the newest page, when too much was missed


def _seen_by(user_id: int, room: str) -> "QuerySet[Room, tuple[object, ...]]":
    own = Membership.objects.filter(room=OuterRef("pk"), user=user_id)
    visible = Room.objects.visible_to(User(pk=user_id)).filter(
        Exists(User.objects.filter(pk=user_id, is_active=True)), public_id=room
    )
    return visible.values_list(
        *ROOM, *(Subquery(own.values(name)[:1]) for name in MEMBERSHIP)
    )


_seen = Prepared(_seen_by, int, str)


def may_enter(user_id: int, room: str) -> bool:
    """Whether the user may see the room, which may not be there (one query)."""
    return _seen.row(user_id, room) is not None


def enter(user_id: int, room: str, after: int | None) -> Entrance | None:
    """What a subscriber gets; None when the room is not there or not theirs.

    Runs in a thread; one query, and one for what they missed. Where that is nothing
    they are looked at again: who was shut out meanwhile would go on behind a hole.
    """
    row = _seen.row(user_id, room)
    if row is None:
        return None
    found = Room.from_db(None, ROOM, row[: len(ROOM)])
    found.is_private = bool(found.is_private)  # SQLite says 0 or 1
    role, is_muted, read_seq = row[len(ROOM) :]
    missed, reset = _missed(user_id, found, after)
    is_behind = after is not None and after != found.last_changed_seq
    if is_behind and not missed and not may_enter(user_id, room):
        return None
    return Entrance(
        room=found,
        known=Known(found.pk, role, bool(is_muted)),
        read_seq=read_seq or 0,
        missed=missed,
        reset=reset,
    )


def _missed(
    user_id: int, room: Room, after: int | None
) -> tuple[list[Publication], bytes | None]:
    head = room.last_changed_seq
    if after is None or after == head:
        return [], None
    rows = Message.objects.readable_by(User(pk=user_id), room)
    if after > head or head - after > limits.REPLAY_MAX_CHANGES:
        return [], fanout.reset_fragment(room, rows.page_before(room.last_seq + 1))
    changed = rows.changed_after(after)
    return fanout.replayed(changed, room.public_id, after, head), None
