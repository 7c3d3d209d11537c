"""The room's page: complete without JavaScript, and nobody's who may not see it."""

import re
from uuid import uuid4

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from chat.models import Membership, Message, Room
from tests.chat.pages import client_of, fill, room_of

PAGE_QUERIES = 14
PLACES = ("", "edit", "delete", "leave", "history?before=5")
POSTS = ("edit", "delete", "join", "leave", "messages")


def sections(page: str) -> list[str]:
    """The ids of the sections of messages, in the page's order."""
    return re.findall(r'<section class="chunk" id="([^"]+)"', page)


def rows(page: str) -> list[int]:
    """The numbers of the messages, in the page's order."""
    return [int(seq) for seq in re.findall(r'<article id="m-(\d+)"', page)]


@pytest.mark.parametrize("place", PLACES)
def test_charlie_gets_the_same_404_for_a_private_room_as_for_none(
    alice: User, charlie: User, place: str
) -> None:
    vault = room_of(alice, is_private=True)
    client = client_of(charlie)
    theirs = client.get(f"/rooms/{vault.public_id}/{place}")
    none = client.get(f"/rooms/{'x' * 12}/{place}")
    assert (theirs.status_code, none.status_code) == (404, 404)
    assert theirs.content == none.content


@pytest.mark.parametrize("place", POSTS)
def test_charlie_can_do_nothing_to_a_private_room(
    alice: User, charlie: User, place: str
) -> None:
    vault = room_of(alice, is_private=True)
    fields = {"name": "Mine", "body": "hello", "client_id": str(uuid4())}
    answer = client_of(charlie).post(f"/rooms/{vault.public_id}/{place}", fields)
    assert answer.status_code == 404
    assert Room.objects.get().name == "Lounge"
    assert Membership.objects.count() == 1


@pytest.mark.parametrize("place", ["edit", "delete", "messages"])
def test_who_does_not_belong_may_read_a_public_room_and_no_more(
    alice: User, charlie: User, place: str
) -> None:
    lounge = room_of(alice)
    client = client_of(charlie)
    page = client.get(f"/rooms/{lounge.public_id}/").content.decode()
    assert "Join the room" in page
    assert 'id="composer"' not in page
    fields = {"name": "Mine", "body": "hello", "client_id": str(uuid4())}
    assert client.post(f"/rooms/{lounge.public_id}/{place}", fields).status_code == 403


def test_a_member_may_not_edit_the_room(alice: User, bob: User) -> None:
    lounge = room_of(alice, bob)
    client = client_of(bob)
    assert client.get(f"/rooms/{lounge.public_id}/edit").status_code == 403
    page = client.get(f"/rooms/{lounge.public_id}/").content.decode()
    assert "Edit the room" not in page


def test_the_page_shows_the_newest_fifty_and_where_the_next_belongs(
    alice: User,
) -> None:
    lounge = room_of(alice)
    fill(lounge, alice, 120)
    page = client_of(alice).get(f"/rooms/{lounge.public_id}/").content.decode()
    assert rows(page) == list(range(71, 121))
    assert sections(page) == ["c-1", "c-2"]
    assert 'id="cursor" name="after" value="120"' in page
    assert f"/rooms/{lounge.public_id}/history?before=71" in page


def test_an_empty_room_has_the_section_for_its_first_message(alice: User) -> None:
    lounge = room_of(alice)
    page = client_of(alice).get(f"/rooms/{lounge.public_id}/").content.decode()
    assert sections(page) == ["c-0"]
    assert "Say hello" in page


def test_a_room_that_people_only_joined_is_still_empty(alice: User) -> None:
    lounge = room_of(alice)
    client = client_of(alice)
    fill(lounge, alice, 2)
    lounge.messages.update(kind=Message.Kind.SYSTEM)
    assert "Say hello" in client.get(f"/rooms/{lounge.public_id}/").content.decode()
    lounge.messages.filter(seq=2).update(kind=Message.Kind.TEXT)
    assert "Say hello" not in client.get(f"/rooms/{lounge.public_id}/").content.decode()


def test_older_messages_come_as_a_fragment_until_the_room_begins(alice: User) -> None:
    lounge = room_of(alice)
    fill(lounge, alice, 120)
    client = client_of(alice)
    address = f"/rooms/{lounge.public_id}/history"
    older = client.get(address, {"before": 71}).content.decode()
    assert rows(older) == list(range(21, 71))
    assert sections(older) == ["h-21"]
    assert "<html" not in older
    oldest = client.get(address, {"before": 21}).content.decode()
    assert rows(oldest) == list(range(1, 21))
    assert "Welcome to Lounge" in oldest
    assert 'id="older"' not in oldest


def test_older_messages_are_a_page_without_javascript(alice: User) -> None:
    lounge = room_of(alice)
    fill(lounge, alice, 70)
    client = client_of(alice)
    page = client.get(f"/rooms/{lounge.public_id}/", {"before": 21}).content.decode()
    assert rows(page) == list(range(1, 21))
    assert "To the newest messages" in page
    assert 'id="resume"' not in page  # nothing live would find its place here
    assert "hx-ws:send" not in page.partition('id="composer"')[2].partition("<")[0]


@pytest.mark.parametrize("before", ["", "0", "-1", "x", "9" * 30, "1.5"])
@pytest.mark.parametrize("place", ["", "history"])
def test_a_senseless_page_number_is_refused(
    alice: User, place: str, before: str
) -> None:
    lounge = room_of(alice)
    address = f"/rooms/{lounge.public_id}/{place}"
    assert client_of(alice).get(address, {"before": before}).status_code == 422


def test_the_page_asks_as_many_questions_for_fifty_messages_as_for_one(
    alice: User, bob: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    lounge = room_of(alice, bob)
    fill(lounge, bob, 1)
    client = client_of(alice)
    address = f"/rooms/{lounge.public_id}/"
    client.get(address)  # a process's first request asks whether the site is set up
    with django_assert_num_queries(PAGE_QUERIES):
        client.get(address)
    fill(lounge, alice, 120)
    for number in range(20):
        email = f"guest{number}@example.org"
        guest = User.objects.create_user(email, display_name=f"Guest {number}")
        Membership.objects.create(room=lounge, user=guest)
    with django_assert_num_queries(PAGE_QUERIES):
        client.get(address)


def test_joining_and_leaving_work_by_plain_forms(alice: User, bob: User) -> None:
    lounge = room_of(alice)
    client = client_of(bob)
    address = f"/rooms/{lounge.public_id}/"
    for _ in range(2):  # a second time changes nothing
        assert client.post(f"{address}join").headers["Location"] == address
    assert Membership.objects.filter(user=bob).count() == 1
    for _ in range(2):
        assert client.post(f"{address}leave").headers["Location"] == "/"
    assert not Membership.objects.filter(user=bob).exists()


def test_the_admin_of_a_room_edits_it(alice: User, bob: User) -> None:
    lounge = room_of(bob)
    client = client_of(bob)
    address = f"/rooms/{lounge.public_id}/edit"
    assert 'value="Lounge"' in client.get(address).content.decode()
    assert client.post(address, {"name": ""}).status_code == 422
    client.post(address, {"name": "Salon", "description": "Talk"})
    lounge.refresh_from_db()
    assert (lounge.name, lounge.description) == ("Salon", "Talk")


def test_a_room_is_deleted_only_after_the_question(alice: User) -> None:
    lounge = room_of(alice)
    fill(lounge, alice, 2)
    client = client_of(alice)
    address = f"/rooms/{lounge.public_id}/delete"
    assert "2 messages" in client.get(address).content.decode()
    assert Room.objects.exists()
    assert client.post(address).headers["Location"] == "/"
    assert not Room.objects.exists()


@pytest.mark.parametrize(
    ("others", "is_private", "said"),
    [
        (False, True, "nobody else is in it"),
        (True, True, "you neither see it nor come back by yourself"),
        (True, False, "You can join it again at any time"),
    ],
)
def test_who_leaves_is_told_first_whether_there_is_a_way_back(
    alice: User, bob: User, others: bool, is_private: bool, said: str
) -> None:
    room = room_of(alice, *([bob] if others else []), is_private=is_private)
    room.memberships.update(role=Membership.Role.ADMIN)  # the last may not leave bob
    client = client_of(alice)
    address = f"/rooms/{room.public_id}/leave"
    assert said in client.get(address).content.decode()
    assert Membership.objects.filter(user=alice).exists()
    page = client.get(f"/rooms/{room.public_id}/").content.decode()
    assert (f'href="{address}"' in page) is is_private  # the menu asks as well
    assert client.post(address).headers["Location"] == "/"
    assert not Membership.objects.filter(user=alice).exists()


def test_nobody_gets_the_stylesheet_of_another(alice: User, bob: User) -> None:
    client = client_of(alice)
    own = client.get(f"/me/{alice.public_id}.css")
    assert own.headers["Content-Type"].startswith("text/css")
    assert "immutable" in own.headers["Cache-Control"]
    assert f'[data-author="{alice.public_id}"]' in own.content.decode()
    assert client.get(f"/me/{bob.public_id}.css").status_code == 404


def test_changes_go_by_post_alone(alice: User) -> None:
    lounge = room_of(alice)
    client: Client = client_of(alice)
    for place in ("join", "messages"):
        assert client.get(f"/rooms/{lounge.public_id}/{place}").status_code == 405
    assert client.get(f"/rooms/{lounge.public_id}/leave").status_code == 200
    assert Membership.objects.filter(user=alice).exists()
