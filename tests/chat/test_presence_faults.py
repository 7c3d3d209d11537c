"""Presence and typing, seen from another process, while something stalls or dies."""

import asyncio
import time
from typing import Any

import redis.asyncio
from django.conf import settings

from chat.models import Room
from tests.chat.conftest import Member
from tests.chat.watching import Viewer, inside
from tests.live import Live


async def test_a_process_that_stood_still_is_gone_and_puts_its_people_back_at_once(
    faulty: Live, room: Room, member: Member, viewer: Viewer
) -> None:
    bob, token = member(room, "Bob")
    async with inside(faulty, token, room):
        await viewer.sees(bob)
        faulty.freeze("web")
        assert await viewer.misses(bob, 20) < 10
        faulty.thaw("web")
        assert await viewer.sees(bob, 10) < 2


async def test_a_client_that_vanished_without_a_word_is_gone_within_25_seconds(
    faulty: Live, room: Room, member: Member, viewer: Viewer
) -> None:
    bob, token = member(room, "Bob")
    async with inside(faulty, token, room) as client:
        await viewer.sees(bob)
        assert client.socket is not None
        client.socket.transport.pause_reading()  # no pong, no close, no FIN
        assert await viewer.misses(bob, 40) < 25


async def test_typing_ends_within_six_seconds_while_redis_stands_still(
    faulty: Live, room: Room, member: Member, viewer: Viewer
) -> None:
    bob, token = member(room, "Bob")
    async with inside(faulty, token, room) as client:
        await viewer.sees(bob)
        pressed = time.monotonic()
        await client.say("typing", room=room.public_id, on=True)
        await viewer.until(lambda: bob.public_id in viewer.typing, 5)
        faulty.freeze("redis")
        await viewer.until(lambda: not viewer.typing, 20)
        assert time.monotonic() - pressed < 6


async def test_typing_ends_within_six_seconds_of_the_last_word(
    faulty: Live, room: Room, member: Member, viewer: Viewer
) -> None:
    bob, token = member(room, "Bob")
    async with inside(faulty, token, room) as client:
        await viewer.sees(bob)
        await client.say("typing", room=room.public_id, on=True)
        await viewer.until(lambda: bob.public_id in viewer.typing, 5)
        pressed = time.monotonic()
        await client.say("typing", room=room.public_id, on=True)
        await viewer.until(lambda: not viewer.typing, 20)
        assert time.monotonic() - pressed < 6


async def test_what_one_room_of_redis_lost_is_put_back_and_nobody_of_us_is_missed(
    faulty: Live, room: Room, member: Member, viewer: Viewer
) -> None:
    bob, token = member(room, "Bob")
    store: Any = redis.asyncio.Redis.from_url(settings.REDIS_URL)
    key = f"presence:{room.public_id}"
    async with inside(faulty, token, room):
        await viewer.until(lambda: len(viewer.refs) == 2, 5)
        await store.delete(key)
        async with asyncio.timeout(20):
            while await store.hlen(key) != 2:  # noqa: ASYNC110 - Redis tells nobody
                await asyncio.sleep(0.05)
        await viewer.sees(bob, 20)
    await store.aclose()
