"""What rooms say to a push about them: may they see it, is it read, is it open."""

import time
from collections.abc import Collection

from django.db.models import F, Q

from accounts.models import User
from chat import presence
from chat.models import Membership, Room
from livechat.push.sender import Verdict

LOOK_S = 2.0

Pair = tuple[int, str]  # a user's id, a room's public id


def verdicts(pairs: Collection[Pair]) -> dict[Pair, Verdict]:
    """For each pair what is to be done; two queries a person, Redis for each room.

    With Redis away nobody has anything open.
    """
    users = User.objects.in_bulk({user for user, _ in pairs})
    looking = _looking({room for _, room in pairs})
    found: dict[Pair, Verdict] = {}
    for pk, user in users.items():
        theirs = {room for one, room in pairs if one == pk}
        for room in _wanted(user, theirs):
            found[pk, room] = _verdict(looking[room].get(user.public_id, set()))
    return found


def _verdict(states: Collection[str]) -> Verdict:
    """By how the person is shown in the room, on all of their devices."""
    if "dnd" in states:
        return Verdict.HOLD
    is_open = "online" in states or "invisible" in states
    return Verdict.WAIT if is_open else Verdict.SEND


def _wanted(user: User, rooms: Collection[str]) -> set[str]:
    """Those that the user may see, wants to hear of, and has not read to the end."""
    if not user.is_active:
        return set()
    visible = Room.objects.visible_to(user).filter(public_id__in=rooms)
    return set(visible.values_list("public_id", flat=True)) - _done(user, rooms)


def _done(user: User, rooms: Collection[str]) -> set[str]:
    """Those that the user has read to the end, or wants to hear nothing of."""
    theirs = Membership.objects.filter(user=user, room__public_id__in=rooms)
    is_read = Q(last_read_seq__gte=F("room__last_seq"), room__last_seq__gt=0)
    done = theirs.filter(is_read | Q(level=Membership.Level.NOTHING))
    return set(done.values_list("room__public_id", flat=True))


def _looking(rooms: Collection[str]) -> dict[str, dict[str, set[str]]]:
    """By room and public id how those are shown who have it open.

    A Redis that does not answer is asked for LOOK_S, not once more for each room.
    """
    end = time.monotonic() + LOOK_S
    found: dict[str, dict[str, set[str]]] = {}
    for room in rooms:
        states = found.setdefault(room, {})
        metas = presence.looking(room).values() if time.monotonic() < end else ()
        for meta in metas:
            states.setdefault(meta.user, set()).add(meta.state)
    return found
