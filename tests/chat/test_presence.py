"""Who is there, as somebody sees it who looks from another web process."""

import asyncio
import contextlib
import time
from typing import Any

import redis
import redis.asyncio
from django.conf import settings
from django.test import Client as Browser

from chat.models import Room
from livechat.lib import limits
from tests.chat.conftest import Member
from tests.chat.watching import Viewer, cut, inside
from tests.live import Live, wait_until


async def test_people_come_and_go_in_the_eyes_of_another_process(
    faulty: Live, room: Room, member: Member, viewer: Viewer
) -> None:
    bob, token = member(room, "Bob")
    async with inside(faulty, token, room):
        assert await viewer.sees(bob) < 1.5
    assert await viewer.misses(bob, 4) < 2


async def test_a_reconnect_within_the_grace_is_never_seen(
    faulty: Live, room: Room, member: Member, viewer: Viewer
) -> None:
    bob, token = member(room, "Bob")
    async with inside(faulty, token, room) as client:
        await viewer.sees(bob)
        await cut(client)
    async with inside(faulty, token, room):
        await viewer.until(lambda: len(viewer.refs) == 3, 3)  # the old ref and the new
        await viewer.until(lambda: len(viewer.refs) == 2, 8)  # the old one is gone
        assert not viewer.ever_gone
    await viewer.misses(bob, 4)


async def test_two_tabs_are_one_person_until_both_are_closed(
    faulty: Live, room: Room, member: Member, viewer: Viewer
) -> None:
    bob, token = member(room, "Bob")
    async with inside(faulty, token, room):
        async with inside(faulty, token, room):
            await viewer.until(lambda: len(viewer.refs) == 3, 3)
        await viewer.until(lambda: len(viewer.refs) == 2, 3)
        assert bob.public_id in viewer.look()
    await viewer.misses(bob, 4)


async def test_states_are_shown_and_invisible_is_nowhere(
    faulty: Live, room: Room, member: Member, viewer: Viewer
) -> None:
    bob, token = member(room, "Bob")
    async with inside(faulty, token, room) as client:
        await viewer.sees(bob)
        for state in ("idle", "dnd", "online"):
            await client.say("presence", state=state)
            await viewer.shows(bob, state)
        await client.say("presence", state="invisible")
        await viewer.misses(bob, 3)
        await client.say("typing", room=room.public_id, on=True)
        await client.post(room.public_id, "from nowhere")
        await viewer.client.expect("message", body="from nowhere")
        viewer.look()
        assert not viewer.typing
        await client.say("presence", state="online")
        await viewer.sees(bob)


async def test_a_process_that_stops_leaves_nothing_of_who_was_there_unseen(
    faulty: Live, room: Room, member: Member
) -> None:
    _, token = member(room, "Bob")

    def unseen() -> int:
        with redis.Redis.from_url(settings.REDIS_URL) as store:
            return int(store.hlen(f"presence:{room.public_id}:hidden"))

    async with inside(faulty, token, room) as client:
        await client.say("presence", state="invisible")
        await asyncio.to_thread(wait_until, lambda: unseen() == 1, "one is unseen")
        faulty.processes["web"].terminate()
        await asyncio.to_thread(faulty.processes["web"].wait, 20)
    assert unseen() == 0


async def test_the_people_of_a_killed_process_are_gone_within_ten_seconds(
    faulty: Live, room: Room, member: Member, viewer: Viewer
) -> None:
    bob, token = member(room, "Bob")
    async with inside(faulty, token, room) as client:
        await viewer.sees(bob)
        await client.say("typing", room=room.public_id, on=True)
        await viewer.until(lambda: bob.public_id in viewer.typing, 2)
        await asyncio.to_thread(faulty.kill, "web")
        stopped_s = await viewer.until(lambda: not viewer.typing, 8)
        gone_s = stopped_s + await viewer.misses(bob, 12)
    assert stopped_s < 6.3
    assert gone_s < 10


async def test_a_redis_that_lost_everything_is_filled_again_unseen(
    faulty: Live, room: Room, member: Member, viewer: Viewer
) -> None:
    bob, token = member(room, "Bob")
    store: Any = redis.asyncio.Redis.from_url(settings.REDIS_URL)
    key = f"presence:{room.public_id}"
    async with inside(faulty, token, room):
        await viewer.sees(bob)
        await viewer.until(lambda: len(viewer.refs) == 2, 3)
        await store.flushall()
        async with asyncio.timeout(5):
            while await store.hlen(key) != 2:  # noqa: ASYNC110 - Redis tells nobody
                await asyncio.sleep(0.05)
        # Someone who comes now sees everybody, and nobody was seen leaving.
        _, late = member(room, "Late")
        async with faulty.client(late) as client:
            await client.subscribe(room.public_id)
            state = await client.expect("presence_state")
            assert bob.public_id in state["users"]
        await viewer.until(lambda: viewer.frames > 2, 10)
        assert bob.public_id in viewer.look()
        assert bob.public_id not in viewer.ever_gone
    await store.aclose()


async def test_who_comes_while_redis_is_away_is_shown_when_it_is_back(
    faulty: Live, room: Room, member: Member, viewer: Viewer
) -> None:
    bob, token = member(room, "Bob")
    gone, other = member(room, "Gone")
    async with inside(faulty, other, room):
        await viewer.sees(gone)
        faulty.freeze("redis")
    async with inside(faulty, token, room):
        faulty.thaw("redis")
        await viewer.sees(bob, 12)
        await viewer.misses(gone, 12)


async def test_a_crowd_that_comes_at_once_is_told_in_few_frames(
    faulty: Live, room: Room, member: Member, viewer: Viewer
) -> None:
    people = [member(room, f"Guest {number}") for number in range(50)]
    async with contextlib.AsyncExitStack() as crowd:
        viewer.look()
        before, started = viewer.frames, time.monotonic()
        await asyncio.gather(
            *(
                crowd.enter_async_context(inside(faulty, token, room))
                for _, token in people
            )
        )
        everybody = {user.public_id for user, _ in people}
        await viewer.until(lambda: everybody <= viewer.look(), 10)
        took_s = time.monotonic() - started
    assert viewer.frames - before <= took_s / limits.PRESENCE_INTERVAL_S + 2


async def test_the_page_shows_who_is_online_before_its_socket_is_open(
    live: Live, room: Room, member: Member
) -> None:
    bob, bobs = member(room, "Bob")
    async with live.client(bobs) as client:
        await client.subscribe(room.public_id)
        await client.expect("presence_diff")
        page = Browser()
        page.force_login(bob)
        html = await asyncio.to_thread(page.get, f"/rooms/{room.public_id}/")
    assert f'id="person-{bob.public_id}" class="person person--online"' in (
        html.content.decode()
    )
