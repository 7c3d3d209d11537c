"""How far people have read, stored: many marks in one short transaction.

Every open page says what it has seen, so marks come as often as messages do; they wait
for each other and are written together, and never in the room worker's way for long.
"""

from collections.abc import Collection, Mapping
from typing import Any

from django.db import transaction
from django.db.models import Q

from accounts.models import User
from chat import access, activity, rows, telling
from chat.models import Membership, Room
from chat.unread import ReadMark, quiet_upto

Wanted = Mapping[tuple[int, str], int]  # (user, room's public id): up to which seq
NO_ROOM, NO_MEMBER = "no_room", "forbidden"


def mark_read(user: User, room: Room, seq: int) -> int | None:
    """Remember how far the member has read, and return it: at most the newest.

    A lower number marks unread. None when they do not belong.
    """
    stored = store({(user.pk, room.public_id): seq})[user.pk, room.public_id]
    return stored if isinstance(stored, int) else None


def mark_all_read(user: User) -> int:
    """Mark each of the user's rooms read as it stands; return how many were not."""
    found = Membership.objects.filter(user=user, room__deleted_at__isnull=True)
    behind = [one for one in found.select_related("room") if _is_behind(one)]
    store({(user.pk, one.room.public_id): one.room.last_seq for one in behind})
    return len(behind)


def arrange(
    user: User,
    room: Room,
    *,
    level: str | None = None,
    is_favourite: bool | None = None,
) -> None:
    """Store what a member sets for themselves (None: as it is); tell their pages."""
    wanted: dict[str, Any] = {"level": level, "is_favourite": is_favourite}
    given = {name: value for name, value in wanted.items() if value is not None}
    Membership.objects.filter(room=room, user=user).update(**given)
    activity.tell([activity.came_or_went(room, user.pk)])


def store(
    wanted: Wanted, seen: Collection[tuple[int, str]] = ()
) -> dict[tuple[int, str], int | str]:
    """What was stored for each, or why nothing was; tells everybody's open pages.

    A lower number marks unread, but not of those that are `seen`: a page says what came
    into view, which may be late, after its person has written something below it.
    Four statements, and a question for each mark that is not at its room's end.
    """
    outcome: dict[tuple[int, str], int | str] = {}
    marks: list[tuple[Room, ReadMark]] = []
    told: list[activity.Activity] = []
    with transaction.atomic():
        for one in _members(wanted):
            key = one.user_id, one.room.public_id
            least = one.last_read_seq if key in seen else 0
            mark = _mark(one, max(wanted[key], least))
            back = [one.user_id] if mark.seq < one.last_read_seq else []
            told.append(activity.of(one.room, [mark], back=back))
            marks.append((one.room, mark))
            outcome[key] = mark.seq
        rows.keep_read([mark for _, mark in marks])
        telling.read(
            {
                (mark.user, room.public_id)
                for room, mark in marks
                if mark.seq >= room.last_seq
            }
        )
    activity.tell(told)
    for key in wanted.keys() - outcome.keys():
        outcome[key] = _refusal(*key)
    return outcome


def _members(wanted: Wanted) -> list[Membership]:
    """The memberships that are meant, with their rooms; one question."""
    if not wanted:
        return []
    pairs = Q()
    for user, room in wanted:
        pairs |= Q(user=user, room__public_id=room)
    alive = Membership.objects.filter(
        pairs, user__is_active=True, room__deleted_at__isnull=True
    )
    return list(alive.select_related("room"))


def _mark(membership: Membership, seq: int) -> ReadMark:
    """The mark, not beyond the room's end nor before what is theirs to read."""
    room = membership.room
    seq = min(max(seq, membership.reads_from_seq - 1), room.last_seq)
    return ReadMark(room.pk, membership.user_id, seq, quiet_upto(room, seq))


def _is_behind(membership: Membership) -> bool:
    return membership.last_read_seq < membership.room.last_seq


def _refusal(user_id: int, public_id: str) -> str:
    """Why somebody has nothing to mark: no such room for them, or they only look."""
    user = User.objects.filter(pk=user_id, is_active=True).first()
    visible = Room.objects.visible_to(user) if user else Room.objects.none()
    room = visible.filter(public_id=public_id).first()
    if user is None or room is None or access.can(user, "mark_read", room):
        return NO_ROOM
    return NO_MEMBER
