"""Slash commands where they are none, and hostile words behind those that are."""

from functools import partial
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import pytest

from accounts.models import Token, User
from chat.models import Message, Room
from tests.abuse.naughty import TEXTS
from tests.abuse.rules import held
from tests.chat.pages import client_of, room_of
from tests.live import Live

NEVER = "/topic never"


@pytest.fixture
def lounge(live: Live, alice: User) -> Room:
    """A room that alice runs, so that she may give every command."""
    return room_of(alice)


@pytest.mark.parametrize(
    "body",
    [f"> {NEVER}", f"```\n{NEVER}\n```", f"`{NEVER}`", f" {NEVER}", f"\n{NEVER}"],
    ids=["quoted", "code block", "code", "behind a space", "second line"],
)
def test_a_command_inside_a_text_is_text(lounge: Room, alice: User, body: str) -> None:
    fields = {"client_id": str(uuid4()), "body": body}
    client_of(alice).post(f"/rooms/{lounge.public_id}/messages", fields)
    lounge.refresh_from_db()
    assert lounge.topic == ""
    assert Message.objects.filter(room=lounge).count() == 1


async def test_what_a_program_writes_or_edits_is_no_command(
    live: Live, lounge: Room, alice: User
) -> None:
    async with live.client(Token.issue(alice)) as client:
        await client.subscribe(lounge.public_id)
        posted = await client.post(lounge.public_id, NEVER)
        again = {"room": lounge.public_id, "seq": posted["seq"], "body": f"{NEVER}!"}
        await client.say("edit", **again)
        assert (await client.expect("changed"))["body"] == f"{NEVER}!"
    lounge.refresh_from_db()
    assert lounge.topic == ""


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_hostile_words_behind_a_command_are_stored_clean_or_refused(
    alice: User, text: str
) -> None:
    room = room_of(alice)
    client: Any = client_of(alice)  # whose answers are responses, patched
    for name in ("topic", "invite", "help", "nothing"):
        fields = {"client_id": str(uuid4()), "body": f"/{name} {text}"}
        order = partial(
            client.post,
            f"/rooms/{room.public_id}/messages",
            urlencode(fields, errors="surrogatepass"),
            content_type="application/x-www-form-urlencoded",
        )
        held(order, f"/{name}")
    held(lambda: client.get(f"/rooms/{room.public_id}/"), "the page afterwards")
    room.refresh_from_db()
    assert not {"\n", "\r", "\0"} & set(room.topic)


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_hostile_words_find_suggestions_or_are_refused(alice: User, text: str) -> None:
    room = room_of(alice)
    fields = {"kind": "/", "at": "1", "q": text.encode("utf-8", "surrogatepass")}
    client: Any = client_of(alice)
    address = f"/rooms/{room.public_id}/suggest"
    held(lambda: client.get(address, fields), "suggestions")
    held(lambda: client.get("/palette", {"q": fields["q"]}), "the palette")
