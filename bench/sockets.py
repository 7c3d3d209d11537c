"""The client's sockets: most only count, a few read all; none allocates per message.

A socket is first an `Opening`, which hands its transport on when it is in.
"""

import asyncio
import time
from collections.abc import Callable
from typing import cast

import msgspec

from bench import wire

Fail = Callable[[str], None]


class Frame(msgspec.Struct):
    """The fields of a server's frame that the client looks at; others are skipped."""

    type: str
    body: str = ""
    client_id: str = ""
    changed_seq: int = 0
    code: str = ""
    message: str = ""


Heard = Callable[[Frame, int], None]
_PONG = wire.client_frame(b"", wire.PONG)
_decode = msgspec.json.Decoder(Frame).decode


class Tally:
    """A count over all sockets together; calls `on_due` when `due` is reached."""

    def __init__(self) -> None:
        self.count = 0
        self.due = 1 << 62
        self.on_due: Callable[[], None] = lambda: None

    def add(self, count: int) -> None:
        """Count `count` more."""
        self.count += count
        if self.count >= self.due:
            self.on_due()


class Member(asyncio.Protocol):
    """A socket that is in. `seen` is the number of messages that reached it."""

    def __init__(self, tally: Tally, marker: bytes, fail: Fail) -> None:
        self.tally = tally
        self.marker = marker
        self.fail = fail
        self.seen = 0
        self.leaving = False
        self.entered = False
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.entered = True

    def connection_lost(self, error: Exception | None) -> None:
        if not self.leaving:
            self.fail(f"the server closed a socket: {error or 'end of stream'}")

    def show_life(self) -> None:
        """Send a pong that nobody asked for, which RFC 6455 (5.5.3) calls a heartbeat.

        A server takes it for the answer to its ping, which a counting member misses.
        """
        self.transport.write(_PONG)

    def leave(self) -> None:
        """Close at once, as a laptop's lid does."""
        self.leaving = True
        self.transport.abort()


class Counting(Member):
    """Counts the marker in the bytes and knows nothing else of them, pings neither."""

    def __init__(self, tally: Tally, marker: bytes, fail: Fail) -> None:
        super().__init__(tally, marker, fail)
        self.reach = len(marker) - 1
        self.edge = b""

    def data_received(self, data: bytes) -> None:
        # The edge is one byte too short to hold a marker, and so is what is joined
        # to it: what is found there lies across two chunks and was not counted yet.
        count = data.count(self.marker)
        if self.edge:
            count += (self.edge + data[: self.reach]).count(self.marker)
        if len(data) >= self.reach:
            self.edge = data[-self.reach :]
        else:
            self.edge = (self.edge + data)[-self.reach :]
        if count:
            self.seen += count
            self.tally.add(count)


class Reading(Member):
    """Takes every frame apart and hands it to `heard` with the time of its arrival."""

    def __init__(self, tally: Tally, marker: bytes, fail: Fail, heard: Heard) -> None:
        super().__init__(tally, marker, fail)
        self.heard = heard
        self.held = bytearray()

    def data_received(self, data: bytes) -> None:
        now_ns = time.monotonic_ns()
        self.held += data
        before = self.seen
        for opcode, payload in wire.take_frames(self.held):
            self._take(opcode, payload, now_ns)
        if self.seen > before:
            self.tally.add(self.seen - before)

    def _take(self, opcode: int, payload: bytes, now_ns: int) -> None:
        if opcode == wire.PING:
            self.transport.write(wire.client_frame(payload, wire.PONG))
        elif opcode == wire.TEXT:
            # The marker decides here too, so that both kinds count the same thing.
            self.seen += payload.count(self.marker)
            self.heard(_decode(payload), now_ns)


class Opening(asyncio.Protocol):
    """A socket on its way in: handshake, first frames, ready; then `member` has it."""

    def __init__(
        self, request: bytes, opening: bytes, ready: bytes, member: Member
    ) -> None:
        self.request = request
        self.opening = opening
        self.ready = ready
        self.member = member
        self.accepted = False
        self.held = bytearray()
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        self.held += data
        if not self.accepted:
            self._read_answer()
        if self.accepted and self.ready in self.held:
            self._hand_over()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            reason = f"closed while it was opened: {error or bytes(self.held[:120])!r}"
            self.done.set_exception(ConnectionError(reason))

    def _read_answer(self) -> None:
        head, end, rest = self.held.partition(b"\r\n\r\n")
        if not end:
            return
        if not head.startswith(b"HTTP/1.1 101"):
            self.done.set_exception(ConnectionError(f"refused: {bytes(head[:120])!r}"))
            self.transport.abort()
            return
        self.accepted = True
        self.held = rest
        self.transport.write(self.opening)

    def _hand_over(self) -> None:
        self.transport.set_protocol(self.member)
        self.member.connection_made(self.transport)
        if self.held:
            self.member.data_received(bytes(self.held))
        self.done.set_result(None)
