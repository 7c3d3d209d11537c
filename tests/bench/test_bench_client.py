"""The load client against a tiny room: it must count exactly, and notice any fault."""

import contextlib
import json
from collections.abc import AsyncIterator, Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.asyncio.server import ServerConnection, broadcast, serve

from bench import wire
from bench.client import run
from bench.job import Job, Result, Target
from bench.sockets import Counting, Tally

MARKER = b'"type":"message"'
Copies = Callable[[int], int]


@contextlib.asynccontextmanager
async def tiny_room(copies: Copies, reply: str = "") -> AsyncIterator[int]:
    """The port of a room that sends message n to everybody, but to its first member
    as often as `copies(n)` says; with `reply` it only answers that."""
    members: list[ServerConnection] = []
    count = 0

    async def member(socket: ServerConnection) -> None:
        nonlocal count
        members.append(socket)
        await socket.send('{"type":"subscribed"}')
        async for text in socket:
            body = json.loads(text)["body"]
            count += 1
            frame = json.dumps(
                {"type": "message", "changed_seq": count, "body": body},
                separators=(",", ":"),
            )
            if reply:
                await socket.send(reply)
                continue
            broadcast(members[1:], frame)
            for _ in range(copies(count)):
                broadcast(members[:1], frame)

    async with serve(member, "127.0.0.1", 0, compression=None) as server:
        yield next(iter(server.sockets)).getsockname()[1]


async def measured(copies: Copies, reply: str = "", pace_s: float = 0.0) -> Result:
    async with tiny_room(copies, reply) as port:
        return await run(
            Job(
                kind="fanout",
                port=port,
                targets=[Target("/")] * 6,
                ready_marker='"type":"subscribed"',
                templates=['{"body":"%(body)s"}'],
                senders=2,
                samples=2,
                window=3,
                warmup_s=0.05,
                measure_s=0.2,
                pace_s=pace_s,
                drain_s=0.5,
            )
        )


async def test_a_fair_room_is_measured_without_a_fault() -> None:
    result = await measured(lambda _: 1, pace_s=0.2)
    assert result.faults == []
    assert result.load.count > 0
    assert result.latency is not None
    assert 0 < result.latency.p50_ms <= result.latency.p99_ms


async def test_a_lost_delivery_is_noticed() -> None:
    result = await measured(lambda number: 0 if number == 5 else 1)
    assert any("lost" in fault for fault in result.faults)


async def test_a_doubled_delivery_is_noticed() -> None:
    result = await measured(lambda number: 2 if number == 5 else 1)
    assert any("twice" in fault for fault in result.faults)


async def test_an_error_frame_spoils_the_measurement() -> None:
    reply = '{"type":"error","code":"rate_limited","message":"wait"}'
    result = await measured(lambda _: 1, reply)
    assert result.faults == ["the server answered rate_limited: wait"]


async def test_a_refused_socket_spoils_the_measurement() -> None:
    job = Job(kind="fanout", port=9, targets=[Target("/")], senders=1)
    result = await run(job)
    assert "could be opened" in result.faults[0]


@given(
    numbers=st.lists(st.integers(0, 2), min_size=1, max_size=6),
    cuts=st.lists(st.integers(1, 40), min_size=1, max_size=60),
)
def test_a_marker_is_counted_once_however_its_bytes_arrive(
    numbers: list[int], cuts: list[int]
) -> None:
    sent = b"".join(b"{" + MARKER * number + b',"x":1}' for number in numbers)
    socket = Counting(Tally(), MARKER, pytest.fail)
    position = 0
    while position < len(sent):
        size = cuts[position % len(cuts)]
        socket.data_received(sent[position : position + size])
        position += size
    assert socket.seen == sum(numbers)
    assert socket.tally.count == sum(numbers)


@given(
    payloads=st.lists(st.binary(max_size=300) | st.just(bytes(70_000)), max_size=4),
    cut=st.integers(0, 71_000),
)
def test_server_frames_are_taken_apart_wherever_they_are_cut(
    payloads: list[bytes], cut: int
) -> None:
    sent = b"".join(map(wire.server_frame, payloads))
    held = bytearray(sent[:cut])
    taken = list(wire.take_frames(held))
    held += sent[cut:]
    taken += wire.take_frames(held)
    assert taken == [(wire.TEXT, payload) for payload in payloads]
    assert not held


def test_a_masked_server_frame_is_refused() -> None:
    with pytest.raises(wire.BrokenFrameError):
        list(wire.take_frames(bytearray(wire.client_frame(b"x"))))
