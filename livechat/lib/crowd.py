"""The live sockets of one room: the same framed bytes to each of them, by language.

What it guards: nothing is built for a single socket, a large room is written to slice
by slice so that the other rooms get their turn, and who left gets not one byte more.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping

from livechat.lib import limits
from livechat.lib.connections import TRY_AGAIN_LATER, Connection
from livechat.lib.page_frames import one_frame

HEAL_LOOK_S = 0.01  # between two looks at what sockets have taken


def _nowhere(_data: bytes) -> None:
    """What is written to a seat that was left."""


class _Seat:
    """One socket's time in the room; whoever comes back gets another seat."""

    __slots__ = ("connection", "write")

    def __init__(self, connection: Connection) -> None:
        self.connection: Connection | None = connection
        self.write: Callable[[bytes], None] = connection.socket.write_framed


_Writer = Callable[[bytes, list[_Seat]], None]


def _write(frames: bytes, seats: list[_Seat]) -> None:
    for seat in seats:
        seat.write(frames)


class Crowd:
    """Sockets that get every frame of a room, apart by their format."""

    __slots__ = (
        "_ended_at",
        "_slices",
        "_spent_s",
        "behind",
        "pages",
        "programs",
        "shown",
    )

    def __init__(self) -> None:
        # By language; one that nobody here reads has no entry.
        self.pages: dict[str, dict[Connection, _Seat]] = {}
        self.programs: dict[Connection, _Seat] = {}
        # Who missed a state: they had not taken what was sent before, or are not live.
        self.behind: set[Connection] = set()
        self.shown = 0  # states, ever
        self._slices: deque[tuple[_Writer, bytes, list[_Seat]]] = deque()
        self._spent_s = 0.0  # on the last write, or on those that met
        self._ended_at = 0.0

    def __len__(self) -> int:
        return sum(map(len, self.pages.values())) + len(self.programs)

    def __iter__(self) -> Iterator[Connection]:
        return iter([*self._all_pages(), *self.programs])

    def __contains__(self, connection: Connection) -> bool:
        return connection in self._of(connection)

    def add(self, connection: Connection) -> None:
        """From now on the socket gets what is written."""
        if connection.html:
            self.pages.setdefault(connection.language, {})
        self._of(connection).setdefault(connection, _Seat(connection))

    def discard(self, connection: Connection) -> None:
        """From now on it gets nothing, not even the rest of a write that has begun."""
        self.behind.discard(connection)
        if seat := self._of(connection).pop(connection, None):
            seat.connection, seat.write = None, _nowhere
        if not self.pages.get(connection.language, True):
            del self.pages[connection.language]

    def write(self, json_frames: bytes, html_frames: Mapping[str, bytes]) -> None:
        """Write framed bytes to every socket, by format and language; empty: to none.

        A crowd of up to CROWD_SLICE_SOCKETS has them when this returns. A larger one
        gets them in slices, with a pass through the loop between; writes keep their
        order, and who is added later gets nothing of those that were begun before.
        """
        self._begin(_write, json_frames, html_frames)

    def turn_pages_away(self) -> None:
        """Close the pages, which were not told something; each resumes by number."""
        for connection in self._all_pages():
            self.discard(connection)
            connection.socket.close(TRY_AGAIN_LATER, "something was not told")

    def show(self, json_frames: bytes, html: bytes) -> None:
        """Write what tells how something is, to sockets for which nothing waits.

        Programs get the frames, and pages the fragment in one.

        The others are `behind` from then on, and get no state until `take_drained`:
        of what they missed only the last counts.
        """
        self.shown += 1
        pages = one_frame(html, self.pages) if html else {}
        self._begin(self._show, json_frames, pages)

    def any_drained(self) -> bool:
        """Whether somebody who is behind has taken all that was sent."""
        return any(not one.socket.unsent_bytes for one in self.behind)

    def take_drained(self) -> list[Connection]:
        """Those who were behind and are not now; tell them how it is, at once."""
        self.finish()  # states that are still being written are older
        drained = [one for one in self.behind if not one.socket.unsent_bytes]
        self.behind.difference_update(drained)
        return drained

    def _begin(
        self, writer: _Writer, json_frames: bytes, html_frames: Mapping[str, bytes]
    ) -> None:
        is_writing = bool(self._slices)
        self._cut(writer, json_frames, self.programs)
        for language, pages in self.pages.items():
            self._cut(writer, html_frames.get(language, b""), pages)
        if not is_writing:
            self._spent_s = 0.0
            self._write_on()

    def finish(self) -> None:
        """Write now what the slices of earlier writes still owe."""
        while self._slices:
            self._write_slice()

    async def taken(self) -> None:
        """Wait until nobody has more than HEAL_PART_BYTES to take, but not for long.

        Who takes less than that in HEAL_WAIT_S falls behind, and resumes by number.
        """
        ends_at = time.monotonic() + limits.HEAL_WAIT_S
        most = limits.HEAL_PART_BYTES
        while time.monotonic() < ends_at and (  # noqa: ASYNC110 - the kernel takes it
            self._slices or any(one.socket.unsent_bytes > most for one in self)
        ):
            await asyncio.sleep(HEAL_LOOK_S)

    def rest_s(self) -> float:
        """The seconds to wait before the next write; 0 or less: the room is quiet.

        Frames that meet in this time leave in one write, which costs each socket the
        same as one frame; and half of the loop's time stays for everybody else.
        """
        if self._slices:
            return limits.FLUSH_INTERVAL_S
        rest_s = max(limits.FLUSH_INTERVAL_S, self._spent_s)
        return self._ended_at + rest_s - time.monotonic()

    def _show(self, frames: bytes, seats: list[_Seat]) -> None:
        for seat in seats:
            who = seat.connection
            if who is not None and (who in self.behind or who.socket.unsent_bytes):
                self.behind.add(who)
            else:
                seat.write(frames)

    def _cut(
        self, writer: _Writer, frames: bytes, seats: dict[Connection, _Seat]
    ) -> None:
        if not frames:
            return
        each = list(seats.values())
        for start in range(0, len(each), limits.CROWD_SLICE_SOCKETS):
            part = each[start : start + limits.CROWD_SLICE_SOCKETS]
            self._slices.append((writer, frames, part))

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
        writer, frames, seats = self._slices.popleft()
        writer(frames, seats)
        return len(seats)

    def _of(self, connection: Connection) -> dict[Connection, _Seat]:
        if connection.html:
            return self.pages.get(connection.language, {})
        return self.programs

    def _all_pages(self) -> list[Connection]:
        return [one for pages in self.pages.values() for one in pages]
