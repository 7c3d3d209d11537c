"""Rooms under abuse: names, guessed links, races, rights that go while one acts.

Lines A9, R15, S15, Z4, Z8, Z18, Z25 and Z26 of the cases, as far as rooms know them.
"""

import asyncio
from collections.abc import Callable
from typing import Any, cast

import pytest
from django.http import HttpResponse
from django.test import Client

from accounts.models import Token, User
from chat import actions, members
from chat.directs import begin_direct
from chat.models import Ban, Membership, Message, Room
from chat.moderation_tables import Report, RoomInvite
from chat.room_invites import make_link
from chat.room_settings import update_room
from tests.abuse.naughty import TEXTS
from tests.abuse.rules import held
from tests.chat.asking import asked
from tests.chat.conftest import Person
from tests.chat.pages import client_of, fill, room_of
from tests.live import Live

# A browser sends no half of a surrogate pair.
TYPED = {name: one for name, one in TEXTS.items() if name != "lone surrogate"}
HIDDEN = ("\u202e", "\u2066", "\u200b", "\ufeff", "\u00ad", "\0", "\x07")


@pytest.mark.parametrize("text", TYPED.values(), ids=TYPED.keys())
@pytest.mark.parametrize("field", ["name", "topic", "description"])
def test_a_hostile_name_is_refused_or_stored_without_what_is_hidden(
    alice: User, field: str, text: str
) -> None:
    room = room_of(alice)
    client = client_of(alice)
    client.raise_request_exception = False
    form = {"name": "Lounge", field: text}

    def ask() -> HttpResponse:
        address = f"/rooms/{room.public_id}/edit"
        return cast(HttpResponse, client.post(address, form))

    status = held(ask, f"{field}: {text[:20]!r}")
    stored = getattr(Room.objects.get(pk=room.pk), field)
    assert status in {302, 422}
    assert not any(sign in stored for sign in HIDDEN)
    assert "\n" not in stored
    if status == 422:
        assert stored == ("Lounge" if field == "name" else "")
    for place in ("/", f"/rooms/{room.public_id}/", f"/rooms/{room.public_id}/audit"):
        held(reading(client, place), f"{place} with {text[:20]!r}")


def reading(client: Client, place: str, **query: str) -> Callable[[], HttpResponse]:
    return lambda: cast(HttpResponse, client.get(place, query))


@pytest.mark.parametrize("text", TYPED.values(), ids=TYPED.keys())
def test_a_hostile_search_is_only_a_search(alice: User, text: str) -> None:
    room_of(alice, name="Attic")
    begin_direct(alice, [User.objects.create_user("b@example.org", display_name="Bo")])
    client = client_of(alice)
    client.raise_request_exception = False
    before = Room.objects.count()
    for place in ("/", "/directs/new"):
        held(reading(client, place, q=text), f"{place} {text[:20]!r}")
    assert Room.objects.count() == before


@pytest.mark.parametrize(
    "code",
    ["", "x", "..", "%00", "a" * 4000, "None", "null", "%27%20OR%201=1", "\u202e"],
)
def test_a_guessed_link_leads_nowhere(alice: User, bob: User, code: str) -> None:
    room = room_of(alice, is_private=True)
    make_link(alice, room, days=1, uses=1)
    for client in (client_of(bob), Client()):
        client.raise_request_exception = False
        answer = client.get(f"/join/{code}")
        assert answer.status_code in {400, 404, 414}
        assert room.name not in answer.content.decode()
    assert RoomInvite.objects.get().uses == 0


def test_neighbours_of_a_reports_key_and_a_links_key_are_not_there(
    alice: User, bob: User, charlie: User
) -> None:
    """Z4: keys that are counted name nothing outside of one's own room."""
    theirs, own = room_of(alice, charlie, name="Theirs"), room_of(bob, name="Own")
    fill(theirs, charlie, 1)
    message = Message.objects.get(room=theirs)
    made = Report.objects.create(
        room=theirs, message=message, reporter=alice, reason="spam"
    )
    link, _ = make_link(alice, theirs, days=1, uses=1)
    client = client_of(bob)
    for key in (made.pk, made.pk + 1, 10**18, 0):
        place = f"/rooms/{own.public_id}/reports/{key}"
        client.post(place, {"outcome": "deleted"})
    for key in (link.pk, link.pk + 1, 10**18, 0):
        client.post(f"/rooms/{own.public_id}/invites/{key}/end")
    assert Report.objects.get().outcome == ""
    assert RoomInvite.objects.exists()
    assert Message.objects.get(room=theirs).deleted_at is None


def test_a_room_and_a_direct_message_that_are_not_ones_own_cannot_be_told_from_none(
    alice: User, bob: User, charlie: User
) -> None:
    """Z25: by address, by count, by search and by what is refused."""
    client = client_of(charlie)
    empty = client.get("/").content
    vault = room_of(bob, name="Vault", is_private=True)
    direct, _ = begin_direct(alice, [bob])
    fill(direct, bob, 3)
    token = b"csrfmiddlewaretoken"
    assert without(client.get("/").content, token) == without(empty, token)
    for room in (vault, direct):
        for place in ("", "members", "audit", "reports", "invites", "reports/new"):
            theirs = client.get(f"/rooms/{room.public_id}/{place}")
            none = client.get(f"/rooms/nowhere12345/{place}")
            assert (theirs.status_code, theirs.content) == (404, none.content)
    found = client.get("/", {"q": "Vault"}).content.decode()
    assert vault.public_id not in found
    assert "No room found" in found


def without(page: bytes, word: bytes) -> list[bytes]:
    """The lines of a page but those that are another each time."""
    return [one for one in page.splitlines() if word not in one and b"CSRF" not in one]


def test_the_names_of_the_sites_people_are_not_for_guests(alice: User) -> None:
    """A9: a guest searches for nobody."""
    guest = User.objects.create_user(
        "g@example.org", display_name="Gwen", role=User.Role.GUEST
    )
    for answer in (
        client_of(guest).get("/directs/new", {"q": "Al"}),
        client_of(guest).post("/directs/new", {"q": "Al", "find": "yes"}),
        Client().get("/directs/new", {"q": "Al"}),
    ):
        assert "Alice" not in answer.content.decode()


def test_who_is_banned_comes_back_by_no_way(alice: User, bob: User) -> None:
    """Z18: not by a link, by joining, or by somebody who adds them."""
    room = room_of(alice, bob)
    _, code = make_link(alice, room, days=1, uses=9)
    members.ban(alice, room, bob)
    client = client_of(bob)
    assert client.post(f"/join/{code}").status_code == 404
    assert client.post(f"/rooms/{room.public_id}/join").status_code == 404
    answer = client_of(alice).post(f"/rooms/{room.public_id}/members", {"name": "Bob"})
    assert answer.status_code == 422
    assert not room.memberships.filter(user=bob).exists()
    assert RoomInvite.objects.get().uses == 0


# On the running site: many at once, and rights that go meanwhile


async def test_a_link_lets_in_as_many_as_it_says_however_many_come_at_once(
    live: Live, person: Person
) -> None:
    def set_up() -> tuple[str, list[str]]:
        owner, _ = person("Alice")
        room = actions.create_room(owner, name="Vault", is_private=True)
        _, code = make_link(owner, room, days=1, uses=3)
        return code, [person(f"Guest{number}")[1] for number in range(16)]

    code, tokens = await asyncio.to_thread(set_up)
    body = {"code": code}
    replies = await asyncio.gather(
        *(
            asked(live, "/api/join", token, method="POST", body=body)
            for token in tokens * 2  # each of them twice
        )
    )
    assert {one.status for one in replies} == {200, 404}
    uses, count = await asyncio.to_thread(
        lambda: (RoomInvite.objects.get().uses, Membership.objects.count())
    )
    assert (uses, count) == (3, 4)


async def test_a_link_and_a_ban_at_the_same_moment_leave_nobody_in_who_is_banned(
    live: Live, person: Person
) -> None:
    """Z26: whichever comes first, they end outside."""

    def set_up(number: int) -> tuple[User, Room, User, str, str]:
        owner, _ = person(f"Alice {number}")
        user, token = person(f"Bob {number}")
        room = actions.create_room(owner, name=f"Room {number}")
        return owner, room, user, token, make_link(owner, room, days=1, uses=9)[1]

    for number in range(5):
        owner, room, user, token, code = await asyncio.to_thread(set_up, number)
        body = {"code": code}
        await asyncio.gather(
            asked(live, "/api/join", token, method="POST", body=body),
            asyncio.to_thread(members.ban, owner, room, user),
        )
        outside = await asyncio.to_thread(is_outside, room, user)
        assert outside


def is_outside(room: Room, user: User) -> bool:
    banned = Ban.objects.filter(room=room, user=user).exists()
    return banned and not room.memberships.filter(user=user).exists()


async def test_what_is_sent_while_a_room_is_closed_is_stored_before_it_or_not_at_all(
    live: Live, person: Person
) -> None:
    """Z26 again: nothing stands in the log behind the line that archives the room."""

    def set_up() -> tuple[User, Room, str]:
        owner, _ = person("Alice")
        room = actions.create_room(owner, name="Lounge")
        user, token = person("Bob")
        Membership.objects.create(room=room, user=user)
        return owner, room, token

    owner, room, token = await asyncio.to_thread(set_up)
    path = f"/api/rooms/{room.public_id}/messages"

    async def write(number: int) -> Any:
        body = {"body": f"text {number}"}
        return await asked(live, path, token, method="POST", body=body)

    first = [asyncio.create_task(write(number)) for number in range(4)]
    await asyncio.to_thread(update_room, owner, room, is_archived=True)
    replies = [*await asyncio.gather(*first), await write(9)]
    assert replies[-1].status == 403
    rows = await asyncio.to_thread(
        lambda: list(
            Message.objects.order_by("seq").values_list("kind", "event", "body")
        )
    )
    end = next(at for at, row in enumerate(rows) if "archived" in row[1])
    assert end == len(rows) - 1
    stored = sum(one.status == 201 for one in replies)
    assert stored == end


async def test_a_moderator_who_is_demoted_settles_nothing_by_the_page_that_is_open(
    live: Live, person: Person
) -> None:
    """Z26: the right is looked at when it is done, not when the page was made."""

    def set_up() -> tuple[int, Client, str]:
        owner, _ = person("Alice")
        room = actions.create_room(owner, name="Lounge")
        bob, _ = person("Bob")
        charlie, _ = person("Charlie")
        for user, role in ((bob, "moderator"), (charlie, "member")):
            Membership.objects.create(room=room, user=user, role=role)
        fill(room, charlie, 1)
        made = Report.objects.create(
            room=room, message=Message.objects.get(), reporter=owner, reason="spam"
        )
        client = client_of(bob)
        address = f"/rooms/{room.public_id}/reports"
        assert client.get(address).status_code == 200
        members.set_role(owner, room, bob, "member")
        return made.pk, client, address

    pk, client, address = await asyncio.to_thread(set_up)
    answer = await asyncio.to_thread(
        client.post, f"{address}/{pk}", {"outcome": "deleted"}
    )
    assert answer.status_code == 403
    deleted = await asyncio.to_thread(Message.objects.get, seq=1)
    assert deleted.deleted_at is None


async def test_a_storm_of_new_rooms_is_stopped_and_says_for_how_long(
    live: Live, person: Person
) -> None:
    """R15: rooms, direct messages and links cost of one bucket."""
    user, token = await asyncio.to_thread(person, "Alice")
    statuses = []
    for number in range(40):
        reply = await asked(
            live, "/api/rooms", token, method="POST", body={"name": f"R{number}"}
        )
        statuses.append(reply.status)
    assert statuses.count(429) >= 5
    assert int(reply.headers["retry-after"]) >= 1
    assert Token.objects.filter(user=user)  # nobody is put out for it
