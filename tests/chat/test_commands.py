"""Slash commands: they run as their writer, and what is none keeps its text."""

from typing import Any
from uuid import uuid4

import pytest

from accounts.models import User
from chat.commands import COMMANDS
from chat.models import Message, Room
from tests.chat.conftest import Member, Person
from tests.chat.pages import client_of, room_of
from tests.live import Client, Live

Fields = dict[str, Any]


def command(room: Room, body: str) -> Fields:
    """The fields of a frame that may hold a command."""
    client_id = str(uuid4())
    fields = {"room": room.public_id, "client_id": client_id, "body": body}
    return {**fields, "commands": True}


async def answer(client: Client, room: Room, body: str) -> Fields:
    """What is answered to a text that may be a command."""
    fields = command(room, body)
    await client.say("send", **fields)
    return await client.until(
        lambda frame: (
            frame["type"] in {"ack", "error", "notice"}
            and frame.get("client_id") == fields["client_id"]
        )
    )


def log(room: Room, kind: str = "text") -> list[str]:
    rows = Message.objects.filter(room=room, kind=kind).order_by("seq")
    return list(rows.values_list("body", flat=True))


@pytest.fixture
def lounge(alice: User, bob: User) -> Room:
    """A room of alice's that bob belongs to."""
    return room_of(alice, bob)


@pytest.mark.parametrize(
    ("body", "posted"),
    [
        ("/me waves  at\nall", "*Bob waves at all*"),
        ("//usr is a folder", "/usr is a folder"),
        ("no /command", "no /command"),
        ("/ME waves", "*Bob waves*"),
    ],
)
async def test_what_a_command_says_is_posted_by_its_writer(
    live: Live, room: Room, member: Member, body: str, posted: str
) -> None:
    _, token = member(room, "Bob")
    async with live.client(token) as client:
        assert (await answer(client, room, body))["type"] == "ack"
    assert log(room) == [posted]


async def test_a_text_of_a_program_is_no_command_unless_it_says_so(
    live: Live, room: Room, member: Member
) -> None:
    _, token = member(room, "Bob")
    async with live.client(token) as client:
        await client.post(room.public_id, "/nothing of the kind")
    assert log(room) == ["/nothing of the kind"]


async def test_an_admin_changes_the_topic_and_only_they_are_told_so(
    live: Live, room: Room, member: Member, person: Person
) -> None:
    _, token = member(room, "Bob")
    room.memberships.filter(user__display_name="Bob").update(role="admin")
    async with live.client(token) as client:
        told = await answer(client, room, "/topic All about tea")
    assert told["type"] == "notice"
    room.refresh_from_db()
    assert room.topic == "All about tea"
    assert log(room) == []


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("/topic mine", "forbidden"),
        ("/invite Alice", "forbidden"),
        ("/topic", "bad_command"),
        ("/me", "bad_command"),
        ("/nothing", "bad_command"),
        ("/", "bad_command"),
    ],
)
async def test_what_is_no_command_of_a_member_is_refused_and_posts_nothing(
    live: Live, room: Room, member: Member, body: str, code: str
) -> None:
    _, token = member(room, "Bob")
    async with live.client(token) as client:
        refused = await answer(client, room, body)
    assert (refused["type"], refused["code"]) == ("error", code)
    assert refused["message"]
    assert log(room) == []


async def test_an_outsider_and_a_muted_member_give_no_commands(
    live: Live, private: Room, room: Room, member: Member, person: Person
) -> None:
    _, muted = member(room, "Bob")
    room.memberships.filter(user__display_name="Bob").update(is_muted=True)
    _, outsider = person("Charlie")
    async with live.client(outsider) as client:
        fields = command(private, "/help")
        await client.say("send", **fields)
        assert (await client.expect("error"))["code"] == "no_room"
    async with live.client(muted) as client:
        assert (await answer(client, room, "/help"))["code"] == "forbidden"


async def test_help_names_every_command(live: Live, room: Room, member: Member) -> None:
    _, token = member(room, "Bob")
    async with live.client(token) as client:
        told = await answer(client, room, "/help")
    assert all(f"/{name}" in told["text"] for name in COMMANDS)


def test_a_plain_form_gives_commands_too(
    live: Live, alice: User, charlie: User, lounge: Room
) -> None:
    client = client_of(alice)
    address = f"/rooms/{lounge.public_id}/messages"
    fields = {"client_id": str(uuid4()), "body": "/invite charlie"}
    page = client.post(address, fields, follow=True).content.decode()
    assert "Charlie belongs to this room now." not in page  # the log says so
    assert lounge.memberships.filter(user=charlie).exists()


def test_a_plain_form_keeps_the_text_of_an_unknown_command(
    alice: User, lounge: Room
) -> None:
    fields = {"client_id": str(uuid4()), "body": "/wave <hello>"}
    answered = client_of(alice).post(f"/rooms/{lounge.public_id}/messages", fields)
    page = answered.content.decode()
    assert answered.status_code == 422
    assert "/wave &lt;hello&gt;</textarea>" in page
    assert "There is no command /wave." in page


def test_commands_are_proposed_at_the_beginning_of_a_text_only(
    alice: User, lounge: Room
) -> None:
    client = client_of(alice)
    address = f"/rooms/{lounge.public_id}/suggest"
    at_the_start = client.get(address, {"kind": "/", "q": "to", "at": "1"})
    assert 'data-value="/topic"' in at_the_start.content.decode()
    later = client.get(address, {"kind": "/", "q": "to", "at": "9"})
    assert later.content.decode().strip() == ""


@pytest.mark.parametrize("kind", ["", "x", "//", "#"])
def test_an_unknown_kind_of_suggestion_is_refused(
    alice: User, lounge: Room, kind: str
) -> None:
    address = f"/rooms/{lounge.public_id}/suggest"
    assert client_of(alice).get(address, {"kind": kind}).status_code == 422


@pytest.mark.parametrize(
    ("query", "proposed"),
    [("rocke", True), ("", False), ("r", False), (")", False), ("30", False)],
)
def test_emoji_are_proposed_by_name_from_the_second_letter_on(
    alice: User, lounge: Room, query: str, proposed: bool
) -> None:
    address = f"/rooms/{lounge.public_id}/suggest"
    shown = client_of(alice).get(address, {"kind": ":", "q": query, "at": "1"})
    assert ('data-value="🚀"' in shown.content.decode()) is proposed


def test_the_pane_of_emoji_shows_a_choice_or_what_is_called_so(alice: User) -> None:
    client = client_of(alice)
    assert client.get("/emoji").content.decode().count("data-insert=") > 40
    assert 'data-insert="🚀"' in client.get("/emoji", {"q": "rocket"}).content.decode()
    nothing = client.get("/emoji", {"q": "<b>"}).content.decode()
    assert "No emoji is called that" in nothing
    assert "<b>" not in nothing
