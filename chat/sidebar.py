"""The side of every page: the rooms that somebody belongs to, with what is unread.

A few questions, however many rooms there are. 500 rows stand in a page, and nearly all
of them as in the last one: each is rendered once for all who see the same.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.template.loader import get_template
from django.templatetags.static import static

from accounts.models import User
from chat.models import Membership, Room
from chat.notice_list import waiting
from chat.thread_unread import threads_waiting_for
from chat.titles import directs_of
from chat.unread import mentions_of, told_of, unread_in
from livechat.lib.words import marked

ROWS_KEPT = 4_096  # rendered rows in memory, about 3 MB
COUNTED_MAX = 100  # from there on a badge says 99+


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the list: its name in ids, its words, and which rooms it holds."""

    name: str
    heading: str
    holds: Callable[[Membership], bool]
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
        lambda one: not one.room.is_direct and not one.room.is_archived,
        marked("You are in no room yet."),
        marked("Join one from the list."),
        "room_new",
        marked("New room"),
    ),
    Section(
        "directs",
        marked("Direct messages"),
        lambda one: one.room.is_direct,
        marked("Nobody yet."),
        marked("Write to somebody with the plus."),
        "direct_new",
        marked("New message"),
    ),
)


@dataclass(frozen=True, slots=True)
class Row:
    """A room as its member sees it at the side."""

    public_id: str
    name: str
    kind: str
    is_private: bool
    unread: int
    mentions: int
    is_quiet: bool
    is_here: bool
    hue: int = 0  # of the one other person of a direct message, with their
    initials: str = ""


@dataclass(frozen=True, slots=True)
class Listed:
    """A section with its rows."""

    section: Section
    html: str


def context(user: User, room: Room | None = None) -> dict[str, Any]:
    """What `chat/_sidebar.html` needs, and the reader's place in `room`.

    Four queries, and two for direct messages where there are any.
    """
    found = Membership.objects.listed_for(user)
    here = next((one for one in found if room and one.room_id == room.pk), None)
    sections: dict[str, list[Membership]] = {one.name: [] for one in SECTIONS}
    for one in _called(found, user):
        for section in SECTIONS:
            if section.holds(one):
                sections[section.name].append(one)
                break
    mentions = mentions_of(user)
    listed = [
        Listed(one, _rows(sections[one.name], room, mentions)) for one in SECTIONS
    ]
    return {
        "sidebar": listed,
        "standing": here,
        "bell": waiting(user, found),
        "threads_waiting": threads_waiting_for(user),
    }


def _called(found: list[Membership], user: User) -> list[Membership]:
    """The memberships with direct messages last, the latest word first, and named."""
    rooms = [one for one in found if not one.room.is_direct]
    if len(rooms) == len(found):
        return rooms
    of_room = {one.room_id: one for one in found}
    directs = [one for one in directs_of(user) if one.pk in of_room]
    for direct in directs:
        of_room[direct.pk].room = direct
    return rooms + [of_room[one.pk] for one in directs]


def row(room: Room) -> str:
    """The row of a room in which nothing is unread, for pages that are open."""
    return _rows([Membership(room=room)], None, {})


def _rows(
    memberships: Sequence[Membership], here: Room | None, mentions: Mapping[str, int]
) -> str:
    rows = (_row(one, here, mentions) for one in memberships)
    return "".join(map(_html, rows))


@lru_cache(maxsize=ROWS_KEPT)
def _html(row: Row) -> str:
    template = get_template("chat/_sidebar_rooms.jinja", using="fragments")
    return template.render({"row": row, "icons": static("icons.svg")})


def _row(one: Membership, here: Room | None, mentions: Mapping[str, int]) -> Row:
    room = one.room
    now = unread_in(one), mentions.get(room.public_id, 0)
    unread, named = told_of(one.level, now)
    others = room.others if room.kind == Room.Kind.DIRECT else ()
    return Row(
        public_id=room.public_id,
        name=room.name,
        kind=room.kind,
        is_private=room.is_private,
        unread=min(unread, COUNTED_MAX),
        mentions=min(named, COUNTED_MAX),
        is_quiet=one.level == Membership.Level.NOTHING,
        is_here=here is not None and room.pk == here.pk,
        hue=others[0].hue if others else 0,
        initials=others[0].initials if others else "",
    )
