"""Which presence frames are sent: few, bounded, and nothing of who is invisible."""

import time
from datetime import UTC, datetime
from typing import Any

import redis.asyncio
from django.conf import settings

from chat import presence
from chat.models import Room
from livechat.lib import limits
from tests.chat.conftest import Member
from tests.chat.watching import Viewer, inside
from tests.live import Live

FLAPS = 60


async def test_who_comes_invisible_is_never_told_of(
    faulty: Live, room: Room, member: Member, viewer: Viewer
) -> None:
    bob, token = member(room, "Bob")
    later, laters = member(room, "Later")
    async with faulty.client(token) as client:
        await client.say("presence", state="invisible")
        await client.subscribe(room.public_id)
        await client.expect("presence_state")
        await client.say("typing", room=room.public_id, on=True)
        async with inside(faulty, laters, room):
            await viewer.sees(later)
    assert bob.public_id not in viewer.ever_there
    assert not viewer.typing


async def test_typing_ends_with_the_message_that_was_typed(
    faulty: Live, room: Room, member: Member, viewer: Viewer
) -> None:
    bob, token = member(room, "Bob")
    async with inside(faulty, token, room) as client:
        await viewer.sees(bob)
        await client.say("typing", room=room.public_id, on=True)
        await viewer.until(lambda: bob.public_id in viewer.typing, 5)
        await client.post(room.public_id, "all that I wanted to say")
        assert await viewer.until(lambda: not viewer.typing, 20) < 1


async def test_flapping_between_states_and_typing_costs_few_frames(
    faulty: Live, room: Room, member: Member, viewer: Viewer
) -> None:
    bob, token = member(room, "Bob")
    async with inside(faulty, token, room) as client:
        await viewer.sees(bob)
        before, started = viewer.frames, time.monotonic()
        for number in range(FLAPS):
            on = number % 2 == 0
            await client.say("typing", room=room.public_id, on=on)
            await client.say("presence", state="idle" if on else "online")
        await client.say("presence", state="dnd")
        await viewer.until(lambda: viewer.state(bob) == {"dnd"}, 20)
        took_s = time.monotonic() - started
    assert viewer.frames - before <= took_s / limits.PRESENCE_INTERVAL_S + 1


async def test_a_room_of_thousands_tells_a_count_and_some_names(
    faulty: Live, room: Room, member: Member, viewer: Viewer
) -> None:
    store: Any = redis.asyncio.Redis.from_url(settings.REDIS_URL)
    guests = [
        presence.Meta(
            ref=f"ref {number}",
            user=f"guest {number}",
            name=f"Guest {number}",
            joined_at=datetime.now(UTC).isoformat(),
            process="elsewhere",
        )
        for number in range(5000)
    ]
    await presence.heartbeat(store, "elsewhere")
    await presence.tell(store, {room.public_id: guests}, {})
    await viewer.until(lambda: viewer.count == 5001, 20)
    assert len(viewer.look()) == limits.PRESENCE_LIST_MAX
    _, token = member(room, "Newcomer")
    async with faulty.client(token, port=viewer.client.port) as client:
        await client.subscribe(room.public_id)
        state = await client.expect("presence_state")
        assert len(state["users"]) == limits.PRESENCE_LIST_MAX
        assert state["count"] >= 5001
    await viewer.until(lambda: viewer.count == 1, 20)  # that process never lived
    assert len(viewer.look()) == 1
    await store.aclose()
