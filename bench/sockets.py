"""The client's sockets: most are only counted, in C where it can be, a few read all.

A socket is first an `Opening`, which hands its transport on when it is in.
"""

import asyncio
import time
from collections.abc import Callable
from typing import cast

import msgspec

from bench import wire
from bench.counter import Counter

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
_decode = msgspec.json.Decoder(Frame).decode


class Tally:
    """A count over all sockets together; calls `on_due` when `due` is reached.

    Sockets that `counter` reads are part of it.
    """

    def __init__(self, counter: Counter | None = None) -> None:
        self.on_due: Callable[[], None] = lambda: None
        self._counter = counter
        self._own = 0
        self._due = 1 << 62

    @property
    def count(self) -> int:
        """What was counted so far."""
        return self._own + (self._counter.total if self._counter else 0)

    @property
    def due(self) -> int:
        """The count at which `on_due` is called; not by setting it."""
        return self._due

    @due.setter
    def due(self, due: int) -> None:
        self._due = due
        if self._counter:
            self._counter.arm(due - self._own)

    def add(self, count: int) -> None:
        """Count `count` more."""
        self._own += count
        self.due = self._due
        self.look()

    def look(self) -> None:
        """Call `on_due` if it is time."""
        if self.count >= self._due:
            self.on_due()


class Member(asyncio.Protocol):
    """A socket that is in. `seen` is the number of messages that reached it."""

    def __init__(self, tally: Tally, marker: bytes, fail: Fail) -> None:
        self.tally = tally
        self.marker = marker  # with which the payload of a message begins
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

    def count(self) -> int:
        """The messages that reached it."""
        return self.seen

    def leave(self) -> None:
        """Close at once, as a laptop's lid does."""
        self.leaving = True
        self.transport.abort()


class Counted(Member):
    """Read by the counting thread; nothing of it passes through the loop."""

    def __init__(
        self, tally: Tally, marker: bytes, fail: Fail, counter: Counter
    ) -> None:
        super().__init__(tally, marker, fail)
        self.counter = counter
        self.slot = -1

    def data_received(self, data: bytes) -> None:
        """Hand the socket over, with what came behind the frame that let it in."""
        self.transport.pause_reading()
        descriptor = self.transport.get_extra_info("socket").fileno()
        self.slot = self.counter.add(descriptor, data)

    def count(self) -> int:
        return self.counter.seen(self.slot) if self.slot >= 0 else 0


class Counting(Member):
    """The same without a C compiler: looks at each frame's beginning."""

    def __init__(self, tally: Tally, marker: bytes, fail: Fail) -> None:
        super().__init__(tally, marker, fail)
        self.held = bytearray()

    def data_received(self, data: bytes) -> None:
        now_ns = time.monotonic_ns()
        self.held += data
        before = self.seen
        for opcode, payload in wire.take_frames(self.held):
            if opcode == wire.PING:
                self.transport.write(wire.client_frame(payload, wire.PONG))
            elif opcode == wire.TEXT:
                self.take(payload, now_ns)
        if self.seen > before:
            self.tally.add(self.seen - before)

    def take(self, payload: bytes, now_ns: int) -> None:
        """Look at one text frame."""
        self.seen += payload.startswith(self.marker)


class Reading(Counting):
    """Decodes every frame and hands it to `heard` with the time of its arrival."""

    def __init__(self, tally: Tally, marker: bytes, fail: Fail, heard: Heard) -> None:
        super().__init__(tally, marker, fail)
        self.heard = heard

    def take(self, payload: bytes, now_ns: int) -> None:
        super().take(payload, now_ns)
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
        self.member.data_received(bytes(self.held))
        self.done.set_result(None)
