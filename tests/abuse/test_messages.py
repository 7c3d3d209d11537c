"""Hostile input to what one does to a message: a reason comes back, nothing stays."""

from typing import Any

import pytest

from accounts.models import User
from chat.models import Message, Room
from chat.versions import Version
from tests.chat.conftest import Member
from tests.chat.pages import client_of, fill, room_of
from tests.chat.test_message_changes import change
from tests.chat.test_views_messages import post
from tests.live import Live

PLACES = ("", "/menu", "/versions", "/reactions", "/edit", "/delete")

# U1, U9, U13, M13: (text, what a message may say after it was sent as an edit).
TEXTS = [
    (" \u200b\u2060\u3164\u00ad\ufeff", "one"),
    ("x" * 8_001, "one"),
    ("a\r\nb\u2028c\u0085d", "a\nb\nc\nd"),
    ("```\nnever closed", "```\nnever closed"),
    ("`" * 1_000, "one"),  # a fence around nothing
]

# M1, M3, M7, M17: none of it may become markup of the page.
MARKUP = [
    "<script>alert(1)</script>",
    "[x](javascript:alert(1))",
    '<https://evil>"onmouseover=alert(1)',
    '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1">',
    '<hx-partial hx-target="body">gone</hx-partial>',
    '<b hx-get="/logout" hx-trigger="load" id="m-1" class="edit">x</b>',
]


@pytest.mark.parametrize(("text", "wanted"), TEXTS, ids=range(len(TEXTS)))
async def test_an_edit_is_held_to_the_rules_of_a_message(
    live: Live, room: Room, member: Member, text: str, wanted: str
) -> None:
    _, token = member(room, "Bob")
    async with live.client(token) as bob:
        seq = (await bob.post(room.public_id, "one"))["seq"]
        answer = await change(bob, "edit", room, seq, body=text)
    assert answer["type"] == ("error" if wanted == "one" else "ack")
    assert (await Message.objects.aget(room=room, seq=seq)).body == wanted


@pytest.mark.parametrize("text", MARKUP, ids=range(len(MARKUP)))
async def test_markup_in_an_edit_is_text_in_the_message_and_in_its_history(
    live: Live, room: Room, member: Member, text: str
) -> None:
    user, token = member(room, "Bob")
    async with live.client(token) as bob:
        seq = (await bob.post(room.public_id, text))["seq"]
        await change(bob, "edit", room, seq, body=text + " again")
    path = f"/rooms/{room.public_id}/{seq}/edit"
    answer = await post(live, user, path, part=True, body=text)
    kept = [one.html async for one in Version.objects.all()]
    for html in (*kept, answer.text.partition("msg__bubble")[2]):
        for bad in ("<script>alert", 'href="javascript', "<img", "<math", "<b hx"):
            assert bad not in html
        assert '<hx-partial hx-target="body"' not in html


@pytest.mark.parametrize("seq", [0, 99, 2**53, 2**63, 2**64, 10**30])
@pytest.mark.parametrize("place", PLACES)
def test_a_number_that_is_no_messages_is_not_there(
    alice: User, place: str, seq: int
) -> None:
    room = room_of(alice)
    fill(room, alice, 3)
    answer = client_of(alice).get(f"/rooms/{room.public_id}/{seq}{place}")
    assert answer.status_code == 404


@pytest.mark.parametrize("place", PLACES)
def test_an_outsider_learns_nothing_of_a_private_rooms_messages(
    alice: User, charlie: User, place: str
) -> None:
    room = room_of(alice, is_private=True)
    fill(room, alice, 3)
    client = client_of(charlie)
    there = client.get(f"/rooms/{room.public_id}/2{place}")
    none = client.get(f"/rooms/nowhere12345/2{place}")
    assert (there.status_code, there.content) == (none.status_code, none.content)
    assert there.status_code == 404


FIELDS: list[dict[str, Any]] = [
    {"emoji": 1, "on": True},
    {"emoji": None, "on": True},
    {"emoji": ["👍"], "on": True},
    {"emoji": "👍", "on": "yes"},
    {"emoji": "👍", "on": 1},
    {"emoji": "👍"},
    {"on": True},
    {"emoji": "👍", "on": True, "user": "somebody"},
]


@pytest.mark.parametrize("fields", FIELDS, ids=range(len(FIELDS)))
async def test_a_reaction_of_a_wrong_shape_is_refused_and_the_socket_stays(
    live: Live, room: Room, member: Member, fields: dict[str, Any]
) -> None:
    _, token = member(room, "Bob")
    async with live.client(token) as bob:
        seq = (await bob.post(room.public_id, "one"))["seq"]
        answer = await change(bob, "react", room, seq, **fields)
        again = await bob.post(room.public_id, "two")
    assert answer["code"] in {"bad_frame", "unknown_field"}
    assert again["seq"] == seq + 1
    assert (await Message.objects.aget(room=room, seq=seq)).reactions == ""


@pytest.mark.parametrize("client_id", ["", "x", "0" * 36, "0" * 32])
async def test_an_edit_under_a_bad_id_is_refused(
    live: Live, room: Room, member: Member, client_id: str
) -> None:
    _, token = member(room, "Bob")
    async with live.client(token) as bob:
        seq = (await bob.post(room.public_id, "one"))["seq"]
        answer = await change(bob, "edit", room, seq, body="x", client_id=client_id)
    assert answer["code"] == "bad_frame"
    assert (await Message.objects.aget(room=room, seq=seq)).body == "one"
