"""Out of a room without a word from Redis: each second the database is asked.

A control event takes a removed member's sockets out at once (chat/lobby.py). Redis may
lose it; then the room's `access_epoch`, raised with the removal, tells it here.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from accounts.models import User
from chat.models import Room


@dataclass(frozen=True, slots=True)
class Known:
    """What a socket keeps of a room: its key, and the epoch when access was checked."""

    pk: int
    access_epoch: int


def known(user_id: int, room: str) -> Known | None:
    """What to keep of a room, None of one that the user may not see; two queries."""
    user = User.objects.filter(pk=user_id, is_active=True).first()
    if user is None:
        return None
    visible = Room.objects.visible_to(user).filter(public_id=room)
    row = visible.values_list("pk", "access_epoch").first()
    return Known(*row) if row else None


def epochs(rooms: Sequence[str]) -> dict[str, int]:
    """The access epoch of each of the rooms (public ids) that is still there."""
    found = Room.objects.filter(public_id__in=rooms)
    return dict(found.values_list("public_id", "access_epoch"))
