"""The live sockets of one room: the same framed bytes to each of them.

What it guards: nothing is built for a single socket, a large room is written to slice
by slice so that the other rooms get their turn, and who left gets not one byte more.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterator

from livechat.lib import limits
from livechat.lib.connections import Connection


def _nowhere(_data: bytes) -> None:
    """What is written to a seat that was left."""


class _Seat:
    """One socket's time in the room; whoever comes back gets another seat."""

    __slots__ = ("write",)

    def __init__(self, write: Callable[[bytes], None]) -> None:
        self.write = write


class Crowd:
    """Sockets that get every frame of a room, apart by their format."""

    __slots__ = ("_ended_at", "_slices", "_spent_s", "pages", "programs")

    def __init__(self) -> None:
        self.pages: dict[Connection, _Seat] = {}
        self.programs: dict[Connection, _Seat] = {}
        self._slices: deque[tuple[bytes, list[_Seat]]] = deque()
        self._spent_s = 0.0  # on the last write, or on those that met
        self._ended_at = 0.0

    def __len__(self) -> int:
        return len(self.pages) + len(self.programs)

    def __iter__(self) -> Iterator[Connection]:
        return iter([*self.pages, *self.programs])

    def __contains__(self, connection: Connection) -> bool:
        return connection in self._of(connection)

    def add(self, connection: Connection) -> None:
        """From now on the socket gets what is written."""
        seat = _Seat(connection.socket.write_framed)
        self._of(connection).setdefault(connection, seat)

    def discard(self, connection: Connection) -> None:
        """From now on it gets nothing, not even the rest of a write that has begun."""
        if seat := self._of(connection).pop(connection, None):
            seat.write = _nowhere

    def write(self, json_frames: bytes, html_frames: bytes) -> None:
        """Write framed bytes to every socket, by its format; empty: to none.

        A crowd of up to CROWD_SLICE_SOCKETS has them when this returns. A larger one
        gets them in slices, with a pass through the loop between; writes keep their
        order, and who is added later gets nothing of those that were begun before.
        """
        is_writing = bool(self._slices)
        self._cut(json_frames, self.programs)
        self._cut(html_frames, self.pages)
        if not is_writing:
            self._spent_s = 0.0
            self._write_on()

    def finish(self) -> None:
        """Write now what the slices of earlier writes still owe."""
        while self._slices:
            self._write_slice()

    def rest_s(self) -> float:
        """The seconds to wait before the next write; 0 or less: the room is quiet.

        Frames that meet in this time leave in one write, which costs each socket the
        same as one frame; and half of the loop's time stays for everybody else.
        """
        if self._slices:
            return limits.FLUSH_INTERVAL_S
        rest_s = max(limits.FLUSH_INTERVAL_S, self._spent_s)
        return self._ended_at + rest_s - time.monotonic()

    def _cut(self, frames: bytes, seats: dict[Connection, _Seat]) -> None:
        if not frames:
            return
        each = list(seats.values())
        for start in range(0, len(each), limits.CROWD_SLICE_SOCKETS):
            part = each[start : start + limits.CROWD_SLICE_SOCKETS]
            self._slices.append((frames, part))

    def _write_on(self) -> None:
        started = time.monotonic()
        written = 0
        while self._slices and written < limits.CROWD_SLICE_SOCKETS:
            written += self._write_slice()
        self._ended_at = time.monotonic()
        self._spent_s += self._ended_at - started
        if self._slices:
            asyncio.get_running_loop().call_soon(self._write_on)

    def _write_slice(self) -> int:
        frames, seats = self._slices.popleft()
        for seat in seats:
            seat.write(frames)
        return len(seats)

    def _of(self, connection: Connection) -> dict[Connection, _Seat]:
        return self.pages if connection.html else self.programs
