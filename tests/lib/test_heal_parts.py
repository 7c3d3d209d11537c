"""A room that missed a lot: its sockets get it in parts that they can take."""

import asyncio
import time

from livechat.lib import limits
from livechat.lib.connections import Connection
from livechat.lib.feed import Changes, Feed, Publication
from livechat.lib.growth import Growing, Piece
from tests.lib.test_hub import Recorder, publication
from tests.lib.test_pubsub import until

COUNT = 90
SIZE = 60_000


class Line(Recorder):
    """A socket on a line that takes what it can by and by."""

    def __init__(self, bytes_per_s: float) -> None:
        super().__init__()
        self.most_unsent_bytes = 0
        self._bytes_per_s = bytes_per_s

    def write_framed(self, data: bytes) -> None:
        """Keep it; it waits until the line has taken it."""
        super().write_framed(data)
        self.unsent_bytes += len(data)
        self.most_unsent_bytes = max(self.most_unsent_bytes, self.unsent_bytes)
        if self._bytes_per_s:
            loop = asyncio.get_running_loop()
            loop.call_later(len(data) / self._bytes_per_s, self._take, len(data))

    def _take(self, size_bytes: int) -> None:
        self.unsent_bytes -= size_bytes


class Unwritten:
    """No text grows in this room."""

    async def read(self, room: str) -> Growing:
        return Growing(0, [])

    def told(self, room: str, piece: Piece) -> tuple[bytes, bytes]:
        raise AssertionError(piece)


def feed_with(log: list[Publication], *lines: Line) -> Feed:
    """An open room that has seen nothing of its log, with these sockets in it."""

    async def missed(room: str, after: int, limit: int) -> Changes:
        above = [one for one in log if one.changed_seq > after]
        return Changes(above[:limit], len(log))

    feed = Feed("lounge", missed, lambda number: b"", Unwritten())
    feed.last = 0
    for line in lines:
        feed.crowd.add(Connection(str(id(line)), line, html=False, principal=None))
    return feed


def missed_log() -> list[Publication]:
    return [publication(number, SIZE) for number in range(1, COUNT + 1)]


async def test_what_a_room_missed_comes_no_faster_than_its_line_takes_it() -> None:
    line = Line(20e6)
    feed_with(missed_log(), line).heal()
    await until(lambda: len(line.numbers) == COUNT)
    assert line.numbers == list(range(1, COUNT + 1))
    assert line.most_unsent_bytes <= 2 * limits.HEAL_PART_BYTES + 2 * SIZE


async def test_who_takes_nothing_holds_the_others_up_for_a_moment_only() -> None:
    line, stuck = Line(100e6), Line(0)
    log = missed_log()[:10]
    began_at = time.monotonic()
    feed_with(log, line, stuck).heal()
    await until(lambda: len(line.numbers) == len(log))
    parts = len(log) * SIZE / limits.HEAL_PART_BYTES + 1
    assert time.monotonic() - began_at < parts * limits.HEAL_WAIT_S + 1


async def test_what_is_published_between_two_parts_comes_once_and_in_order() -> None:
    line = Line(20e6)
    log = missed_log()
    feed = feed_with(log, line)
    feed.heal()
    await until(lambda: bool(line.writes))
    assert feed.last is not None and feed.last < COUNT
    feed.accept([log[feed.last]])  # the very next one
    log.append(publication(COUNT + 1))
    feed.accept([log[-1]])
    await until(lambda: len(line.numbers) >= COUNT + 1)
    assert line.numbers == list(range(1, COUNT + 2))
