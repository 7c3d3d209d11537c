"""May this one write now? The room's rules for who belongs to it, and what to say.

Asked by the room worker under its lock, by pages and by sockets, so that the message
box and the worker never differ.
"""

from collections.abc import Collection
from typing import Protocol

from accounts.models import User
from chat.models import Membership, Room
from livechat.lib.words import marked

RUNS_TALK = frozenset({Membership.Role.ADMIN.value, Membership.Role.MODERATOR.value})

ARCHIVED = marked("This room is archived. It can be read and searched.")
MUTED = marked("An admin or moderator of this room has muted you. You can still read.")
READ_ONLY = marked("Only admins and moderators write in this room. You can read along.")
DESERTED = marked(
    "Nobody else here has an account any more. You can read, but not write."
)
BLOCKED = marked("You and this person cannot write to each other.")
SLOW = marked("This room is in slow mode. Try again in {0} s.")


class Rules(Protocol):
    """What a room says of writing; a `Room`, or what a socket keeps of one."""

    @property
    def is_read_only(self) -> bool: ...

    @property
    def is_archived(self) -> bool: ...


def silence(rules: Rules, role: str | None, *, is_muted: bool) -> str:
    """Why a member may not write, as a sentence; empty when they may."""
    if rules.is_archived:
        return ARCHIVED
    if is_muted:
        return MUTED
    if rules.is_read_only and role not in RUNS_TALK:
        return READ_ONLY
    return ""


def active_among(people: Collection[int]) -> set[int]:
    """Those of the people (primary keys) whose account is open; one query."""
    found = User.objects.filter(pk__in=people, is_active=True)
    return set(found.values_list("pk", flat=True))


def is_deserted(room: Room) -> bool:
    """Whether it is a direct message in which at most one account is still open.

    One query for a direct or group message, else none.
    """
    people = room.people_keys
    return bool(people) and len(active_among(people)) < 2


def slow_wait_s(
    room: Room, role: str | None, last_at: float | None, now: float
) -> float:
    """The seconds that a plain member has to wait in slow mode; 0: write.

    `last_at`: when they last wrote, in seconds since 1970 as `now` is. A clock that
    went back makes nobody wait longer than the room asks for.
    """
    if not room.slow_mode_s or last_at is None or role in RUNS_TALK:
        return 0.0
    return min(float(room.slow_mode_s), max(0.0, last_at + room.slow_mode_s - now))
