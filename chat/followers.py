"""What an event of a room's log means for a socket that follows the room.

The rule it guards: what a socket may hear is decided from the events in their order
alone, so that nothing above the event that shuts it out can reach it.
"""

from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Exists, QuerySet

from accounts.models import User
from chat.models import Room
from chat.silences import DESERTED, silence
from livechat.lib.feed import Event
from livechat.lib.prepared import Prepared

ENDS = frozenset({"left", "removed", "banned"})
# What these tell of the room as it is from then on.
RULES: dict[str, dict[str, Any]] = {
    "read_only": {"is_read_only": True},
    "writable": {"is_read_only": False},
    "archived": {"is_archived": True},
    "restored": {"is_archived": False},
}
# Events that end or begin a silence: of one person, and of everybody.
VOICES = frozenset({"muted", "unmuted", "role"}) | RULES.keys()
FOR_ALL = frozenset({"private"}) | RULES.keys()


@dataclass(frozen=True, slots=True)
class Known:
    """What a socket keeps of a room: its key, and what its person is there."""

    pk: int
    role: str | None = None  # None: they only read
    is_muted: bool = False
    is_read_only: bool = False
    is_archived: bool = False
    is_deserted: bool = False  # a direct message that nobody else reads any more

    @property
    def silence(self) -> str:
        """Why a member may not write here, as a sentence; empty when they may."""
        why = silence(self, self.role, is_muted=self.is_muted)
        return why or (DESERTED if self.is_deserted else "")


def visible(user_id: int, room: str) -> "QuerySet[Room]":
    """The room, by its public id, if the user is active and may see it."""
    is_active = Exists(User.objects.filter(pk=user_id, is_active=True))
    user = User(pk=user_id)
    return Room.objects.visible_to(user).filter(is_active, public_id=room)


def known(user_id: int, room: str) -> Known | None:
    """What to keep of a room, None of one that the user may not see; one query."""
    row = _key.row(user_id, room)
    return None if row is None else Known(row[0])


_key = Prepared(lambda *asked: visible(*asked).values_list("pk"), int, str)


def after(event: Event, known: Known, *, own: bool) -> Known | None:
    """What holds from the event on; None when the socket may not follow any more.

    `own`: the event is about the person behind the socket.
    """
    if event.kind == "private":
        return known if known.role else None
    if event.kind in RULES:
        return replace(known, **RULES[event.kind])
    if not own:
        return known
    if event.kind in ENDS:
        return None
    if event.kind in {"joined", "role"}:
        return replace(known, role=event.role, is_muted=False)
    if event.kind in {"muted", "unmuted"}:
        return replace(known, is_muted=event.kind == "muted")
    return known
