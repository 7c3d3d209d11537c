"""A message may be sent any number of times: one row, one frame, the same ack."""

import asyncio
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest

from chat.models import Message, Room
from tests.chat.conftest import Member
from tests.live import Client, Live


async def send_raw(client: Client, room: Room, client_id: str, body: str) -> None:
    await client.say("send", room=room.public_id, client_id=client_id, body=body)


async def answers(client: Client, count: int) -> list[dict[str, Any]]:
    """The next `count` acks and errors."""
    kinds = {"ack", "error"}
    return [await client.until(lambda one: one["type"] in kinds) for _ in range(count)]


@contextmanager
def one_batch(live: Live) -> Iterator[None]:
    """Let the room worker find all that is sent meanwhile at once."""
    live.freeze("worker")
    try:
        yield
    finally:
        live.thaw("worker")


def numbers(acks: Sequence[dict[str, Any]]) -> set[tuple[int, int]]:
    return {(ack["seq"], ack["changed_seq"]) for ack in acks}


async def test_a_repeat_gives_the_same_ack_and_nothing_else(
    live: Live, room: Room, member: Member
) -> None:
    _, bobs = member(room, "Bob")
    client_id = str(uuid.uuid4())
    async with live.client(bobs) as client:
        await client.subscribe(room.public_id)
        first = await client.post(room.public_id, "once", client_id=client_id, ref="a")
        again = await client.post(room.public_id, "once", client_id=client_id, ref="b")
        assert {**first, "ref": "b"} == again
        await client.expect("message")
        await client.nothing_but("hello", "presence_state", "presence_diff")
    assert Message.objects.filter(room=room).count() == 1


async def test_fifty_at_once_over_two_sockets_store_one(
    live: Live, room: Room, member: Member
) -> None:
    _, bobs = member(room, "Bob")
    client_id = str(uuid.uuid4())
    async with live.client(bobs) as one, live.client(bobs) as two:
        await one.subscribe(room.public_id)
        await asyncio.gather(
            *(
                send_raw(c, room, client_id, "once")
                for _ in range(25)
                for c in (one, two)
            )
        )
        got = await answers(one, 25) + await answers(two, 25)
        assert {answer["type"] for answer in got} == {"ack"}
        assert numbers(got) == {(1, 1)}
        await one.expect("message")
        await one.nothing_but("hello", "presence_state", "presence_diff")
    assert Message.objects.filter(room=room).count() == 1


async def test_of_many_bodies_under_one_client_id_the_first_wins(
    live: Live, room: Room, member: Member
) -> None:
    _, bobs = member(room, "Bob")
    client_id = str(uuid.uuid4())
    async with live.client(bobs) as client:
        with one_batch(live):
            for number in range(15):
                await send_raw(client, room, client_id, f"body {number}")
            await client.say("ping")  # answered when all of them are in the inbox
            await client.expect("pong")
        first, *others = await answers(client, 15)
    assert first["type"] == "ack"
    assert {other.get("code") for other in others} == {"key_reused"}
    assert Message.objects.get(room=room).body == "body 0"


@pytest.mark.parametrize(
    "other",
    ["   ", "x" * 8_001, "a" + "\u0301" * 40],
    ids=["empty", "too long", "bad"],
)
async def test_a_client_id_is_not_confirmed_for_a_text_that_is_refused(
    live: Live, room: Room, member: Member, other: str
) -> None:
    _, bobs = member(room, "Bob")
    client_id = str(uuid.uuid4())
    async with live.client(bobs) as client:
        await client.post(room.public_id, "mine", client_id=client_id)
        await send_raw(client, room, client_id, other)
        error = await client.expect("error")
    assert error["code"] == "key_reused"
    assert Message.objects.get(room=room).body == "mine"


async def test_the_same_client_id_is_free_to_others_and_in_other_rooms(
    live: Live, room: Room, private: Room, member: Member
) -> None:
    (bob, bobs), (_, anns) = member(room, "Bob"), member(room, "Ann")
    private.memberships.create(user=bob)
    client_id = str(uuid.uuid4())
    async with live.client(bobs) as one, live.client(anns) as two:
        with one_batch(live):
            await send_raw(one, room, client_id, "of bob")
            await send_raw(one, private, client_id, "of bob, elsewhere")
            await send_raw(two, room, client_id, "of ann")
            for client in (one, two):
                await client.say("ping")
                await client.expect("pong")
        got = await answers(one, 2) + await answers(two, 1)
    assert {answer["type"] for answer in got} == {"ack"}
    bodies = set(Message.objects.values_list("room", "author__display_name", "body"))
    assert bodies == {
        (room.pk, "Bob", "of bob"),
        (private.pk, "Bob", "of bob, elsewhere"),
        (room.pk, "Ann", "of ann"),
    }


async def test_a_repeat_costs_no_token(live: Live, room: Room, member: Member) -> None:
    _, bobs = member(room, "Bob")
    client_id = str(uuid.uuid4())
    async with live.client(bobs) as client:
        for _ in range(30):
            await client.post(room.public_id, "again", client_id=client_id)
        for number in range(9):
            await client.post(room.public_id, f"new {number}")
    assert Message.objects.filter(room=room).count() == 10
