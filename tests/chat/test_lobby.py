"""What everybody, or only members, hear of rooms while they have a socket open."""

import asyncio
import itertools
from collections.abc import Callable

import pytest

from accounts.models import User
from chat import actions, lobby, members, room_settings
from chat.models import Room
from tests.live import Live

Person = Callable[[str], tuple[User, str]]
Member = Callable[[Room, str], tuple[User, str]]


def update(room: Room, *, name: str, is_private: bool) -> None:
    """Change the room as its owner does."""
    assert room.creator is not None
    room_settings.update_room(
        room.creator, room, name=name, description="", is_private=is_private
    )


async def test_a_new_public_room_is_shown_to_everybody(
    live: Live, person: Person
) -> None:
    (alice, alices), (_, charlies) = person("Alice"), person("Charlie")
    async with live.client(alices) as hers, live.client(charlies) as his:
        await hers.expect("hello")
        await his.expect("hello")
        room = await asyncio.to_thread(
            actions.create_room, alice, name="Garden", description="Green"
        )
        for one in (hers, his):
            frame = await one.expect("room_created", room=room.public_id)
            assert (frame["name"], frame["description"]) == ("Garden", "Green")
            assert frame["members"] == 1


async def test_a_new_private_room_is_shown_to_its_members_only(
    live: Live, person: Person
) -> None:
    (alice, alices), (_, charlies) = person("Alice"), person("Charlie")
    async with live.client(alices) as hers, live.client(charlies) as his:
        await hers.expect("hello")
        await his.expect("hello")
        room = await asyncio.to_thread(
            actions.create_room, alice, name="Cellar", is_private=True
        )
        await hers.expect("room_created", room=room.public_id)
        # What is told to everybody afterwards comes after it, if it came at all.
        await asyncio.to_thread(actions.create_room, alice, name="Garden")
        await his.expect("room_created", name="Garden")
        assert not his.frames


async def test_the_number_of_members_changes_for_everybody_who_looks(
    live: Live, person: Person, room: Room
) -> None:
    (bob, bobs), (_, charlies) = person("Bob"), person("Charlie")
    async with live.client(bobs) as his, live.client(charlies) as another:
        await his.expect("hello")
        await another.expect("hello")
        for change, members in ((actions.join_room, 2), (actions.leave_room, 1)):
            await asyncio.to_thread(change, bob, room)
            for one in (his, another):
                await one.expect("room_updated", room=room.public_id, members=members)


async def test_the_members_of_a_private_room_alone_hear_that_one_more_came(
    live: Live, person: Person, private: Room, member: Member
) -> None:
    (_, bobs), (_, charlies) = member(private, "Bob"), person("Charlie")
    dora, _ = person("Dora")
    owner = private.creator
    assert owner is not None
    async with live.client(bobs) as his, live.client(charlies) as another:
        await his.expect("hello")
        await another.expect("hello")
        await asyncio.to_thread(members.add_member, owner, private, dora)
        await his.expect("room_updated", room=private.public_id, members=3)
        await asyncio.to_thread(actions.create_room, dora, name="Garden")
        await another.expect("room_created", name="Garden")
        assert not another.frames


async def test_who_leaves_a_private_room_hears_nothing_more_of_it(
    live: Live, private: Room, member: Member
) -> None:
    (bob, bobs), (_, doras) = member(private, "Bob"), member(private, "Dora")
    async with live.client(bobs) as his, live.client(doras) as hers:
        await his.subscribe(private.public_id)
        await asyncio.to_thread(actions.leave_room, bob, private)
        await his.expect("room_removed", room=private.public_id, reason="left")
        his.frames.clear()
        await hers.post(private.public_id, "between us")
        await his.say("subscribe", room=private.public_id)
        await his.expect("error", code="no_room")
        assert not [one for one in his.frames if one["type"] == "message"]


async def test_who_is_banned_hears_nothing_of_the_room_until_the_ban_is_lifted(
    live: Live, person: Person, room: Room
) -> None:
    (bob, bobs), (_, charlies) = person("Bob"), person("Charlie")
    owner = room.creator
    assert owner is not None
    async with live.client(bobs) as his, live.client(charlies) as another:
        await his.expect("hello")
        await another.expect("hello")
        await asyncio.to_thread(members.ban, owner, room, bob)
        await his.expect("room_removed", room=room.public_id, reason="banned")
        await asyncio.to_thread(update, room, name="Salon", is_private=False)
        await another.expect("room_updated", room=room.public_id, name="Salon")
        garden = await asyncio.to_thread(actions.create_room, owner, name="Garden")
        await his.expect("room_created", room=garden.public_id)
        assert not [one for one in his.frames if one["room"] == room.public_id]
        await asyncio.to_thread(members.unban, owner, room, bob)
        await his.expect("room_created", room=room.public_id, name="Salon")


async def test_a_room_that_becomes_public_is_new_to_who_could_not_see_it(
    live: Live, person: Person, private: Room, member: Member
) -> None:
    (_, bobs), (_, charlies) = member(private, "Bob"), person("Charlie")
    async with live.client(bobs) as his, live.client(charlies) as another:
        await his.expect("hello")
        await another.expect("hello")
        await asyncio.to_thread(update, private, name="Vault", is_private=False)
        for one in (his, another):
            await one.expect("room_updated", room=private.public_id)
        await another.expect("room_created", room=private.public_id)
        assert not [one for one in his.frames if one["type"] == "room_created"]


@pytest.mark.parametrize("is_private", [False, True])
async def test_a_deleted_room_ends_for_those_who_follow_it(
    live: Live, person: Person, member: Member, is_private: bool
) -> None:
    alice, _ = person("Alice")
    room = await asyncio.to_thread(
        actions.create_room, alice, name="Shed", is_private=is_private
    )
    _, bobs = member(room, "Bob")
    public_id = room.public_id
    async with live.client(bobs) as his:
        await his.subscribe(public_id)
        await asyncio.to_thread(actions.delete_room, alice, room)
        await his.expect("room_deleted", room=public_id)
        await his.expect("room_removed", room=public_id, reason="deleted")
        await his.say("subscribe", room=public_id)
        await his.expect("error", code="no_room")


async def test_the_lobby_is_told_again_after_redis_was_started_anew(
    faulty: Live, person: Person
) -> None:
    (alice, _), (_, charlies) = person("Alice"), person("Charlie")
    async with faulty.client(charlies) as his:
        await his.expect("hello")
        await asyncio.to_thread(faulty.kill, "redis")
        await asyncio.to_thread(faulty.start_redis)
        async with asyncio.timeout(10):
            names = (f"Garden {number}" for number in itertools.count())
            while not [one for one in his.frames if one["type"] == "room_created"]:
                await asyncio.to_thread(actions.create_room, alice, name=next(names))
                await asyncio.sleep(0.2)


async def test_a_name_that_was_given_after_a_room_became_private_is_told_to_nobody_else(
    live: Live, person: Person, room: Room, member: Member
) -> None:
    """One change is told only when another one has been committed behind it."""
    (bob, bobs), (_, charlies) = member(room, "Bob"), person("Charlie")
    async with live.client(bobs) as his, live.client(charlies) as another:
        await his.expect("hello")
        await another.expect("hello")
        as_it_was = await Room.objects.aget(pk=room.pk)
        await Room.objects.filter(pk=room.pk).aupdate(name="Vault", is_private=True)
        await asyncio.to_thread(lobby.room_updated, as_it_was)
        assert (await his.expect("room_updated"))["name"] == "Vault"
        # What is told to everybody afterwards comes after it, if it came at all.
        await asyncio.to_thread(actions.create_room, bob, name="Garden")
        await another.expect("room_created", name="Garden")
        assert [one["type"] for one in another.frames] == ["room_removed"]


async def test_a_room_that_was_deleted_meanwhile_is_not_told_of(
    live: Live, room: Room
) -> None:
    as_it_was = await Room.objects.aget(pk=room.pk)
    await Room.objects.filter(pk=room.pk).adelete()
    for tell in (lobby.room_created, lobby.room_updated):
        await asyncio.to_thread(tell, as_it_was)


async def test_who_is_banned_hears_nothing_of_a_room_that_becomes_private(
    live: Live, person: Person, room: Room, member: Member
) -> None:
    (bob, bobs), (_, charlies) = member(room, "Bob"), person("Charlie")
    owner = room.creator
    assert owner is not None
    await asyncio.to_thread(members.ban, owner, room, bob)
    async with live.client(bobs) as his, live.client(charlies) as theirs:
        await his.expect("hello")
        await theirs.expect("hello")
        await asyncio.to_thread(update, room, name="Lounge", is_private=True)
        await theirs.expect("room_removed", room=room.public_id, reason="private")
        # What is told to everybody afterwards comes after it, if it came at all.
        await asyncio.to_thread(actions.create_room, owner, name="Garden")
        await his.expect("room_created", name="Garden")
        assert not his.frames
