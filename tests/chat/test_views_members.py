"""The page of a room's members: plain forms, for its admins alone."""

import re

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from chat.models import Ban, Membership, Message, Room
from tests.chat.pages import client_of, room_of

POSTS = [
    ("members", {"name": "Charlie"}),
    ("members/{user}/role", {"role": "admin"}),
    ("members/{user}/mute", {"muted": "yes"}),
    ("members/{user}/removal", {}),
    ("bans/{user}", {}),
    ("bans/{user}/end", {}),
]


@pytest.fixture
def lounge(alice: User, bob: User) -> Room:
    """alice's room, to which bob belongs."""
    return room_of(alice, bob)


def post(client: Client, room: Room, place: str, user: User, **fields: str) -> int:
    """The status of one change."""
    path = f"/rooms/{room.public_id}/" + place.format(user=user.public_id)
    return client.post(path, fields).status_code


def page_of(client: Client, room: Room) -> str:
    answer = client.get(f"/rooms/{room.public_id}/members")
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_member_sees_who_is_there_and_no_forms(bob: User, lounge: Room) -> None:
    page = page_of(client_of(bob), lounge)
    assert "Alice" in page
    assert "Manage" not in page
    assert "<form" not in page


@pytest.mark.parametrize(("place", "fields"), POSTS)
@pytest.mark.parametrize("is_private", [True, False])
def test_a_member_and_charlie_change_nothing(
    alice: User,
    bob: User,
    charlie: User,
    place: str,
    fields: dict[str, str],
    is_private: bool,
) -> None:
    room = room_of(alice, bob, is_private=is_private)
    assert post(client_of(bob), room, place, alice, **fields) == 403
    outsider = client_of(charlie)
    status = post(outsider, room, place, bob, **fields)
    assert status == (404 if is_private else 403)
    nowhere = Room(public_id="nowhere12345")
    if is_private:
        assert post(outsider, nowhere, place, bob, **fields) == 404
        address = f"/rooms/{room.public_id}/members"
        assert outsider.get(address).status_code == 404
    assert Membership.objects.count() == 2
    assert not Message.objects.exists()


def test_an_admin_adds_somebody_by_name(
    alice: User, charlie: User, lounge: Room
) -> None:
    client = client_of(alice)
    assert '<option value="Charlie">' in page_of(client, lounge)
    assert post(client, lounge, "members", alice, name=" charlie ") == 302
    assert Membership.objects.filter(room=lounge, user=charlie).exists()
    page = page_of(client, lounge)
    assert '<option value="Charlie">' not in page
    assert "Manage Charlie" in page


@pytest.mark.parametrize("name", ["", "Nobody", "\x00", "x" * 51])
def test_a_name_that_nobody_has_is_refused_with_the_form(
    alice: User, lounge: Room, name: str
) -> None:
    assert post(client_of(alice), lounge, "members", alice, name=name) == 422
    assert Membership.objects.filter(room=lounge).count() == 2


def test_an_admin_gives_roles_mutes_and_removes(
    alice: User, bob: User, lounge: Room
) -> None:
    client = client_of(alice)
    assert post(client, lounge, "members/{user}/mute", bob, muted="yes") == 302
    assert "muted ·" in page_of(client, lounge)
    his = client_of(bob).get(f"/rooms/{lounge.public_id}/").content.decode()
    assert "has muted you" in his
    assert post(client, lounge, "members/{user}/mute", bob, muted="no") == 302
    assert post(client, lounge, "members/{user}/role", bob, role="admin") == 302
    assert Membership.objects.get(user=bob).role == "admin"
    assert post(client, lounge, "members/{user}/role", bob, role="owner") == 422
    assert post(client, lounge, "members/{user}/removal", bob) == 302
    assert not Membership.objects.filter(user=bob).exists()


def test_an_admin_bans_and_takes_it_back(alice: User, bob: User, lounge: Room) -> None:
    client, his = client_of(alice), client_of(bob)
    assert post(client, lounge, "bans/{user}", bob) == 302
    assert "Lift the ban" in page_of(client, lounge)
    address = f"/rooms/{lounge.public_id}/"
    assert his.get(address).status_code == 404
    assert his.post(f"{address}join").status_code == 404
    assert lounge.name not in his.get("/").content.decode()
    refused = client.post(f"{address}members", {"name": "Bob"})
    assert refused.status_code == 422
    assert "Lift the ban first" in refused.content.decode()
    assert post(client, lounge, "bans/{user}/end", bob) == 302
    assert his.get(address).status_code == 200
    assert not Ban.objects.exists()


def test_every_form_holds_the_token_that_django_asks_for(
    alice: User, bob: User, charlie: User, lounge: Room
) -> None:
    Ban.objects.create(room=lounge, user=charlie)
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)
    page = page_of(client, lounge)
    forms = re.findall(r"<form.*?</form>", page, re.DOTALL)
    assert len(forms) == 6
    assert all("csrfmiddlewaretoken" in form for form in forms)


def test_what_does_not_fit_is_said_above_the_members(
    alice: User, bob: User, lounge: Room
) -> None:
    client = client_of(alice)
    address = f"/rooms/{lounge.public_id}/members/{alice.public_id}/role"
    answer = client.post(address, {"role": "member"}, follow=True)
    assert "You are the last admin of this room" in answer.content.decode()
    assert Membership.objects.get(user=alice).role == "admin"


def test_the_last_admin_is_told_why_they_cannot_leave(
    alice: User, bob: User, lounge: Room
) -> None:
    answer = client_of(alice).post(f"/rooms/{lounge.public_id}/leave")
    assert answer.status_code == 409
    assert "Make somebody else an admin first" in answer.content.decode()


def test_too_many_changes_get_the_seconds_to_wait(
    alice: User, bob: User, lounge: Room
) -> None:
    client = client_of(bob)
    for _ in range(20):
        for place in ("leave", "join"):
            answer = client.post(f"/rooms/{lounge.public_id}/{place}")
            if answer.status_code == 429:
                assert 1 <= int(answer.headers["Retry-After"]) <= 3
                return
    pytest.fail("forty changes were let through")


def test_the_page_asks_as_many_questions_for_many_as_for_two(
    alice: User, lounge: Room, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client = client_of(alice)
    page_of(client, lounge)
    with django_assert_num_queries(10):
        page_of(client, lounge)
    for number in range(60):
        email = f"guest{number}@example.org"
        guest = User.objects.create_user(email, display_name=f"Guest {number}")
        Membership.objects.create(room=lounge, user=guest)
    with django_assert_num_queries(10):
        page = page_of(client, lounge)
    assert "?offset=50" in page
    more = client.get(f"/rooms/{lounge.public_id}/members?offset=50").content.decode()
    assert more.count('class="member"') == 12
    senseless = client.get(f"/rooms/{lounge.public_id}/members?offset=x")
    assert senseless.status_code == 200
