"""Redis dies and comes back: the web process hears answers and rooms again."""

import asyncio
from collections.abc import Callable

from django.conf import settings
from redis import Redis

from accounts.models import User
from chat import actions
from tests.live import Live, wait_until


async def test_after_redis_was_killed_a_sender_is_acked_and_a_reader_hears(
    live: Live, person: Callable[[str], tuple[User, str]]
) -> None:
    (alice, alices), (bob, bobs) = person("Alice"), person("Bob")
    room = await asyncio.to_thread(actions.create_room, alice, name="Lounge")
    await asyncio.to_thread(actions.join_room, bob, room)
    async with live.client(alices) as writer, live.client(bobs) as reader:
        await reader.subscribe(room.public_id)
        live.kill("redis")
        live.start_redis()
        await asyncio.to_thread(wait_until, _is_listened_to, "the hub listens again")
        ack = await writer.post(room.public_id, "still here")
        message = await reader.expect("message")
    assert message["seq"] == ack["seq"]


def _is_listened_to() -> bool:
    with Redis.from_url(settings.REDIS_URL) as redis:
        return bool(redis.pubsub_channels("process:*"))
