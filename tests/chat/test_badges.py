"""Badges: every device hears within a second what is unread, and nobody else does."""

import asyncio
import time

import pytest

from accounts.blocks import block
from accounts.models import User
from chat import actions, members
from chat.models import Membership, Room
from tests.chat.asking import asked
from tests.chat.conftest import Member, Person
from tests.live import Live, lobby_is_heard, wait_until


async def test_a_message_raises_the_badge_of_each_device_within_a_second(
    live: Live, room: Room, member: Member
) -> None:
    _, alice = member(room, "Writer")
    _, token = member(room, "Bob")
    async with (
        live.client(alice) as writer,
        live.client(token) as phone,
        live.client(token) as laptop,
    ):
        await writer.subscribe(room.public_id)
        started = time.monotonic()
        await writer.post(room.public_id, "one")
        for device in (phone, laptop):
            await device.expect("unread", room=room.public_id, unread=1)
        assert time.monotonic() - started < 2  # of which the ack is a part
        await writer.post(room.public_id, "two")
        await phone.expect("unread", room=room.public_id, unread=2)
        assert not [one for one in writer.frames if one["type"] == "unread"]


async def test_a_word_to_everybody_is_no_mention_for_who_blocks_its_author(
    live: Live, room: Room, member: Member
) -> None:
    writer, writers = member(room, "Writer")
    (bob, bobs), (_, anns) = member(room, "Bob"), member(room, "Ann")
    await asyncio.to_thread(block, bob, writer)
    async with (
        live.client(writers) as socket,
        live.client(bobs) as phone,
        live.client(anns) as other,
    ):
        for count in (1, 2):
            await socket.post(room.public_id, "@room come")
            await other.expect("unread", unread=count, mentions=count)
            await phone.expect("unread", unread=count, mentions=0)
        await socket.post(room.public_id, "@Ann and @Bob")
        await other.expect("unread", unread=3, mentions=3)
        await phone.expect("unread", unread=3, mentions=0)


async def test_what_is_read_here_is_read_on_the_other_device(
    live: Live, room: Room, member: Member
) -> None:
    _, alice = member(room, "Writer")
    _, token = member(room, "Bob")
    async with (
        live.client(alice) as writer,
        live.client(token) as phone,
        live.client(token) as laptop,
    ):
        ack = await writer.post(room.public_id, "one")
        await laptop.expect("unread", room=room.public_id, unread=1)
        await phone.say("read", room=room.public_id, seq=ack["seq"], ref="r")
        await phone.expect("ack", ref="r", seq=ack["seq"])
        await laptop.expect("unread", room=room.public_id, unread=0)
        await laptop.say("read", room=room.public_id, seq=0)
        await phone.expect("unread", room=room.public_id, unread=1)


async def test_who_does_not_belong_is_told_nothing(
    live: Live, room: Room, private: Room, person: Person, member: Member
) -> None:
    _, outsider = person("Charlie")
    _, alice = member(private, "Writer")
    await Membership.objects.acreate(
        room=room, user=await User.objects.aget(display_name="Writer")
    )
    async with live.client(outsider) as charlie, live.client(alice) as writer:
        await charlie.expect("hello")
        await writer.post(room.public_id, "one")
        await writer.post(private.public_id, "two")
        await charlie.say("ping")
        await charlie.expect("pong")
        assert [one["type"] for one in charlie.frames if one["type"] == "unread"] == []


async def test_a_room_that_one_joins_counts_at_once_and_no_more_when_one_left(
    live: Live, room: Room, person: Person, member: Member
) -> None:
    _, alice = member(room, "Writer")
    _, token = person("Bob")
    async with live.client(alice) as writer, live.client(token) as bob:
        await bob.expect("hello")
        await asyncio.to_thread(wait_until, lobby_is_heard, "the lobby is heard")
        path = f"/api/rooms/{room.public_id}/membership"
        await asked(live, path, token, method="POST")
        await bob.expect("room_updated")
        await writer.post(room.public_id, "one")
        await bob.expect("unread", room=room.public_id, unread=1)
        await asked(live, path, token, method="DELETE")
        await bob.expect("room_removed")
        bob.frames.clear()
        await writer.post(room.public_id, "two")
        await bob.say("ping")
        await bob.expect("pong")
        assert not [one for one in bob.frames if one["type"] == "unread"]


async def test_a_program_that_follows_a_room_counts_for_itself(
    live: Live, room: Room, member: Member
) -> None:
    _, alice = member(room, "Writer")
    _, token = member(room, "Bob")
    async with live.client(alice) as writer, live.client(token) as bob:
        await bob.subscribe(room.public_id)
        ack = await writer.post(room.public_id, "one")
        await bob.expect("message")
        await bob.nothing_but("hello", "presence_state", "presence_diff", for_s=0.6)
        await bob.say("read", room=room.public_id, seq=ack["seq"])
        await bob.expect("unread", unread=0)
        assert not [one for one in bob.frames if one["type"] == "unread"]


async def test_who_is_shut_out_is_told_no_number_though_the_word_of_it_is_lost(
    live: Live, room: Room, member: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    (_, anns), (bob, bobs) = member(room, "Ann"), member(room, "Bob")
    assert room.creator is not None
    async with live.client(anns) as ann, live.client(bobs) as gone:
        await gone.subscribe(room.public_id)
        monkeypatch.setattr("chat.activity.publish_bytes", lambda *_: False)
        await asyncio.to_thread(members.remove_member, room.creator, room, bob)
        await gone.expect("room_removed", reason="removed")
        gone.frames.clear()
        await ann.post(room.public_id, "without Bob")
        await gone.nothing_but("room_updated", for_s=0.6)


async def test_a_room_that_was_joined_while_redis_was_away_counts_when_it_is_back(
    faulty: Live, room: Room, person: Person, member: Member
) -> None:
    (_, anns), (bob, bobs) = member(room, "Ann"), person("Bob")
    async with faulty.client(anns) as ann, faulty.client(bobs) as newcomer:
        await newcomer.expect("hello")
        faulty.kill("redis")
        await asyncio.to_thread(actions.join_room, bob, room)
        await asyncio.to_thread(faulty.heal)
        await ann.post(room.public_id, "one")
        await newcomer.expect("unread", room=room.public_id, unread=1)
