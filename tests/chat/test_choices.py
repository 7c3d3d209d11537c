"""How people want to be seen, on all of their sockets, seen from another process."""

import asyncio
from datetime import timedelta

from django.utils import timezone

from accounts import availability
from accounts.models import User
from chat import presence
from chat.models import Room
from tests.chat.conftest import Member
from tests.chat.watching import Viewer, inside
from tests.live import Live, wait_until


async def choose(user: User, state: str, for_s: float | None = None) -> None:
    until = None if for_s is None else timezone.now() + timedelta(seconds=for_s)
    await asyncio.to_thread(availability.choose, user, state, until)


async def test_invisible_takes_all_sockets_away_and_lets_no_new_one_be_seen(
    faulty: Live, room: Room, member: Member, viewer: Viewer
) -> None:
    bob, token = member(room, "Bob")
    async with inside(faulty, token, room), inside(faulty, token, room):
        await viewer.until(lambda: len(viewer.refs) == 3, 3)
        await choose(bob, "invisible")
        assert await viewer.misses(bob, 3) < 1.5
        viewer.ever_there.clear()
        async with inside(faulty, token, room) as third:
            await third.say("presence", state="online")
            await third.say("typing", room=room.public_id, on=True)
            await third.post(room.public_id, "from nowhere")
            await viewer.client.expect("message", body="from nowhere")
        viewer.look()
        assert bob.public_id not in viewer.ever_there
        assert not viewer.typing
        await choose(bob, "online")
        await viewer.until(lambda: len(viewer.refs) == 3, 3)


async def test_who_is_invisible_is_so_after_all_processes_began_anew(
    faulty: Live, room: Room, member: Member, viewer: Viewer
) -> None:
    bob, token = member(room, "Bob")
    await choose(bob, "invisible")
    await asyncio.to_thread(faulty.kill, "web")
    await asyncio.to_thread(faulty.start_web)
    await asyncio.to_thread(faulty.wait_healthy)
    async with inside(faulty, token, room) as client:
        await client.post(room.public_id, "back again")
        await viewer.client.expect("message", body="back again")
    viewer.look()
    assert bob.public_id not in viewer.ever_there


async def test_a_choice_without_redis_word_is_followed_and_one_with_an_end_is_over(
    faulty: Live, room: Room, member: Member, viewer: Viewer
) -> None:
    bob, token = member(room, "Bob")
    async with inside(faulty, token, room):
        await viewer.shows(bob, "online")
        # As it is when Redis loses the word: the row alone.
        changed = {"availability": "idle", "choices": 1, "shown_at": timezone.now()}
        await User.objects.filter(pk=bob.pk).aupdate(**changed)
        await viewer.shows(bob, "idle")
        await choose(bob, "dnd", for_s=1)
        await viewer.shows(bob, "dnd")
        await viewer.shows(bob, "online")


async def test_what_a_socket_says_of_itself_shows_no_more_than_its_person_wants(
    faulty: Live, room: Room, member: Member, viewer: Viewer
) -> None:
    bob, token = member(room, "Bob")
    await choose(bob, "idle")
    async with inside(faulty, token, room) as client:
        await viewer.shows(bob, "idle")
        await client.say("presence", state="dnd")
        await viewer.shows(bob, "dnd")
        await client.say("presence", state="online")
        await viewer.shows(bob, "idle")


async def test_who_is_invisible_is_known_to_have_the_room_open_to_nobody_but_us(
    faulty: Live, room: Room, member: Member, viewer: Viewer
) -> None:
    bob, token = member(room, "Bob")

    async def looks(state: str | None) -> None:
        def there() -> bool:
            metas = presence.looking(room.public_id).values()
            found = [one.state for one in metas if one.user == bob.public_id]
            return found == ([state] if state else [])

        await asyncio.to_thread(wait_until, there, f"bob is {state}", 8)

    async with inside(faulty, token, room):
        await looks("online")
        await choose(bob, "invisible")
        await looks("invisible")
        assert not any(
            one.user == bob.public_id
            for one in presence.present(room.public_id).values()
        )
        await choose(bob, "online")
        await looks("online")
        await choose(bob, "invisible")
        await looks("invisible")
    await looks(None)
