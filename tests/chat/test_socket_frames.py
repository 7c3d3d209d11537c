"""Hostile and broken frames: an error that says why, an open socket, nothing stored."""

import asyncio
import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from chat.models import Membership, Message, Room
from chat.worker_tables import DeadLetter
from tests.chat.conftest import Member, Person
from tests.live import Client, Live

ID = str(uuid.UUID(int=7))
ZERO_WIDTH = "\u200b \u2060\u3164\u00ad\ufeff"
BRACES = "[" * 17 + "]" * 17


@pytest.fixture(autouse=True, scope="module")
def no_traceback(running: Live) -> Iterator[None]:
    """Whatever is sent here, neither gateway nor worker may log a traceback."""
    before = {name: len(running.log(name)) for name in ("web", "worker")}
    yield
    for name, start in before.items():
        said = running.log(name)[start:]
        assert "Traceback" not in said, said[said.index("Traceback") - 500 :][:3000]


def send(**fields: Any) -> str:
    """A frame that would be right but for these fields; `...` leaves one out."""
    frame = {"type": "send", "room": "ROOM", "client_id": ID, "body": "x", **fields}
    return json.dumps({name: one for name, one in frame.items() if one is not ...})


def frame(type_: str, **fields: Any) -> str:
    return json.dumps({"type": type_, **fields})


BAD: dict[str, tuple[str, str]] = {
    # W13: nothing at all
    "W13 empty": ("", "bad_json"),
    "W13 space": (" ", "bad_json"),
    "W13 line end": ("\n", "bad_json"),
    # W27: refs
    "W27 ref of 10 KB": (frame("ping", ref="r" * 10_240), "bad_frame"),
    "W27 ref of 65": (frame("ping", ref="r" * 65), "bad_frame"),
    "W27 ref is an object": (frame("ping", ref={}), "bad_frame"),
    "W27 ref is a number": (frame("ping", ref=1), "bad_frame"),
    "W27 ref with NUL": (frame("ping", ref="a\0"), "bad_text"),
    # W31: types
    "W31 unknown": (frame("admin"), "unknown_type"),
    "W31 other case": (frame("Ping"), "unknown_type"),
    "W31 prototype": (frame("__proto__"), "unknown_type"),
    "W31 no type": ("{}", "unknown_type"),
    "W31 null": (frame("ping").replace('"ping"', "null"), "unknown_type"),
    "W31 list": ('{"type": ["ping"]}', "unknown_type"),
    "W31 object": ('{"type": {"a": 1}}', "unknown_type"),
    # J1: not an object
    "J1 list": ("[]", "bad_frame"),
    "J1 text": ('"x"', "bad_frame"),
    "J1 number": ("1", "bad_frame"),
    "J1 true": ("true", "bad_frame"),
    "J1 null": ("null", "bad_frame"),
    "J1 not JSON": ("{'type': 'ping'}", "bad_json"),
    "J1 cut": ('{"type": "ping"', "bad_json"),
    "J1 two": ('{"type": "ping"}{"type": "ping"}', "bad_json"),
    "J1 NaN": ('{"type": "read", "room": "ROOM", "seq": NaN}', "bad_json"),
    "J1 infinite": ('{"type": "read", "room": "ROOM", "seq": 1e999}', "bad_json"),
    # J3: keys twice
    "J3": ('{"type": "ping", "type": "send"}', "bad_json"),
    "J3 escaped": ('{"type": "ping", "\\u0074ype": "send"}', "bad_json"),
    # J5: numbers
    "J5 5,000 digits": (
        frame("read", room="ROOM", seq=0).replace("0", "9" * 5_000),
        "bad_frame",
    ),
    "J5 2^53+1": (frame("read", room="ROOM", seq=2**53 + 1), "bad_frame"),
    "J5 2^63": (frame("read", room="ROOM", seq=2**63), "bad_frame"),
    "J5 -2^63-1": (frame("read", room="ROOM", seq=-(2**63) - 1), "bad_frame"),
    "J5 negative": (frame("read", room="ROOM", seq=-1), "bad_seq"),
    "J5 float": (frame("read", room="ROOM", seq=1.0), "bad_seq"),
    "J5 true": (frame("read", room="ROOM", seq=True), "bad_seq"),
    "J5 text": (frame("read", room="ROOM", seq="1"), "bad_seq"),
    "J5 null": (frame("subscribe", room="ROOM", after=None), "bad_seq"),
    "J5 reply_to": (send(reply_to="1"), "bad_seq"),
    # J7, U9: texts that nothing can hold
    "J7 half a pair": (
        send(body="HALF").replace("HALF", "\\ud800"),
        "bad_text",
    ),
    "J7 NUL": (send(body="a\0b"), "bad_text"),
    "J7 escape": (send(body="\x1b[2J"), "bad_text"),
    "J7 in a key": ('{"type": "ping", "\\ud800": 1}', "bad_text"),
    # J9: objects and lists where a text belongs
    "J9 room object": (send(room={"$gt": ""}), "bad_frame"),
    "J9 room lookup": (frame("subscribe", room={"__ne": 1}), "bad_frame"),
    "J9 room list": (frame("read", room=["ROOM"], seq=1), "bad_frame"),
    "J9 lookup key": (send(room__name__startswith="L"), "unknown_field"),
    "J9 body list": (send(body=["x"]), "bad_frame"),
    "J9 body number": (send(body=1), "bad_frame"),
    "J9 body null": (send(body=None), "bad_frame"),
    "J9 key object": (send(client_id={}), "bad_frame"),
    "J9 state object": (frame("presence", state={"a": 1}), "bad_frame"),
    "J9 state list": (frame("presence", state=["online"]), "bad_frame"),
    "J9 state unknown": (frame("presence", state="offline"), "bad_frame"),
    "J9 on number": (frame("typing", room="ROOM", on=1), "bad_frame"),
    "J9 on text": (frame("typing", room="ROOM", on="true"), "bad_frame"),
    "J9 reply object": (send(reply_to={}), "bad_seq"),
    "J9 attachments text": (send(attachments="a"), "bad_frame"),
    "J9 attachments": (send(attachments=["a1"]), "limit"),
    # J11: what is missing is named
    "J11 send room": (send(room=...), "bad_frame:room"),
    "J11 send client_id": (send(client_id=...), "bad_frame:client_id"),
    "J11 send body": (send(body=...), "bad_frame:body"),
    "J11 subscribe room": (frame("subscribe"), "bad_frame:room"),
    "J11 unsubscribe room": (frame("unsubscribe"), "bad_frame:room"),
    "J11 read room": (frame("read", seq=1), "bad_frame:room"),
    "J11 read seq": (frame("read", room="ROOM"), "bad_frame:seq"),
    "J11 typing room": (frame("typing", on=True), "bad_frame:room"),
    "J11 typing on": (frame("typing", room="ROOM"), "bad_frame:on"),
    "J11 presence state": (frame("presence"), "bad_frame:state"),
    # J13: too much of it
    "J13 33 keys": (frame("ping", **{f"k{n}": 1 for n in range(32)}), "bad_json"),
    "J13 3,000 keys": (frame("ping", **{f"k{n}": 1 for n in range(3_000)}), "bad_json"),
    "J13 key of 60 KB": (frame("ping", **{"k" * 60_000: 1}), "unknown_field"),
    "J13 too deep": (
        '{"type": "ping", "x": BRACES}'.replace("BRACES", BRACES),
        "bad_json",
    ),
    "J13 very deep": ("[" * 60_000, "bad_json"),
    "J13 very deep objects": ('{"a":' * 12_000, "bad_json"),
    # J17: keys
    "J17 empty": (send(client_id=""), "bad_frame"),
    "J17 no UUID": (send(client_id="mine"), "bad_frame"),
    "J17 60 KB": (send(client_id="a" * 60_000), "bad_frame"),
    "J17 other spelling": (send(client_id="{" + ID + "}"), "bad_frame"),
    "J17 36 others": (send(client_id="g" * 36), "bad_frame"),
    # J19: there are no batches
    "J19 batch": (json.dumps([{"type": "ping"}] * 1_000), "bad_frame"),
    "J19 commands": (frame("batch", commands=[{}] * 1_000), "unknown_type"),
    # U: texts that are refused when they are read as people read them
    "U1 unseen": (send(body=ZERO_WIDTH), "empty"),
    "U1 spaces": (send(body=" \t\n "), "empty"),
    "U1 nothing": (send(body=""), "empty"),
    "U1 an empty fence": (send(body="```python"), "empty"),
    "U1 blank Hangul": (send(body="\u3164"), "empty"),
    "U11 too long": (send(body="x" * 8_001), "too_long"),
    "U11 too long in NFC": (send(body="\u0958" * 4_001), "too_long"),
    "U C1": (send(body="a\x9bb"), "bad_text"),
    "U heap of marks": (send(body="a" + "\u0301" * 500), "bad_text"),
    # Rooms that are not there, whatever they are called
    "room unknown": (send(room="nowhere"), "no_room"),
    "room empty": (send(room=""), "no_room"),
    "room long": (send(room="r" * 33), "no_room"),
    "room SQL": (send(room="' OR 1=1 --"), "no_room"),
    "room channel": (frame("subscribe", room="ROOM:presence"), "no_room"),
    "room star": (frame("subscribe", room="*"), "no_room"),
    "reply to nothing": (send(reply_to=99), "no_message"),
    "reply to 0": (send(reply_to=0), "no_message"),
    "unsubscribed": (frame("typing", room="ROOM", on=True), "no_room"),
    "not followed": (frame("unsubscribe", room="ROOM"), "no_room"),
    # Fields of another frame, or of nobody
    "sender": (send(author="alice"), "unknown_field"),
    "number": (send(seq=1), "unknown_field"),
    "time": (send(created_at="2020-01-01"), "unknown_field"),
    "ping room": (frame("ping", room="ROOM"), "unknown_field"),
}


@pytest.mark.parametrize(("data", "expected"), BAD.values(), ids=BAD.keys())
async def test_a_bad_frame_is_told_and_stores_nothing(
    live: Live, room: Room, member: Member, data: str, expected: str
) -> None:
    _, bobs = member(room, "Bob")
    code, _, named = expected.partition(":")
    async with live.client(bobs) as client:
        await client.raw(data.replace("ROOM", room.public_id))
        error = await client.expect("error")
        assert error["code"] == code
        assert error["message"] and named in error["message"]
        assert len(error["message"]) < 300
        await client.say("ping", ref="alive")
        await client.expect("pong", ref="alive")
    assert not Message.objects.exists()
    assert not DeadLetter.objects.exists()


async def test_a_binary_frame_is_told(live: Live, person: Person) -> None:
    _, bobs = person("Bob")
    async with live.client(bobs) as client:
        await client.raw(b'{"type": "ping"}')
        assert (await client.expect("error"))["code"] == "bad_frame"
        await client.say("ping")
        await client.expect("pong")


async def test_an_escaped_type_and_the_headers_of_htmx_are_taken(
    live: Live, room: Room, member: Member
) -> None:
    _, bobs = member(room, "Bob")
    async with live.client(bobs) as client:
        await client.raw(
            send(HEADERS={"HX-Request": "true"})
            .replace("ROOM", room.public_id)
            .replace('"send"', '"\\u0073end"')
        )
        await client.expect("ack")


async def test_direction_marks_and_line_ends_cannot_leave_their_message(
    live: Live, room: Room, member: Member
) -> None:
    _, bobs = member(room, "Bob")
    async with live.client(bobs) as client:
        await client.subscribe(room.public_id)
        await client.post(room.public_id, "\u2066" * 1_000 + "in\u202e\rout\u2028end")
        message = await client.expect("message")
    assert message["body"] == "in\nout\nend"


async def test_many_errors_in_a_short_time_end_the_socket(
    live: Live, person: Person
) -> None:
    _, bobs = person("Bob")
    async with live.client(bobs) as client:
        for _ in range(19):
            await client.raw("rubbish")
        await client.say("ping")
        await client.expect("pong")
        await client.raw("rubbish")
        assert await client.closed() == 4029
    assert len([one for one in client.frames if one["type"] == "error"]) == 20


async def test_a_message_above_64_kib_ends_the_socket_and_one_below_does_not(
    live: Live, person: Person
) -> None:
    _, bobs = person("Bob")
    room_left = 64 * 1024 - len(frame("ping", x=""))
    async with live.client(bobs) as client:
        await client.raw(frame("ping", x="y" * room_left))
        assert (await client.expect("error"))["code"] == "unknown_field"
        await client.raw(frame("ping", x="y" * (room_left + 1)))
        assert await client.closed() == 1009


async def test_a_frame_of_one_socket_harms_no_other(
    live: Live, room: Room, member: Member
) -> None:
    (_, bobs), (_, anns) = member(room, "Bob"), member(room, "Ann")

    async def abuse(client: Client) -> int:
        for data, _ in list(BAD.values())[:40]:
            await client.raw(data.replace("ROOM", room.public_id))
        return await client.closed()

    async with live.client(bobs) as bad, live.client(anns) as good:
        await good.subscribe(room.public_id)
        code, ack = await asyncio.gather(abuse(bad), good.post(room.public_id, "calm"))
        assert (code, ack["seq"]) == (4029, 1)
        await good.expect("message")
    assert Membership.objects.filter(room=room).count() == 3
