"""The side of every page: the rooms that somebody belongs to, with what is unread.

A few questions, however many rooms there are. 500 rows stand in a page, and nearly all
of them as in the last one: each is rendered once for all who see the same.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from django.db.models import F, QuerySet
from django.template.loader import get_template
from django.templatetags.static import static

from accounts.models import User
from chat.begun import is_begun
from chat.models import Membership, Room
from chat.notice_list import waiting
from chat.thread_unread import threads_waiting_for
from chat.titles import directs_of
from chat.unread import mentions_of, told_of
from livechat.lib.prepared import Prepared
from livechat.lib.words import marked

ROWS_KEPT = 4_096  # rendered rows in memory, about 3 MB
COUNTED_MAX = 100  # from there on a badge says 99+


class Seat(NamedTuple):
    """Somebody's place in a room, with what the side shows of both."""

    room: int  # primary key
    public_id: str
    name: str
    kind: str
    is_private: bool
    is_archived: bool
    level: str
    is_favourite: bool
    unread: int  # below 0 while a number that is passed is being stored
    is_begun: bool  # they have a draft there

    @property
    def is_direct(self) -> bool:
        """Whether it is a direct or group message."""
        return self.kind != Room.Kind.ROOM


def _seats_of(user: int) -> "QuerySet[Membership, tuple[object, ...]]":
    rows = Membership.objects.filter(user=user, room__deleted_at__isnull=True)
    counted = F("room__last_seq") - F("room__quiet_count")
    return rows.order_by("room__name", "room").values_list(
        "room",
        *(f"room__{one}" for one in ("public_id", "name", "kind", "is_private")),
        "room__is_archived",
        "level",
        "is_favourite",
        counted - (F("last_read_seq") - F("quiet_read")),
        is_begun(user),
    )


_seats = Prepared(_seats_of, int)


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the list: its name in ids, its words, and which rooms it holds."""

    name: str
    heading: str
    holds: Callable[[Seat], bool]
    empty: str = ""  # what it says when it is; without it, it is not shown then
    advice: str = ""  # not for guests, who begin nothing
    new: str = ""  # the name of the address where one more is begun
    new_label: str = ""


# In their order on the page; a room stands in the first that holds it.
SECTIONS = (
    Section("favourites", marked("Favourites"), lambda one: one.is_favourite),
    Section(
        "rooms",
        marked("Your rooms"),
        lambda one: not one.is_direct and not one.is_archived,
        marked("You are in no room yet."),
        marked("Join one from the list."),
        "room_new",
        marked("New room"),
    ),
    Section(
        "directs",
        marked("Direct messages"),
        lambda one: one.is_direct,
        marked("Nobody yet."),
        marked("Write to somebody with the plus."),
        "direct_new",
        marked("New message"),
    ),
)


class Row(NamedTuple):
    """A room as its member sees it at the side."""

    public_id: str
    name: str
    kind: str
    is_private: bool
    unread: int = 0
    mentions: int = 0
    is_quiet: bool = False
    is_here: bool = False
    is_begun: bool = False
    hue: int = 0  # of the one other person of a direct message, with their
    initials: str = ""


@dataclass(frozen=True, slots=True)
class Listed:
    """A section with its rows."""

    section: Section
    html: str


def context(user: User, here: Room | None = None) -> dict[str, Any]:
    """What `chat/_sidebar.html` needs, on the page of `here` or of no room.

    Four queries; one more where something waits, and two for direct messages.
    """
    seats = [Seat(*row) for row in _seats.rows(user.pk)]
    directs = {}
    if any(one.is_direct for one in seats):
        directs = {one.pk: one for one in directs_of(user)}
    mentions = mentions_of(user)
    rows: dict[str, list[str]] = {one.name: [] for one in SECTIONS}
    for seat in _sorted(seats, directs):
        if name := _section_of(seat):
            row = _row(seat, directs.get(seat.room), here, mentions)
            rows[name].append(_html(row))
    listed = [Listed(one, "".join(rows[one.name])) for one in SECTIONS]
    return {
        "sidebar": listed,
        "bell": waiting(user),
        "threads_waiting": threads_waiting_for(user),
    }


def _sorted(seats: list[Seat], directs: Mapping[int, Room]) -> list[Seat]:
    """The seats by name, and then those of direct messages, as those come."""
    in_directs = {one.room: one for one in seats if one.is_direct}
    rooms = [one for one in seats if not one.is_direct]
    return rooms + [in_directs[key] for key in directs if key in in_directs]


def _section_of(seat: Seat) -> str:
    return next((one.name for one in SECTIONS if one.holds(seat)), "")


def row(room: Room) -> str:
    """The row of a room in which nothing is unread, for pages that are open."""
    hue, initials = _face(room)
    return _html(
        Row(
            room.public_id,
            room.name,
            room.kind,
            room.is_private,
            hue=hue,
            initials=initials,
        )
    )


def draft_mark() -> str:
    """What stands at a room in which something is begun."""
    template = get_template("chat/_draft_mark.jinja", using="fragments")
    return template.render({"icons": static("icons.svg")})


@lru_cache(maxsize=ROWS_KEPT)
def _html(row: Row) -> str:
    template = get_template("chat/_sidebar_rooms.jinja", using="fragments")
    return template.render({"row": row, "icons": static("icons.svg")})


def _row(
    seat: Seat, direct: Room | None, here: Room | None, mentions: Mapping[str, int]
) -> Row:
    now = max(0, seat.unread), mentions.get(seat.public_id, 0)
    unread, named = told_of(seat.level, now)
    hue, initials = _face(direct)
    return Row(
        public_id=seat.public_id,
        name=direct.name if direct else seat.name,
        kind=seat.kind,
        is_private=bool(seat.is_private),
        unread=min(unread, COUNTED_MAX),
        mentions=min(named, COUNTED_MAX),
        is_quiet=seat.level == Membership.Level.NOTHING,
        is_here=here is not None and seat.room == here.pk,
        is_begun=bool(seat.is_begun),
        hue=hue,
        initials=initials,
    )


def _face(room: Room | None) -> tuple[int, str]:
    """Hue and initials of the one other person of a direct message."""
    if room is None or room.kind != Room.Kind.DIRECT or not room.others:
        return 0, ""
    return room.others[0].hue, room.others[0].initials
