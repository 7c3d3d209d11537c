"""The socket, from outside: what a program that knows only the protocol can do."""

import asyncio
from collections.abc import Callable

import pytest

from accounts.models import User
from chat import actions
from chat.models import Message, Room
from tests.live import Live

Person = Callable[[str], tuple[User, str]]


@pytest.fixture
def room(live: Live, person: Person) -> Room:
    """A public room of alice's."""
    owner, _ = person("Alice")
    return actions.create_room(owner, name="Lounge")


async def test_a_message_reaches_everybody_in_the_room_and_is_acked(
    live: Live, person: Person, room: Room
) -> None:
    (_, anns), (bob, bobs) = person("Ann"), person("Bob")
    await asyncio.to_thread(actions.join_room, bob, room)
    async with live.client(anns) as reader, live.client(bobs) as writer:
        await reader.subscribe(room.public_id)
        ack = await writer.post(room.public_id, "hello **there**")
        message = await reader.expect("message", seq=2)
    assert (ack["seq"], ack["changed_seq"]) == (2, 2)  # bob joined with the first
    assert message["html"] == "<p>hello <strong>there</strong></p>"
    assert Message.objects.get(room=room, seq=2).body == "hello **there**"
