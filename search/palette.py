"""What the command palette finds: rooms, people, messages and places of the site.

The rule it guards: each part asks the access of its kind, and finds nothing beyond it.
"""

from collections.abc import Callable
from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext, gettext_noop

from accounts.models import User
from chat.models import Message, Room
from chat.people import findable
from chat.titles import directs_of
from livechat.lib import limits
from livechat.lib.markdown import plain_text
from search.words import messages_with

MESSAGE_FROM_LENGTH = 2  # letters from which messages are looked for


@dataclass(frozen=True, slots=True)
class Hit:
    """One line: where it leads, what it says and of what kind it is.

    `user`: the public id of whom it begins a direct message with, which is no address.
    `rank`: among rooms and people, the lower the earlier.
    """

    href: str
    label: str
    kind: str
    icon: str
    user: str = ""
    rank: int = 1


# Places by the name of their address; the last says who may go there.
PLACES: tuple[tuple[str, str, str, Callable[[User], bool]], ...] = (
    ("lobby", gettext_noop("All rooms"), "grid", lambda user: True),
    (
        "room_new",
        gettext_noop("New room"),
        "plus",
        lambda user: user.role != User.Role.GUEST,
    ),
    (
        "direct_new",
        gettext_noop("New message"),
        "edit",
        lambda user: user.role != User.Role.GUEST,
    ),
    ("notices", gettext_noop("Notifications"), "bell", lambda user: True),
    ("reminders", gettext_noop("Reminders"), "clock", lambda user: True),
    ("profile", gettext_noop("Profile and settings"), "person", lambda user: True),
    ("shortcuts", gettext_noop("Keyboard shortcuts"), "list", lambda user: True),
    ("invites", gettext_noop("Invite people"), "mail", lambda user: user.is_staff),
)


def hits(user: User, text: str) -> list[Hit]:
    """What fits the text, at most PALETTE_EACH_MAX of each kind; six queries at most.

    Somebody whose name begins with the text comes first, and groups after rooms and
    people. Without a text: the rooms that the user belongs to, and all places.
    """
    found = [*_rooms(user, text), *_directs(user, text)]
    if text:
        found += _people(user, text)
        found.sort(key=lambda hit: hit.rank)
    found += _places(user, text)
    if len(text) >= MESSAGE_FROM_LENGTH:
        found += _messages(user, text)
    return found


def _rooms(user: User, text: str) -> list[Hit]:
    rooms = Room.objects.joined_by(user)
    if text:
        seen = Room.objects.visible_to(user).without_directs()
        rooms = seen.filter(name__icontains=text, is_archived=False)
    first = rooms.order_by("name", "pk")[: limits.PALETTE_EACH_MAX]
    return [
        _room(room, gettext("room"), "lock" if room.is_private else "hash")
        for room in first
    ]


def _room(room: Room, kind: str, icon: str, rank: int = 1) -> Hit:
    address = reverse("room", args=[room.public_id])
    return Hit(address, room.name, kind, icon, rank=rank)


def _directs(user: User, text: str) -> list[Hit]:
    part, kind = text.casefold(), gettext("direct message")
    fitting = [
        _room(room, kind, "people", _rank(room.name, text, len(room.others)))
        for room in directs_of(user)
        if part in room.name.casefold()
    ]
    return _first(fitting, text)


def _people(user: User, text: str) -> list[Hit]:
    """People, for those who may write to somebody."""
    if user.role == User.Role.GUEST:
        return []
    kind = gettext("person")
    fitting = [
        Hit("", str(one), kind, "mail", user=one.public_id, rank=_rank(str(one), text))
        for one in findable(user, text, ())
    ]
    return _first(fitting, text)


def _rank(name: str, text: str, people: int = 1) -> int:
    """0: one person, whose name begins with the text; 1: another one; 2: a group."""
    if people > 1:
        return 2
    return 0 if name.casefold().startswith(text.casefold()) else 1


def _first(fitting: list[Hit], text: str) -> list[Hit]:
    """As many as are shown; without a text in the order that they have."""
    if text:
        fitting.sort(key=lambda hit: hit.rank)
    return fitting[: limits.PALETTE_EACH_MAX]


def _places(user: User, text: str) -> list[Hit]:
    part = text.casefold()
    return [
        Hit(reverse(name), gettext(label), gettext("page"), icon)
        for name, label, icon, may_go in PLACES
        if may_go(user) and part in gettext(label).casefold()
    ]


def _messages(user: User, text: str) -> list[Hit]:
    return [
        Hit(
            _place_of(one),
            _said(one),
            one.room.name or gettext("direct message"),
            "list",
        )
        for one in messages_with(user, text, limits.PALETTE_EACH_MAX)
    ]


def _place_of(message: Message) -> str:
    """The page of the log that holds the message, and the message on it."""
    address = reverse("room", args=[message.room.public_id])
    is_near = message.room.last_seq - message.seq < limits.PAGE_SIZE
    if is_near or not message.in_room:
        return f"{address}{message.place}"
    after = message.seq + limits.PAGE_SIZE // 2
    return f"{address}?before={after}#m-{message.seq}"


def _said(message: Message) -> str:
    words = plain_text(message.html, max_length=limits.PALETTE_LINE_LENGTH)
    return f"{message.author.display_name}: {words}"
