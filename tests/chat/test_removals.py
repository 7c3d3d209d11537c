"""A removed member hears no more, also when nobody could be told of the removal."""

import asyncio
from collections.abc import Callable

import pytest

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


@pytest.mark.parametrize(("is_private", "epochs"), [(True, 1), (False, 0)])
def test_only_a_private_rooms_sockets_are_asked_for_again_when_somebody_leaves(
    live: Live, person: Person, is_private: bool, epochs: int
) -> None:
    (alice, _), (bob, _) = person("Alice"), person("Bob")
    room = actions.create_room(alice, name="Den", is_private=is_private)
    actions.join_room(bob, room)
    actions.leave_room(bob, room)
    room.refresh_from_db()
    assert room.access_epoch == epochs


def test_a_room_that_becomes_private_has_its_sockets_asked_for_again(
    live: Live, person: Person
) -> None:
    alice, _ = person("Alice")
    room = actions.create_room(alice, name="Den")
    actions.update_room(alice, room, name="Den", description="", is_private=True)
    room.refresh_from_db()
    assert room.access_epoch == 1


ANY_ID = "3f0c1a52-6a0f-4e55-9f0e-0b8f9a1c2d3e"


def remove_silently(room: int, user: int) -> None:
    """End a membership as if Redis were away; the epoch rises in the same commit."""
    found = Room.objects.get(pk=room)
    Membership.objects.filter(room=found, user=user).delete()
    actions._raise_access_epoch(found)
