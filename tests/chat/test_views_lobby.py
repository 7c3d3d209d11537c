"""The lobby: every room that one may see, and no other."""

import re

import pytest
from pytest_django import DjangoAssertNumQueries

from accounts.http import JUST_ARRIVED
from accounts.models import User
from chat.models import Membership, Room
from livechat.lib import limits
from tests.chat.pages import client_of, fill, room_of


def test_the_lobby_lists_public_rooms_and_ones_own_private_ones(
    alice: User, bob: User
) -> None:
    room_of(alice, name="Lounge")
    room_of(bob, name="Vault", is_private=True)
    page = client_of(bob).get("/").content.decode()
    assert "Lounge" in page
    assert "Vault" in page


def test_rooms_stand_in_the_order_of_their_names(alice: User) -> None:
    for name in ("Lounge", "Attic", "Cellar"):
        room_of(alice, name=name)
    page = client_of(alice).get("/").content.decode()
    names = re.findall(r'id="room-name-\w+"[^>]*>(\w+)<', page)
    assert names == ["Attic", "Cellar", "Lounge"]


def test_charlie_does_not_learn_of_a_private_room(alice: User, charlie: User) -> None:
    vault = room_of(alice, name="Vault", is_private=True)
    page = client_of(charlie).get("/").content.decode()
    assert "Vault" not in page
    assert vault.public_id not in page


def test_a_room_offers_to_join_or_to_open(alice: User, bob: User) -> None:
    lounge = room_of(alice)
    join = f'hx-post="/rooms/{lounge.public_id}/join"'
    assert join not in client_of(alice).get("/").content.decode()
    assert join in client_of(bob).get("/").content.decode()


def test_the_lobby_asks_as_many_questions_for_twenty_rooms_as_for_one(
    alice: User, bob: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    room_of(alice, bob)
    client = client_of(alice)
    client.get("/")  # the first request of a process asks whether the site is set up
    with django_assert_num_queries(8):  # session, user, rooms, side (4), community
        client.get("/")
    for number in range(19):
        room_of(alice, bob, name=f"Room {number}")
    with django_assert_num_queries(8):
        client.get("/")


def test_a_newcomer_is_led_into_their_room_once(alice: User) -> None:
    lounge = room_of(alice)
    client = client_of(alice)
    session = client.session
    session[JUST_ARRIVED] = True
    session.save()
    assert client.get("/").headers["Location"] == f"/rooms/{lounge.public_id}/"
    assert client.get("/").status_code == 200


def test_a_stranger_is_sent_to_the_log_in(alice: User) -> None:
    assert client_of(alice).get("/").status_code == 200
    client = client_of(alice)
    client.logout()
    assert client.get("/").headers["Location"].startswith("/accounts/login/")


def test_a_room_is_made_by_a_plain_form(alice: User) -> None:
    answer = client_of(alice).post(
        "/rooms/new", {"name": "  Design ", "description": "Shapes", "is_private": "on"}
    )
    made = Room.objects.get()
    assert answer.headers["Location"] == f"/rooms/{made.public_id}/"
    assert (made.name, made.description, made.is_private) == ("Design", "Shapes", True)


def test_the_dialog_is_led_to_the_new_room_by_a_header(alice: User) -> None:
    answer = client_of(alice).post(
        "/rooms/new", {"name": "Design"}, headers={"HX-Request": "true"}
    )
    assert answer.headers["HX-Redirect"] == f"/rooms/{Room.objects.get().public_id}/"


@pytest.mark.parametrize("name", ["", "\u200b", "x" * 51, "a\x00b"])
def test_a_room_without_a_fit_name_is_not_made(alice: User, name: str) -> None:
    answer = client_of(alice).post("/rooms/new", {"name": name})
    assert answer.status_code == 422
    assert "errorlist" in answer.content.decode()
    assert not Room.objects.exists()


# Search, order and pages


def listed(page: str) -> list[str]:
    return re.findall(r'id="room-name-\w+"[^>]*>([^<]*)<', page)


def test_a_search_finds_names_topics_and_descriptions_that_one_may_see(
    alice: User, bob: User
) -> None:
    room_of(alice, name="Garden")
    Room.objects.filter(pk=room_of(alice, name="Shed").pk).update(topic="In the garden")
    Room.objects.filter(pk=room_of(alice, name="Attic").pk).update(
        description="No GARDEN here"
    )
    room_of(alice, name="Secret garden", is_private=True)
    room_of(alice, name="Cellar")
    page = client_of(bob).get("/", {"q": " garden "}).content.decode()
    assert listed(page) == ["Attic", "Garden", "Shed"]
    assert 'id="rooms"' not in page  # what is new does not come into what was found


@pytest.mark.parametrize("part", ["%", "_", "\\", "zz", "'; DROP TABLE chat_room"])
def test_a_search_takes_every_character_as_it_is(alice: User, part: str) -> None:
    room_of(alice, name="Garden")
    page = client_of(alice).get("/", {"q": part}).content.decode()
    assert listed(page) == []
    assert "No room found" in page


def test_rooms_come_in_the_order_that_one_asks_for(
    alice: User, bob: User, charlie: User
) -> None:
    first = room_of(alice, name="Cellar")
    room_of(alice, bob, charlie, name="Attic")
    room_of(alice, bob, name="Barn")
    fill(first, alice, 1)
    orders = {
        "name": ["Attic", "Barn", "Cellar"],
        "people": ["Attic", "Barn", "Cellar"],
        "new": ["Barn", "Attic", "Cellar"],
        "active": ["Cellar", "Barn", "Attic"],
        "nonsense": ["Attic", "Barn", "Cellar"],
    }
    for sort, wanted in orders.items():
        page = client_of(alice).get("/", {"sort": sort}).content.decode()
        assert listed(page) == wanted, sort


@pytest.mark.parametrize("number", ["0", "-1", "x", "9" * 30, "", "1.5"])
def test_a_senseless_page_is_the_first(alice: User, number: str) -> None:
    room_of(alice)
    page = client_of(alice).get("/", {"number": number}).content.decode()
    assert listed(page) == ["Lounge"]


def test_many_rooms_are_shown_page_by_page(
    alice: User, bob: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    Room.objects.bulk_create(
        Room(name=f"Room {number:04}", creator=alice) for number in range(1000)
    )
    Membership.objects.bulk_create(
        Membership(room=room, user=bob) for room in Room.objects.all()[:500]
    )
    client = client_of(bob)
    client.get("/")
    with django_assert_num_queries(8):
        first = client.get("/").content.decode()
    with django_assert_num_queries(8):
        second = client.get("/", {"number": 2}).content.decode()
    assert listed(first)[0] == "Room 0000"
    assert listed(second)[0] == f"Room {limits.LOBBY_PAGE_SIZE:04}"
    assert "?number=2" in first
    assert "Page 2" in second
    assert len(re.findall('<li id="side-', first)) == 500
    last = client.get("/?number=21&q=Room").content.decode()
    assert listed(last)[-1] == "Room 0999"
    assert "More rooms" not in last
