"""What a direct or group message is called: the names of the others, for each viewer.

Names change, so nothing of it is stored; `Room.name` of such a room is empty.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from accounts.models import User
from chat.models import Membership, Room
from livechat.lib.words import marked

NAMED = 4  # people in a title; of more it says how many
ALONE = marked("Nobody else")  # the others' accounts were deleted


def entitle(rooms: Iterable[Room], viewer: User) -> None:
    """Give each direct its `others` and, unsaved, its `name`; one query for all.

    No query where there is none.
    """
    directs = [room for room in rooms if room.is_direct]
    if not directs:
        return
    rows = Membership.objects.filter(room__in=directs).exclude(user=viewer)
    others: defaultdict[int, list[User]] = defaultdict(list)
    for row in rows.select_related("user").order_by("user__display_name", "pk"):
        others[row.room_id].append(row.user)
    for room in directs:
        room.others = others[room.pk]
        room.name = title(room.others)


def directs_of(user: User) -> list[Room]:
    """The user's direct and group messages, called by the others; two queries."""
    rooms = list(Room.objects.directs_of(user))
    entitle(rooms, user)
    return rooms


def title(others: Sequence[User]) -> str:
    """The others' names in a row."""
    names = [user.shown_name for user in others]
    if not names:
        return ALONE
    if len(names) > NAMED:
        more = len(names) - NAMED + 1
        return marked("{0} and {1} more", ", ".join(names[: NAMED - 1]), more)
    if len(names) == 1:
        return names[0]
    return marked("{0} and {1}", ", ".join(names[:-1]), names[-1])
