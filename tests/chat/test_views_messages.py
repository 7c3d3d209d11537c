"""The pages of one message: its menu, its form, the question before its end."""

import re
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from chat.models import Membership, Message, Room
from tests.chat.asking import Reply, asked, cookie_of
from tests.chat.conftest import Member
from tests.chat.pages import client_of, fill, room_of
from tests.live import Live

CSRF = "t" * 32


@pytest.fixture
def lounge(alice: User, bob: User) -> Room:
    """A public room with three messages of bob's, that alice runs."""
    room = room_of(alice, bob)
    fill(room, bob, 3)
    return room


def get(client: Client, room: Room, place: str, *, part: bool = True) -> str:
    headers = {"HX-Request": "true"} if part else {}
    answer = client.get(f"/rooms/{room.public_id}/{place}", headers=headers)
    assert answer.status_code == 200, answer.status_code
    return answer.content.decode()


def test_the_menu_holds_what_one_may_do_and_nothing_else(
    alice: User, bob: User, charlie: User, lounge: Room
) -> None:
    offered = {
        user: set(
            re.findall(
                r"Edit|Delete|Earlier texts", get(client_of(user), lounge, place)
            )
        )
        for user in (alice, bob, charlie)
        for place in ["2/menu"]
    }
    assert offered == {
        alice: {"Delete"},
        bob: {"Edit", "Delete"},
        charlie: set(),
    }
    Message.objects.filter(room=lounge, seq=2).update(edited_at=timezone.now())
    assert "Earlier texts" in get(client_of(charlie), lounge, "2/menu")


def test_the_menu_leads_to_who_wrote_it_and_not_to_oneself(
    alice: User, bob: User, lounge: Room
) -> None:
    card = f'href="/people/{bob.public_id}"'
    for part in (True, False):
        assert card in get(client_of(alice), lounge, "2/menu", part=part)
        assert card not in get(client_of(bob), lounge, "2/menu", part=part)


def test_who_is_muted_may_delete_and_not_edit(bob: User, lounge: Room) -> None:
    Membership.objects.filter(user=bob).update(is_muted=True)
    menu = get(client_of(bob), lounge, "2/menu")
    assert "Delete" in menu
    assert "Edit" not in menu
    refused = client_of(bob).get(f"/rooms/{lounge.public_id}/2/edit")
    assert refused.status_code == 403


def test_every_part_is_a_page_without_javascript(bob: User, lounge: Room) -> None:
    client = client_of(bob)
    for place in ("2/menu", "2/edit", "2/delete", "2/versions"):
        page = get(client, lounge, place, part=False)
        assert page.startswith("<!doctype html>")
        assert "popovertarget" not in page
        assert not get(client, lounge, place).startswith("<!doctype html>")


def test_the_last_message_of_ones_own_is_the_one_that_is_edited(
    alice: User, bob: User, lounge: Room
) -> None:
    Message.objects.filter(room=lounge, seq=3).update(author=alice)
    page = get(client_of(bob), lounge, "edit-last")
    assert 'hx-target="#m-2"' in page
    assert 'id="edit-2"' in page
    Message.objects.filter(room=lounge).update(author=alice)
    answer = client_of(bob).get(f"/rooms/{lounge.public_id}/edit-last")
    assert answer.status_code == 204


@pytest.mark.parametrize(
    ("seq", "place"),
    [(120, "#m-120"), (71, "#m-71"), (70, "?before=95#m-70"), (1, "?before=26#m-1")],
)
def test_a_messages_address_opens_the_page_that_holds_it(
    alice: User, seq: int, place: str
) -> None:
    room = room_of(alice)
    fill(room, alice, 120)
    client = client_of(alice)
    answer = client.get(f"/rooms/{room.public_id}/{seq}")
    assert answer.headers["Location"] == f"/rooms/{room.public_id}/{place}"
    page = client.get(answer.headers["Location"]).content.decode()
    assert f'id="m-{seq}"' in page
    assert ("Newer messages" in page) == (seq < 71)


def test_from_an_old_page_one_goes_on_to_the_next(alice: User) -> None:
    room = room_of(alice)
    fill(room, alice, 120)
    page = get(client_of(alice), room, "?before=31", part=False)
    assert 'href="?before=81"' in page
    page = get(client_of(alice), room, "?before=81", part=False)
    assert 'id="m-31"' in page
    assert 'id="m-80"' in page
    page = get(client_of(alice), room, "?before=121", part=False)
    assert "Newer messages" not in page


async def post(
    live: Live, user: User, path: str, *, part: bool = False, **form: str
) -> Reply:
    headers = {
        "Cookie": f"csrftoken={CSRF}; sessionid={cookie_of(user)}",
        "Content-Type": "application/x-www-form-urlencoded",
        "Origin": live.url,
    }
    if part:
        headers["HX-Request"] = "true"
    body = urlencode({**form, "csrfmiddlewaretoken": CSRF}).encode()
    return await asked(live, path, method="POST", body=body, headers=headers)


async def test_a_plain_form_edits_and_deletes(
    live: Live, room: Room, member: Member
) -> None:
    user, token = member(room, "Bob")
    async with live.client(token) as bob:
        seq = (await bob.post(room.public_id, "one"))["seq"]
    path = f"/rooms/{room.public_id}/{seq}"
    edited = await post(live, user, f"{path}/edit", body="two")
    row = await Message.objects.aget(room=room, seq=seq)
    deleted = await post(live, user, f"{path}/delete")
    gone = await Message.objects.aget(room=room, seq=seq)
    place = f"/rooms/{room.public_id}/#m-{seq}"
    assert (edited.status, edited.headers["location"]) == (302, place)
    assert row.body == "two"
    assert (deleted.status, gone.body) == (302, "")


async def test_htmx_gets_the_message_in_its_new_state(
    live: Live, room: Room, member: Member
) -> None:
    user, token = member(room, "Bob")
    async with live.client(token) as bob:
        seq = (await bob.post(room.public_id, "one"))["seq"]
    path = f"/rooms/{room.public_id}/{seq}"
    edited = await post(live, user, f"{path}/edit", part=True, body="**two**")
    deleted = await post(live, user, f"{path}/delete", part=True)
    assert f'hx-target="#edit-{seq}" hx-swap="delete"' in edited.text
    assert "<strong>two</strong>" in edited.text
    assert "This message was deleted." in deleted.text


@pytest.mark.parametrize(
    ("text", "why"), [(" \u200b\u2060 ", "empty"), ("x" * 8001, "too long")]
)
async def test_a_text_that_is_refused_comes_back_with_the_reason(
    live: Live, room: Room, member: Member, text: str, why: str
) -> None:
    user, token = member(room, "Bob")
    async with live.client(token) as bob:
        seq = (await bob.post(room.public_id, "one"))["seq"]
    path = f"/rooms/{room.public_id}/{seq}/edit"
    answer = await post(live, user, path, part=True, body=text)
    assert answer.status == 422
    assert 'role="alert"' in answer.text
    assert text.strip() in answer.text
    assert (await Message.objects.aget(room=room, seq=seq)).body == "one"
