"""Hostile texts that come in pieces, so that no piece is hostile by itself."""

import uuid
from typing import Any

import pytest

from chat import actions
from chat.models import Message
from chat.streams import Chunk, Stream
from livechat.lib import limits
from livechat.lib.text import VISIBLE
from tests.abuse.naughty import TEXTS
from tests.abuse.rules import scripts_in
from tests.chat.conftest import Person
from tests.chat.test_pane import Page
from tests.live import Client, Live

REFUSALS = {"bad_text", "bad_json", "too_long", "empty"}
PIECES = 3
ANSWER_S = 20

pytestmark = pytest.mark.usefixtures("unlimited")


async def ask(client: Client, kind: str, **fields: Any) -> dict[str, Any]:
    """The answer to one intent: an ack, or an error with a sentence."""
    ref = uuid.uuid4().hex
    await client.say(kind, ref=ref, **fields)

    def is_answer(frame: dict[str, Any]) -> bool:
        is_refusal = frame["type"] == "error" and frame["code"] in REFUSALS
        return frame.get("ref") == ref or is_refusal

    answer = await client.until(is_answer, ANSWER_S)
    if answer["type"] == "error":
        assert answer["code"] in REFUSALS, answer
        assert answer["message"]
    return answer


async def send_in_pieces(client: Client, room: str, seq: int, text: str) -> str:
    """What of the text was taken."""
    taken = ""
    size = -(-len(text) // PIECES) or 1
    for at in range(0, len(text), size):
        place = {"room": room, "seq": seq, "offset": len(taken)}
        piece = text[at : at + size]
        answer = await ask(client, "append", text=piece, **place)
        if answer["type"] == "error":
            return taken
        taken += piece
    return taken


@pytest.fixture
def lounge(live: Live, person: Person) -> tuple[str, str]:
    """A room's id, and the token of who writes in it."""
    alice, token = person("Alice")
    return actions.create_room(alice, name="Lounge").public_id, token


async def test_hostile_texts_are_harmless_in_pieces_and_as_a_whole(
    live: Live, lounge: tuple[str, str]
) -> None:
    room, token = lounge
    async with Page(live, token, query="v=1&format=html") as page:
        await page.say("subscribe", room=room)
        await page.until(lambda one: "#people" in one["html"])
        for name, text in TEXTS.items():
            async with live.client(token) as program:
                seq = await written(program, room, text)
            final = f'hx-target="#m-{seq}"'
            await page.until(lambda one, final=final: final in one["html"], ANSWER_S)  # type: ignore[misc]
            assert not any(scripts_in(one["html"]) for one in page.frames), name
            page.frames.clear()
            row = Message.objects.get(seq=seq)
            assert len(row.body) <= limits.MESSAGE_MAX_LENGTH, name
            assert not scripts_in(row.html), name
            assert "<img" not in row.html, name
    assert not Stream.objects.exists()
    assert not Chunk.objects.exists()


async def written(program: Client, room: str, text: str) -> int:
    """Write as much of it as is taken, and end it; the message's number."""
    begun = await ask(program, "stream", room=room, client_id=str(uuid.uuid4()))
    seq: int = begun["seq"]
    taken = await send_in_pieces(program, room, seq, text)
    done = await ask(program, "finish", room=room, seq=seq)
    if done["type"] == "error":
        assert done["code"] == "empty"
        assert not VISIBLE.search(taken)
        await ask(program, "finish", room=room, seq=seq, reason="stopped")
    await program.say("ping", ref="there")
    await program.expect("pong", ref="there")
    return seq
