"""The side of every page: the rooms that somebody belongs to, with what is unread.

A few questions, however many rooms there are; the rows are compiled Jinja, as 500 of
them are rendered with each page.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.template.loader import get_template
from django.templatetags.static import static

from accounts.models import User
from chat.mention_tables import Mention
from chat.models import Membership, Room
from chat.notice_list import bell
from chat.titles import directs_of
from chat.unread import told_of, unread_in


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
    Section("favourites", "Favourites", lambda one: one.is_favourite),
    Section(
        "rooms",
        "Your rooms",
        lambda one: not one.room.is_direct and not one.room.is_archived,
        "You are in no room yet.",
        "Join one from the list.",
        "room_new",
        "New room",
    ),
    Section(
        "directs",
        "Direct messages",
        lambda one: one.room.is_direct,
        "Nobody yet.",
        "Write to somebody with the plus.",
        "direct_new",
        "New message",
    ),
)


@dataclass(frozen=True, slots=True)
class Row:
    """A room as its member sees it at the side."""

    room: Room
    unread: int
    mentions: int
    is_quiet: bool
    is_here: bool


@dataclass(frozen=True, slots=True)
class Listed:
    """A section with its rows."""

    section: Section
    html: str


def context(user: User, room: Room | None = None) -> dict[str, Any]:
    """What `chat/_sidebar.html` needs, and the reader's place in `room`.

    Four queries, and one for the names of direct messages where there are any.
    """
    found = Membership.objects.listed_for(user)
    here = next((one for one in found if room and one.room_id == room.pk), None)
    sections: dict[str, list[Membership]] = {one.name: [] for one in SECTIONS}
    for one in _called(found, user):
        for section in SECTIONS:
            if section.holds(one):
                sections[section.name].append(one)
                break
    unread = Mention.objects.unread_by_room([user.pk])
    mentions = {of_room: count for (_, of_room), count in unread.items()}
    listed = [
        Listed(one, _rows(sections[one.name], room, mentions)) for one in SECTIONS
    ]
    return {"sidebar": listed, "standing": here, "bell": bell(user, found).count}


def _called(found: list[Membership], user: User) -> list[Membership]:
    """The memberships with direct messages last, the latest word first, and named."""
    of_room = {one.room_id: one for one in found}
    directs = [one for one in directs_of(user) if one.pk in of_room]
    for direct in directs:
        of_room[direct.pk].room = direct
    rooms = [one for one in found if not one.room.is_direct]
    return rooms + [of_room[one.pk] for one in directs]


def row(room: Room) -> str:
    """The row of a room in which nothing is unread, for pages that are open."""
    return _rows([Membership(room=room)], None, {})


def _rows(
    memberships: Sequence[Membership], here: Room | None, mentions: Mapping[str, int]
) -> str:
    template = get_template("chat/_sidebar_rooms.jinja", using="fragments")
    rows = [_row(one, here, mentions) for one in memberships]
    return template.render({"rows": rows, "icons": static("icons.svg")})


def _row(one: Membership, here: Room | None, mentions: Mapping[str, int]) -> Row:
    now = unread_in(one), mentions.get(one.room.public_id, 0)
    unread, named = told_of(one.level, now)
    return Row(
        room=one.room,
        unread=unread,
        mentions=named,
        is_quiet=one.level == Membership.Level.NOTHING,
        is_here=one.room == here,
    )
