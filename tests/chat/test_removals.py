"""A removed member hears no more, also when nobody could be told of the removal."""

import asyncio
from collections.abc import Callable

from accounts.models import User
from chat import actions
from chat.models import Membership, Room
from tests.live import Live

Person = Callable[[str], tuple[User, str]]


async def test_a_removal_that_redis_lost_is_found_in_the_database(
    live: Live, person: Person
) -> None:
    (alice, alices), (bob, bobs) = person("Alice"), person("Bob")
    room = await asyncio.to_thread(
        actions.create_room, alice, name="Secret", is_private=True
    )
    await asyncio.to_thread(actions.join_room, bob, room)
    async with live.client(alices) as owner, live.client(bobs) as removed:
        await owner.subscribe(room.public_id)
        await removed.subscribe(room.public_id)
        # What `leave_room` writes, without what it tells.
        await asyncio.to_thread(remove_silently, room.pk, bob.pk)
        await removed.expect("room_removed", room=room.public_id)
        await owner.post(room.public_id, "not for Bob")
        await removed.nothing_but("hello", "presence_state", "presence_diff")
        await removed.say("send", room=room.public_id, client_id=ANY_ID, body="x")
        await removed.expect("error", code="no_room")


ANY_ID = "3f0c1a52-6a0f-4e55-9f0e-0b8f9a1c2d3e"


def remove_silently(room: int, user: int) -> None:
    """End a membership as if Redis were away; the epoch rises in the same commit."""
    found = Room.objects.get(pk=room)
    Membership.objects.filter(room=found, user=user).delete()
    actions._raise_access_epoch(found)
