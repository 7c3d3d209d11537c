"""A socket that asks for a lot while a part is missing: frames wait for themselves."""

import asyncio
import time
import uuid

from chat.models import Membership, Room
from tests.chat.conftest import Member
from tests.chat.test_faults import HANG_S, _locked
from tests.live import Client, Live


async def _pong_within_s(client: Client, began_at: float) -> float:
    await client.say("ping", ref="behind")
    await client.expect("pong", 30, ref="behind")
    return time.monotonic() - began_at


async def test_a_socket_follows_ten_rooms_and_posts_while_redis_is_frozen(
    faulty: Live, room: Room, member: Member
) -> None:
    _, token = member(room, "Bob")
    rooms = [room, *(Room.objects.create(name=f"r{number}") for number in range(9))]
    async with faulty.client(token) as client, faulty.client(token) as other:
        await client.expect("hello")
        await other.subscribe(room.public_id)
        faulty.freeze("redis")
        try:
            began_at = time.monotonic()
            for one in rooms:
                await client.say("subscribe", room=one.public_id, ref=one.public_id)
            key = str(uuid.uuid4())
            await client.say("send", room=room.public_id, client_id=key, body="x")
            assert await _pong_within_s(client, began_at) < HANG_S
            error = await client.expect("error", client_id=key)
            assert error["code"] == "waiting"
            for one in rooms:
                await client.expect("subscribed", room=one.public_id)
                await client.expect("presence_state", 2, room=one.public_id)
            assert time.monotonic() - began_at < HANG_S
        finally:
            faulty.thaw("redis")
        # What was opened meanwhile is live, and the newcomer is shown.
        for sender in (client, other):
            ack = await _acked(sender, room)
            await client.expect("message", seq=ack)
            await other.expect("message", seq=ack)


async def _acked(client: Client, room: Room) -> int:
    key = str(uuid.uuid4())
    async with asyncio.timeout(15):
        while True:
            fields = {"room": room.public_id, "client_id": key}
            await client.say("send", body="later", **fields)
            answer = await client.until(lambda one: one.get("client_id") == key)
            if answer["type"] == "ack":
                return int(answer["seq"])


async def test_reads_of_many_rooms_hold_no_frame_up_while_the_database_is_locked(
    faulty: Live, room: Room, member: Member
) -> None:
    bob, token = member(room, "Bob")
    rooms = [room, *(Room.objects.create(name=f"r{number}") for number in range(4))]
    Membership.objects.bulk_create(Membership(room=one, user=bob) for one in rooms[1:])
    async with faulty.client(token) as client:
        await client.expect("hello")
        with _locked(faulty):
            began_at = time.monotonic()
            for number, one in enumerate(rooms):
                await client.say("read", room=one.public_id, seq=0, ref=f"r{number}")
            assert await _pong_within_s(client, began_at) < 1
            answers = [
                await client.expect("error", ref=f"r{number}") for number in range(5)
            ]
            assert time.monotonic() - began_at < HANG_S
        assert {one["code"] for one in answers} == {"waiting"}


async def test_of_reads_that_meet_the_last_one_counts_and_each_is_answered(
    faulty: Live, room: Room, member: Member
) -> None:
    bob, token = member(room, "Bob")
    said = (1, 5, 2, 4, 3)
    async with faulty.client(token) as client:
        for _ in range(5):
            await client.post(room.public_id, "x")
        with _locked(faulty):
            for seq in said:
                await client.say("read", room=room.public_id, seq=seq, ref=f"r{seq}")
            await _pong_within_s(client, time.monotonic())
        acks = [await client.expect("ack", ref=f"r{seq}") for seq in said]
    # Those that were there when the first went to the database are one, the others one.
    assert len({ack["seq"] for ack in acks}) <= 2
    assert acks[-1]["seq"] == 3
    assert Membership.objects.get(room=room, user=bob).last_read_seq == 3


async def test_typing_right_behind_a_subscription_is_seen(
    faulty: Live, room: Room, member: Member
) -> None:
    bob, token = member(room, "Bob")
    _, others = member(room, "Eve")
    async with faulty.client(others) as eve, faulty.client(token) as client:
        await eve.subscribe(room.public_id)
        await client.say("subscribe", room=room.public_id)
        await client.say("typing", room=room.public_id, on=True)
        typing = await eve.expect("user_typing")
    assert typing["user"]["id"] == bob.public_id
