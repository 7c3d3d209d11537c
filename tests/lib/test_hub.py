"""The hub, with a real Redis and a log of our own: each change once and in order."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

import msgspec
import pytest
import redis.asyncio
from websockets.frames import Frame
from websockets.protocol import CLIENT, Protocol

from livechat.lib import feed as feed_module
from livechat.lib import hub as hub_module
from livechat.lib import limits
from livechat.lib.connections import Connection
from livechat.lib.feed import RECENT_MAX, Changes, Feed, Publication
from livechat.lib.growth import Growing, Grown, Piece
from livechat.lib.hub import Head, Hub
from tests.lib.conftest import PrivateRedis
from tests.lib.test_pubsub import until

ROOM = "lounge"
HEALED_S = limits.HEAD_POLL_S + 1.5


def publication(number: int, size: int = 0) -> Publication:
    """The room's change of that number."""
    text = json.dumps({"n": number, "fill": "x" * size})
    return Publication(number, text.encode(), f"<i>{number}</i>".encode())


@dataclass
class ScriptedLog:
    """The log of one room; what was written is there, and readings are counted."""

    rows: list[Publication] = field(default_factory=list)
    growing: dict[int, str] = field(default_factory=dict)
    readings: int = 0
    text_readings: int = 0
    broken: bool = False
    gate: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.gate.set()

    def heads(self, rooms: Sequence[str]) -> dict[str, Head]:
        """The head of the one room."""
        self.gate.wait(5)
        if self.broken:
            raise RuntimeError("the database is away")
        grown = sum(len(text) for text in self.growing.values())
        return dict.fromkeys(rooms, Head(self.last, grown))

    @property
    def last(self) -> int:
        """The room's last change."""
        return self.rows[-1].changed_seq if self.rows else 0

    def texts(self, room: str) -> Growing:
        """The texts that grow; each message came with the change of its number."""
        self.text_readings += 1
        if self.broken:
            raise RuntimeError("the database is away")
        grown = [Grown(seq, seq, text) for seq, text in self.growing.items()]
        return Growing(self.last, grown)

    def told(self, room: str, piece: Piece) -> tuple[bytes, bytes]:
        """A piece as a frame of its fields."""
        told = {"seq": piece.seq, "offset": piece.offset, "text": piece.text}
        return json.dumps(told).encode(), piece.text.encode()

    def changes(self, room: str, after: int, limit: int) -> Changes:
        """What is above the cursor."""
        self.readings += 1
        if self.broken:
            raise RuntimeError("the database is away")
        above = [one for one in self.rows if one.changed_seq > after]
        return Changes(above[:limit], self.last)


class Recorder:
    """A socket that keeps each write."""

    def __init__(self) -> None:
        self.writes: list[bytes] = []
        self.unsent_bytes = 0
        self.code = 0  # that it was closed with

    def write_framed(self, data: bytes) -> None:
        """Keep it."""
        self.writes.append(data)

    def close(self, code: int, reason: str = "") -> None:
        """Keep the code."""
        self.code = code

    @property
    def payloads(self) -> list[bytes]:
        """The payloads of all frames so far."""
        protocol = Protocol(CLIENT, max_size=None)
        protocol.receive_data(b"".join(self.writes))
        frames = protocol.events_received()
        return [bytes(one.data) for one in frames if isinstance(one, Frame)]

    @property
    def numbers(self) -> list[int]:
        """The numbers of the changes that came, for a program's socket."""
        return [json.loads(one)["n"] for one in self.payloads]


@dataclass
class Site:
    """A hub, its log, and somebody who writes and publishes."""

    hub: Hub
    log: ScriptedLog
    redis: redis.asyncio.Redis

    def write(self, *numbers: int) -> list[Publication]:
        """Write changes to the log only."""
        made = [publication(number) for number in numbers]
        self.log.rows += made
        return made

    async def publish(self, *numbers: int) -> None:
        """Publish changes in one message."""
        made = [publication(number) for number in numbers]
        await self.redis.publish(f"room:{ROOM}", msgspec.msgpack.encode(made))

    async def post(self, *numbers: int) -> None:
        """Write and publish."""
        self.write(*numbers)
        await self.publish(*numbers)

    async def join(self, cursor: int, *, html: bool = False) -> Recorder:
        """Let a socket go live that has everything up to the cursor."""
        socket = Recorder()
        connection = Connection(str(id(socket)), socket, html=html, principal=None)
        feed = await self.hub.open(ROOM)
        self.hub.go_live(connection, feed, cursor)
        return socket

    @property
    def feed(self) -> Feed:
        """The room's feed."""
        return self.hub.feeds[ROOM]


@pytest.fixture
async def site(redis_server: PrivateRedis) -> AsyncIterator[Site]:
    """A started hub."""
    log = ScriptedLog()
    hub = Hub(redis_server.url, log, lambda number: b"<b>%d</b>" % number)
    hub.start()
    await until(lambda: hub.subscriber.connected)
    client = redis.asyncio.Redis.from_url(redis_server.url)
    yield Site(hub, log, client)
    await hub.stop()
    await client.aclose()


async def test_the_next_change_is_delivered_without_asking_the_log(site: Site) -> None:
    socket = await site.join(0)
    await site.post(1)
    await until(lambda: socket.numbers == [1])
    assert site.log.readings == 0


async def test_a_repeat_is_dropped(site: Site) -> None:
    socket = await site.join(0)
    await site.post(1)
    await site.publish(1)
    await site.post(2)
    await until(lambda: 2 in socket.numbers)
    assert socket.numbers == [1, 2]


async def test_a_gap_is_read_from_the_log_before_what_follows(site: Site) -> None:
    socket = await site.join(0)
    site.write(1, 2)  # Redis lost these
    await site.post(3)
    await until(lambda: len(socket.numbers) == 3)
    assert socket.numbers == [1, 2, 3]


async def test_what_redis_lost_is_found_by_comparing_heads(site: Site) -> None:
    socket = await site.join(0)
    site.write(1, 2)
    await until(lambda: socket.numbers == [1, 2], HEALED_S)


async def test_a_change_that_comes_while_a_gap_is_read_is_not_forgotten(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "HEAD_POLL_S", 60)
    socket = await site.join(0)
    await asyncio.sleep(0)
    site.log.gate.clear()
    site.write(1, 2)
    await site.publish(2)  # the gap; its reading waits at the gate
    await until(lambda: site.log.readings == 1)
    await site.post(3)
    await site.publish(4)
    site.write(4)
    site.log.gate.set()
    await until(lambda: socket.numbers == [1, 2, 3, 4], 3)


async def test_a_log_that_is_away_is_asked_again(site: Site) -> None:
    socket = await site.join(0)
    site.log.broken = True
    site.write(1)
    await site.post(2)
    await until(lambda: site.log.readings > 0)
    assert socket.numbers == []
    site.log.broken = False
    await until(lambda: socket.numbers == [1, 2], 2 * HEALED_S)


async def test_changes_that_meet_are_one_write(site: Site) -> None:
    socket = await site.join(0)
    await site.post(*range(1, 41))
    await until(lambda: len(socket.numbers) == 40)
    assert len(socket.writes) == 1


async def test_a_page_gets_the_fragments_of_one_read_in_one_frame_with_one_cursor(
    site: Site,
) -> None:
    page = await site.join(0, html=True)
    await site.post(1, 2)
    await until(lambda: bool(page.writes))
    assert page.payloads == [b"<i>1</i><i>2</i><b>2</b>"]


async def test_who_is_ahead_of_the_feed_gets_each_change_once(site: Site) -> None:
    early = await site.join(0)
    site.write(1, 2)
    late = await site.join(2)  # the replay had 1 and 2, Redis has not told them yet
    await site.publish(1, 2)
    await site.post(3)
    await until(lambda: 3 in late.numbers and 3 in early.numbers)
    assert (early.numbers, late.numbers) == ([1, 2, 3], [3])


async def test_who_is_ahead_misses_nothing_when_the_log_skips_their_number(
    site: Site,
) -> None:
    await site.join(0)
    late = await site.join(2)
    # Message 1 changed again: the log holds it once, under its latest number.
    site.log.rows = [publication(1), publication(3)]
    await site.publish(3)
    await until(lambda: late.numbers == [3])


async def test_what_is_kept_covers_a_cursor_or_is_not_offered(site: Site) -> None:
    await site.join(0)
    await site.post(*range(1, RECENT_MAX + 11))
    await until(lambda: site.feed.last == RECENT_MAX + 10)
    assert site.feed.since(9) is None
    kept = site.feed.since(10)
    assert kept is not None
    assert [one.changed_seq for one in kept] == list(range(11, RECENT_MAX + 11))
    assert site.feed.since(RECENT_MAX + 10) == []


async def test_long_changes_do_not_fill_the_memory(site: Site) -> None:
    await site.join(0)
    size = feed_module.RECENT_MAX_BYTES // 4
    site.feed.accept([publication(number, size) for number in range(1, 20)])
    assert len(site.feed.recent) <= 4
    assert site.feed.since(1) is None


async def test_a_socket_that_left_hears_no_more(site: Site) -> None:
    socket, other = Recorder(), await site.join(0)
    connection = Connection("leaver", socket, html=False, principal=None)
    feed = await site.hub.open(ROOM)
    site.hub.go_live(connection, feed, 5)  # still ahead
    assert site.hub.leave(connection, ROOM)
    assert not site.hub.leave(connection, ROOM)
    await site.post(*range(1, 8))
    await until(lambda: len(other.numbers) == 7)
    assert socket.writes == []


async def test_a_feed_that_nobody_uses_is_dropped_and_opened_again(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub_module, "CLOSE_DELAY_S", 0.01)
    feed = await site.hub.open(ROOM)
    site.hub.close(feed)
    await until(lambda: ROOM not in site.hub.feeds)
    site.write(1, 2)
    socket = await site.join(2)
    await site.post(3)
    await until(lambda: socket.numbers == [3])
    assert site.feed is not feed


async def test_a_feed_that_could_not_be_opened_leaves_nothing_behind(
    site: Site,
) -> None:
    site.log.broken = True
    both = [asyncio.create_task(site.hub.open(ROOM)) for _ in range(2)]
    results = await asyncio.gather(*both, return_exceptions=True)
    assert all(isinstance(one, RuntimeError) for one in results)
    assert not site.hub.feeds
    site.log.broken = False
    socket = await site.join(0)
    await site.post(1)
    await until(lambda: socket.numbers == [1])


async def test_whoever_gives_up_opening_does_not_spoil_it_for_others(
    site: Site,
) -> None:
    site.log.gate.clear()
    first = asyncio.create_task(site.hub.open(ROOM))
    second = asyncio.create_task(site.hub.open(ROOM))
    await until(lambda: ROOM in site.hub.feeds and site.feed.users == 2)
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    site.log.gate.set()
    assert (await second).users == 1


async def test_rubbish_on_a_channel_ends_nothing(site: Site) -> None:
    def fail(payload: bytes) -> None:
        raise ValueError(payload)

    await site.hub.listen("answers", fail)
    socket = await site.join(0)
    await site.redis.publish("answers", b"\xff")
    await site.redis.publish(f"room:{ROOM}", b"\xc1 rubbish")
    await site.post(1)
    await until(lambda: socket.numbers == [1])
    assert site.log.readings == 0


async def test_everything_comes_once_and_in_order_while_redis_dies(
    site: Site, redis_server: PrivateRedis
) -> None:
    socket = await site.join(0)
    for number in range(1, 31):
        site.write(number)
        if number == 10:
            redis_server.kill()
        if number == 20:
            redis_server.start()
        try:
            await site.publish(number)
        except redis.asyncio.RedisError:
            await site.redis.connection_pool.disconnect()
    await until(lambda: len(socket.numbers) >= 30, 6)
    assert socket.numbers == list(range(1, 31))


async def test_a_room_whose_end_cannot_be_told_holds_up_no_look_at_the_others(
    redis_server: PrivateRedis,
) -> None:
    ends: list[str] = []

    class Shrunk(ScriptedLog):
        def heads(self, rooms: Sequence[str]) -> dict[str, Head]:
            return super().heads([room for room in rooms if room == ROOM])

    def broken(feed: Feed) -> None:
        ends.append(feed.room)
        raise RuntimeError("a template that does not render")

    log = Shrunk()
    hub = Hub(redis_server.url, log, lambda number: b"", on_gone=broken)
    hub.start()
    await hub.open("gone")  # before the other one, so that it is looked at first
    socket = await Site(hub, log, redis.asyncio.Redis()).join(0)
    for number in (1, 2):  # by two looks
        log.rows.append(publication(number))
        await until(lambda: number in socket.numbers, HEALED_S)  # noqa: B023
    assert "gone" in ends
    await hub.stop()
