"""The people pane: who belongs to a room, and who of them is there."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.http import Http404
from django.template.loader import get_template

from accounts.models import User, initials
from accounts.profiles import Profile, Status
from chat.fanout import partial
from chat.models import Membership, Room
from livechat.lib import limits
from livechat.lib.text import skeleton

_ORDER = {"online": 0, "dnd": 1, "idle": 2, "offline": 3}


@dataclass(frozen=True, slots=True)
class Person:
    """One row of the pane."""

    public_id: str
    name: str
    initials: str
    hue: int
    is_bot: bool
    state: str
    typing: bool
    status: Status | None


@dataclass(frozen=True, slots=True)
class Typist:
    """Somebody who types."""

    public_id: str
    name: str


def pane(
    room: Room, states: Mapping[str, str], typists: Mapping[str, str]
) -> dict[str, Any]:
    """The context of `chat/_people.html`: those who are there first, then by name.

    At most PEOPLE_PANE_MAX people are named; the counts are of everybody. Two queries.
    """
    rows = Membership.objects.people_of(room)
    people = [_person(row.user, states, typists) for row in rows]
    people.sort(key=lambda one: _ORDER[one.state])
    if len(people) < limits.PEOPLE_PANE_MAX:
        count = len(people)
    else:
        count = room.memberships.filter(user__is_active=True).count()
    return {"people": people, "member_count": count, "online_count": len(states)}


def voice_fragment(room: str, silence: str) -> bytes:
    """Why a member may not write, on their own page, or nothing (room: public id)."""
    context = {"room": room, "silence": silence}
    html = get_template("chat/_voice.html").render(context)
    return partial(f"#voice-{room}", "outerMorph", html).encode()


def addable(room: Room) -> list[str]:
    """The names of those who may be added, the first PEOPLE_PANE_MAX of them."""
    others = User.objects.filter(is_active=True).exclude(memberships__room=room)
    allowed = others.exclude(pk__in=room.bans.values("user"))
    names = allowed.order_by("display_name").values_list("display_name", flat=True)
    return list(names[: limits.PEOPLE_PANE_MAX])


def findable(user: User, part: str, chosen: Collection[User]) -> list[User]:
    """Whom the user may write to, by name: those with the part in it, not yet chosen.

    PEOPLE_FOUND_MAX of them at most.
    """
    others = User.objects.filter(is_active=True).exclude(pk=user.pk)
    others = others.exclude(pk__in=[one.pk for one in chosen])
    if part:
        others = others.filter(
            Q(display_name__icontains=part) | Q(name_skeleton__contains=skeleton(part))
        )
    return list(others.order_by("display_name")[: limits.PEOPLE_FOUND_MAX])


def person_or_404(user: User, public_id: str) -> User:
    """Somebody with an account whose card the user may see.

    Guests of the site see themselves and whom they share a room with.

    Raises:
        Http404: there is nobody, or not for them; both look the same.
    """
    people = User.objects.filter(is_active=True, public_id=public_id)
    if user.role == User.Role.GUEST:
        rooms = Membership.objects.filter(user=user).values("room")
        near = Membership.objects.filter(room__in=rooms).values("user")
        people = people.filter(Q(pk=user.pk) | Q(pk__in=near))
    if (found := people.first()) is None:
        raise Http404("Nobody here, or not for you to see.")
    return found


def _person(
    user: User, states: Mapping[str, str], typists: Mapping[str, str]
) -> Person:
    profile: Profile | None = getattr(user, "profile", None)
    return Person(
        public_id=user.public_id,
        name=user.display_name,
        initials=initials(user.display_name),
        hue=user.hue,
        is_bot=user.is_bot,
        state=states.get(user.public_id, "offline"),
        typing=user.public_id in typists,
        status=profile.status if profile else None,
    )


def people_fragment(
    room: str, states: Mapping[str, str], typists: Mapping[str, str]
) -> bytes:
    """The pane of a room (by public id) and its faces above; empty when it is gone."""
    found = Room.objects.filter(public_id=room).first()
    if found is None:
        return b""
    context = pane(found, states, typists)
    html = get_template("chat/_people.html").render(context)
    faces = get_template("chat/_facepile.html").render(context)
    fragment = partial("#people", "outerMorph", html)
    return (fragment + partial("#facepile", "outerMorph", faces)).encode()


def typing_fragment(typists: Mapping[str, str]) -> bytes:
    """The line below the messages; who types does not see their own name, by CSS."""
    people = [Typist(public_id, name) for public_id, name in typists.items()]
    html = get_template("chat/_typing.html").render({"typists": people})
    return partial("#typing", "innerMorph", html).encode()
