"""A refused message names its room, so that "Try again" knows where it belongs."""

import uuid

import msgspec
import pytest
import redis.asyncio
from django.conf import settings

from chat.acks import pending_fragment
from chat.answers import refused
from chat.inbox import PostIntent, stream
from chat.models import Room
from tests.chat.conftest import Member
from tests.live import Live


@pytest.mark.parametrize("code", ["storage_full", "internal", "no_room"])
def test_the_bubble_of_a_refused_message_can_be_sent_again(code: str) -> None:
    intent = PostIntent(
        1, 2, 0, uuid.uuid4(), "Hello", None, "web", "socket", None, public_id="vault"
    )
    answer = refused(intent, None, code, "Not now.")
    assert answer.room == "vault"
    assert b'name="room" value="vault"' in pending_fragment(answer, "refused")


async def test_a_socket_names_the_room_of_its_message(
    faulty: Live, room: Room, member: Member
) -> None:
    _, token = member(room, "Bob")
    store = redis.asyncio.Redis.from_url(settings.REDIS_URL)
    async with faulty.client(token) as client, store:
        faulty.kill("worker")
        await client.say(
            "send", room=room.public_id, client_id=str(uuid.uuid4()), body="Hello"
        )
        await client.say("ping")
        await client.expect("pong")  # the frame before it was handled
        [(_, fields)] = await store.xrange(stream(room.shard))
    intent = msgspec.msgpack.decode(fields[b"i"], type=PostIntent)
    assert (intent.room, intent.public_id) == (room.pk, room.public_id)
