"""Frames but messages have a rate for each socket; refusals say what they are about."""

import asyncio
import uuid
from functools import partial
from typing import Any

import pytest

from chat.errands import Errands
from chat.intents import Send
from chat.models import Membership, Room
from chat.pace import Pace
from livechat.lib import limits
from tests.chat.conftest import Member
from tests.live import Client, Live


async def pings(client: Client, count: int) -> list[dict[str, Any]]:
    """Ask for pongs as fast as it goes; return the answers in their order."""
    refs = [f"{number}" for number in range(count)]
    for ref in refs:
        await client.say("ping", ref=ref)
    await client.until(lambda one: one.get("ref") == refs[-1])
    return [one for one in client.frames if one.get("ref") in set(refs)]


async def test_after_the_burst_a_frame_is_refused_with_the_time_to_wait(
    live: Live, room: Room, member: Member
) -> None:
    _, token = member(room, "Bob")
    async with live.client(token) as bob:
        got = await pings(bob, limits.FRAMES_BURST + 10)
        served = [one for one in got if one["type"] == "pong"]
        refused = [one for one in got if one["type"] == "error"]
        assert len(served) >= limits.FRAMES_BURST
        assert refused
        for one in refused:
            assert one["code"] == "rate_limited"
            assert 0 < one["retry_after_ms"] <= 1000 / limits.FRAMES_RATE_PER_S + 1
        await bob.post(room.public_id, "messages have their own rate")
        await asyncio.sleep(refused[-1]["retry_after_ms"] / 1000)
        await bob.say("ping", ref="later")
        await bob.expect("pong", ref="later")


async def test_who_goes_on_and_on_is_closed(
    live: Live, room: Room, member: Member
) -> None:
    _, token = member(room, "Bob")
    async with live.client(token) as bob:
        for _ in range(limits.FRAMES_BURST + 10 * limits.ERRORS_PER_WINDOW):
            await bob.say("ping")
        assert await bob.closed() == 4029


async def test_who_gives_one_wrong_command_after_the_other_is_closed(
    live: Live, room: Room, member: Member
) -> None:
    _, token = member(room, "Bob")
    wrong = {"room": room.public_id, "body": "/nothing", "commands": True}
    async with live.client(token) as bob:
        for _ in range(limits.ERRORS_PER_WINDOW):
            await bob.say("send", client_id=str(uuid.uuid4()), **wrong)
        assert await bob.closed() == 4029


@pytest.mark.parametrize(
    ("body", "commands", "waits"),
    [("/help", True, True), ("/help", None, False), ("help", True, False)],
)
def test_a_command_is_a_frame_like_others_and_a_message_is_none(
    body: str, commands: bool | None, waits: bool
) -> None:
    pace = Pace()
    send = Send("ref", "room", uuid.uuid4(), body, None, commands)
    for _ in range(limits.FRAMES_BURST):
        assert pace.wait_s(send) == 0
    assert (pace.wait_s(send) > 0) is waits


async def test_commands_that_wait_are_not_given_once_the_socket_is_gone() -> None:
    errands, begun, gone = Errands(), asyncio.Event(), asyncio.Event()
    given: list[int] = []

    async def order(number: int) -> None:
        given.append(number)
        begun.set()
        await gone.wait()

    for number in range(3):
        errands.in_turn(partial(order, number))
    await begun.wait()
    errands.stop()
    gone.set()
    await asyncio.gather(*errands._begun)
    assert given == [0]


async def test_a_flood_of_states_is_no_error_and_ends_with_the_last_one(
    live: Live, room: Room, member: Member
) -> None:
    (bob, token), (_, others) = member(room, "Bob"), member(room, "Ann")
    async with live.client(token) as flooding, live.client(others) as ann:
        await flooding.subscribe(room.public_id)
        await ann.subscribe(room.public_id)
        for _ in range(limits.FRAMES_BURST):
            await flooding.say("typing", room=room.public_id, on=True)
            await flooding.say("presence", state="online")
        await flooding.say("presence", state="dnd")

        def is_dnd(frame: dict[str, Any]) -> bool:
            joins = frame.get("joins", {}).get(bob.public_id, {})
            return any(meta["state"] == "dnd" for meta in joins.get("metas", []))

        await ann.until(is_dnd)
        assert not [one for one in flooding.frames if one["type"] == "error"]


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"attachments": ["a"]}, "limit"),
        ({"body": "\x01"}, "bad_text"),
        ({"body": 3}, "bad_frame"),
        ({"reply_to": -1}, "bad_seq"),
        ({"unknown": 1}, "unknown_field"),
    ],
)
async def test_the_refusal_of_a_message_names_room_and_client_id(
    live: Live, room: Room, member: Member, fields: dict[str, Any], code: str
) -> None:
    _, token = member(room, "Bob")
    key = str(uuid.uuid4())
    good = {"room": room.public_id, "client_id": key, "body": "x"}
    async with live.client(token) as bob:
        await bob.say("send", **{**good, **fields})
        error = await bob.expect("error", code=code)
    assert (error["room"], error["client_id"]) == (room.public_id, key)


@pytest.mark.parametrize("name", ["room", "client_id"])
async def test_a_refusal_repeats_nothing_that_is_no_name(
    live: Live, room: Room, member: Member, name: str
) -> None:
    _, token = member(room, "Bob")
    good = {"room": room.public_id, "client_id": str(uuid.uuid4()), "body": "x"}
    async with live.client(token) as bob:
        bad: object
        for bad in ("\ud800", "\x01", "é" * 8, 7, None, []):
            await bob.say("send", **{**good, name: bad})
            error = await bob.expect("error")
            if name in error:
                assert error[name] == good[name]
        await bob.post(room.public_id, "still open")


async def test_reading_beyond_the_newest_is_acked_with_what_is_stored(
    live: Live, room: Room, member: Member
) -> None:
    user, token = member(room, "Bob")
    async with live.client(token) as bob:
        newest = (await bob.post(room.public_id, "one"))["seq"]
        await bob.say("read", room=room.public_id, seq=newest + 50)
        ack = await bob.until(lambda one: one["type"] == "ack")
    assert ack["seq"] == newest
    assert Membership.objects.get(room=room, user=user).last_read_seq == newest
