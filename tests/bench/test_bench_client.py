"""The load client against a tiny room: it must count exactly, and notice any fault."""

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.asyncio.server import ServerConnection, broadcast, serve

from bench import compiled, wire
from bench.client import run
from bench.counter import Counter
from bench.job import Job, Result, Target
from bench.loop import Loop
from bench.sockets import Counting, Tally

MARKER = b'"type":"message"'
Copies = Callable[[int], int]


@contextlib.asynccontextmanager
async def tiny_room(copies: Copies, reply: str = "") -> AsyncIterator[int]:
    """The port of a room that sends message n to everybody, but to its first member
    as often as `copies(n)` says; with `reply` it only answers that."""
    members: list[ServerConnection] = []
    count = 0

    async def member(opened: ServerConnection) -> None:
        nonlocal count
        members.append(opened)
        await opened.send('{"type":"subscribed"}')
        async for text in opened:
            body = json.loads(text)["body"]
            count += 1
            frame = json.dumps(
                {"type": "message", "changed_seq": count, "body": body},
                separators=(",", ":"),
            )
            if reply:
                await opened.send(reply)
                continue
            broadcast(members[1:], frame)
            for _ in range(copies(count)):
                broadcast(members[:1], frame)

    async with serve(member, "127.0.0.1", 0, compression=None) as server:
        yield next(iter(server.sockets)).getsockname()[1]


async def measured(copies: Copies, reply: str = "", pace_s: float = 0.0) -> Result:
    async with tiny_room(copies, reply) as port:
        return await run(replace(small_job(port), pace_s=pace_s))


def small_job(port: int) -> Job:
    """A fan-out of the tiny room that takes less than a second."""
    return Job(
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
        drain_s=0.5,
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


KINDS = (
    wire.server_frame(b'{"type":"ack"}'),
    wire.server_frame(b"{}"),
    wire.server_frame(b"{" + MARKER + b',"body":"x"}'),
    wire.server_frame(b"{" + MARKER + bytes(70_000)),
    wire.server_frame(b"alive?", wire.PING),
)
MESSAGES, PINGS = (2, 3), (4,)
FRAMES = st.lists(st.integers(0, len(KINDS) - 1), min_size=1, max_size=6)
CUTS = st.lists(st.integers(1, 40) | st.just(30_000), min_size=1, max_size=60)


def pieces(kinds: list[int], cuts: list[int]) -> list[bytes]:
    """The bytes of some frames, cut up."""
    sent = b"".join(KINDS[kind] for kind in kinds)
    found = []
    for size in cuts:
        found.append(sent[:size])
        sent = sent[size:]
    return [piece for piece in [*found, sent] if piece]


def among(kinds: list[int], wanted: tuple[int, ...]) -> int:
    """How many of the frames are of the wanted kinds."""
    return sum(kind in wanted for kind in kinds)


class Written:
    """A transport that keeps what is written."""

    def __init__(self) -> None:
        self.data = b""

    def write(self, data: bytes) -> None:
        """Keep it."""
        self.data += data


PONG = wire.client_frame(b"alive?", wire.PONG)


@given(kinds=FRAMES, cuts=CUTS)
def test_a_message_is_counted_once_however_its_bytes_arrive(
    kinds: list[int], cuts: list[int]
) -> None:
    member, transport = Counting(Tally(), b"{" + MARKER, pytest.fail), Written()
    member.transport = transport  # type: ignore[assignment]  # it is written to only
    for piece in pieces(kinds, cuts):
        member.data_received(piece)
    assert member.count() == member.tally.count == among(kinds, MESSAGES)
    assert transport.data == PONG * among(kinds, PINGS)


needs_compiler = pytest.mark.skipif(compiled.compiler() is None, reason="no compiler")


@needs_compiler
@settings(max_examples=40)
@given(kinds=FRAMES, cuts=CUTS)
def test_the_thread_in_c_counts_the_same_and_answers_pings(
    kinds: list[int], cuts: list[int]
) -> None:
    asyncio.run(counted_in_c(kinds, cuts))


async def counted_in_c(kinds: list[int], cuts: list[int]) -> None:
    """Let the thread read the frames, and compare."""
    library = compiled.library("counter")
    assert library is not None
    counter = Counter(library, b"{" + MARKER, 1)
    woken = asyncio.Event()
    counter.listen(woken.set)
    server, client = socket.socketpair()
    with server, client:
        first, *rest = pieces([*kinds, MESSAGES[0]], cuts)
        slot = counter.add(client.fileno(), first)
        for piece in rest:
            server.sendall(piece)
        wanted = among(kinds, MESSAGES) + 1
        if counter.arm(wanted) < wanted:
            await asyncio.wait_for(woken.wait(), 20)
        assert counter.total == counter.seen(slot) == wanted
        expected = PONG * among(kinds, PINGS)
        server.settimeout(20)
        answer = b""
        while len(answer) < len(expected):
            answer += server.recv(65_536)
        assert answer == expected
        assert not counter.lost
        counter.stop()


@needs_compiler
async def test_the_loop_in_c_delivers_each_message_once_to_everybody(
    tmp_path: Path,
) -> None:
    program = compiled.program("loop")
    assert program is not None
    side = Loop(tmp_path / "loop", program)
    side.prepare()
    server = side.start()
    try:
        job = replace(
            small_job(server.port),
            targets=side.targets(3, server.port),
            templates=[side.template()],
            ready_marker="",
            quiet_messages=2,
            pace_s=0.1,
        )
        result = await run(job)
    finally:
        server.stop()
    assert result.faults == []
    assert result.load.count > 0
    assert result.quiet is not None
    assert result.quiet.count == 2


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
