"""The fan-out of one web process: one subscription a room, the same bytes to everybody.

A room's publications carry its `changed_seq`. The rule that this file guards: what a
socket gets of a room rises by exactly one each time. A publication that is not the next
one is never delivered; the gap is read from the log (the database) first. What Redis
loses is found within HEAD_POLL_S by comparing the log's heads.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import msgspec
from django import db

from livechat.lib import limits
from livechat.lib.frames import text_frame
from livechat.lib.pubsub import Messages, Subscriber

logger = logging.getLogger(__name__)

RECENT_MAX = 256  # publications a feed keeps for sockets that are catching up
RECENT_MAX_BYTES = 1024 * 1024  # and their size: long messages are read again instead
FLOOD = 4029  # the close code of a socket that earns error after error
CLOSE_DELAY_S = 10.0  # a feed without sockets stays this long, for the next page

T = TypeVar("T")


class Publication(msgspec.Struct, frozen=True, array_like=True):
    """One change of a room: a JSON frame's payload and an HTML fragment."""

    changed_seq: int
    json: bytes
    html: bytes


class Socket(Protocol):
    """What the gateway gives: see livechat.gateway.websocket."""

    def write_framed(self, data: bytes) -> None:
        """Write whole frames; bounded, never raises for a closed socket."""

    def close(self, code: int, reason: str = "") -> None:
        """Send a close frame; the connection ends within two seconds."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What the log answers: publications above a cursor, and the room's head."""

    publications: list[Publication]
    head: int


class Log(Protocol):
    """The database, as the hub asks it; called in threads."""

    def heads(self, rooms: Sequence[str]) -> dict[str, int]:
        """The last `changed_seq` of each room that is there."""

    def changes(self, room: str, after: int, limit: int) -> Changes:
        """At most `limit` changes above `after`, in order, and the head."""


class Connection:
    """One socket: its address, its format, who is behind it."""

    __slots__ = (
        "errors",
        "feeds",
        "html",
        "id",
        "joining",
        "known",
        "principal",
        "socket",
        "started_at",
    )

    def __init__(self, id_: str, socket: Socket, *, html: bool, principal: Any) -> None:
        self.id = id_
        self.socket = socket
        self.html = html
        self.principal = principal
        self.feeds: dict[str, Feed] = {}
        self.known: dict[str, Any] = {}  # what the caller keeps of a room, by its id
        self.joining: str | None = None  # the room that a subscription is under way to
        self.started_at = time.monotonic()
        self.errors: deque[float] = deque(maxlen=limits.ERRORS_PER_WINDOW)

    def count_error(self) -> None:
        """Remember an error answer; too many within the window end the socket."""
        now = time.monotonic()
        self.errors.append(now)
        full = len(self.errors) == limits.ERRORS_PER_WINDOW
        if full and now - self.errors[0] < limits.ERROR_WINDOW_S:
            self.socket.close(FLOOD, "too many errors")

    def send(self, json: bytes, html: bytes = b"") -> None:
        """Write one frame of the socket's own format; no HTML, nothing to a page."""
        payload = html if self.html else json
        if payload:
            self.socket.write_framed(text_frame(payload))


class Feed:
    """One open room of this process: who listens, and how far the room has come."""

    def __init__(self, hub: "Hub", room: str) -> None:
        self.room = room
        self.last: int | None = None  # the highest change accepted; None: not read yet
        self.members: set[Connection] = (
            set()
        )  # live: they have all up to the last flush
        self.ahead: dict[Connection, int] = {}  # replayed beyond `last`, wait for it
        self.recent: deque[Publication] = deque()
        self._recent_bytes = 0
        self._heard = 0  # the highest change that anybody told us of
        self.opened: asyncio.Task[None] | None = None
        self.users = 0  # sockets that are joining or joined
        self._hub = hub
        self._pending: list[Publication] = []
        self._timer: asyncio.TimerHandle | None = None
        self._flushed_at = 0.0
        self._flush_took_s = 0.0
        self._healing: asyncio.Task[None] | None = None

    def accept(self, publications: Sequence[Publication]) -> None:
        """Take what was published; a gap is healed from the log, a repeat dropped."""
        for publication in publications:
            if self.last is None or publication.changed_seq <= self.last:
                continue
            if publication.changed_seq != self.last + 1:
                self._heard = max(self._heard, publications[-1].changed_seq)
                self.heal()
                break
            self._append(publication)
        if self._pending:
            self._schedule()

    def _append(self, publication: Publication) -> None:
        if self.ahead:
            # A number may be missing before this one; who has all below it gets it.
            self._promote(publication.changed_seq - 1)
        self.last = publication.changed_seq
        self._remember(publication)
        self._pending.append(publication)
        if self.ahead:
            self._promote(self.last)

    def _remember(self, publication: Publication) -> None:
        self.recent.append(publication)
        self._recent_bytes += _size_bytes(publication)
        while len(self.recent) > RECENT_MAX or self._recent_bytes > RECENT_MAX_BYTES:
            self._recent_bytes -= _size_bytes(self.recent.popleft())

    def promote(self) -> None:
        """Let those go live whose replay ends where the room stands, or before."""
        self._promote(self.last or 0)

    def _promote(self, upto: int) -> None:
        ready = [one for one, cursor in self.ahead.items() if cursor <= upto]
        if not ready:
            return
        self.flush()  # the others' part; the newcomers have all of it
        for connection in ready:
            del self.ahead[connection]
            self.members.add(connection)

    def heal(self) -> None:
        """Read what is missing from the log; at most one reading at a time."""
        if self._healing is None or self._healing.done():
            self._healing = asyncio.create_task(self._heal())

    async def _heal(self) -> None:
        try:
            await self._read_missed()
        except Exception:  # the outermost frame of a task
            # Found again by the next publication, or by the next look at the heads.
            logger.exception("what a room missed could not be read")

    async def _read_missed(self) -> None:
        while self.last is not None:
            changes = await self._hub.ask(
                self._hub.log.changes, self.room, self.last, RECENT_MAX
            )
            # In its own order, even where a number is missing: a message that changed
            # twice stands in the log once, under its latest number.
            missed = [
                one for one in changes.publications if one.changed_seq > self.last
            ]
            for publication in missed:
                self._append(publication)
            if missed:
                self._schedule()
            if not missed or self.last >= max(changes.head, self._heard):
                return

    def since(self, cursor: int) -> list[Publication] | None:
        """What was accepted above the cursor, None when that is not kept any more."""
        if cursor >= (self.last or 0):
            return []
        if not self.recent or self.recent[0].changed_seq > cursor + 1:
            return None
        return [one for one in self.recent if one.changed_seq > cursor]

    def _schedule(self) -> None:
        """Flush at once when the room was quiet, else together with what comes."""
        if self._timer is not None:
            return
        wait_s = max(limits.FLUSH_INTERVAL_S, self._flush_took_s)
        due_at = self._flushed_at + wait_s
        now = time.monotonic()
        if now >= due_at:
            self.flush()
        else:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(due_at - now, self.flush)

    def flush(self) -> None:
        """Write all that waits to every live socket: one write each."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not self._pending:
            return
        pending, self._pending = self._pending, []
        started = time.monotonic()
        self.write(
            b"".join(text_frame(one.json) for one in pending),
            text_frame(self._page(pending)) if self._any_page() else b"",
        )
        self._flushed_at = time.monotonic()
        self._flush_took_s = self._flushed_at - started

    def _any_page(self) -> bool:
        return any(member.html for member in self.members)

    def _page(self, pending: list[Publication]) -> bytes:
        """One frame for pages: all fragments, and the cursor once."""
        cursor = self._hub.cursor(pending[-1].changed_seq)
        return b"".join(one.html for one in pending) + cursor

    def write(self, json_frames: bytes, html_frames: bytes) -> None:
        """Write framed bytes to every live socket, by its format."""
        for member in self.members:
            data = html_frames if member.html else json_frames
            if data:
                member.socket.write_framed(data)


class Hub:
    """All open rooms and all sockets of one web process."""

    def __init__(
        self, redis_url: str, log: Log, cursor: Callable[[int], bytes]
    ) -> None:
        self.log = log
        self.cursor = cursor
        self.feeds: dict[str, Feed] = {}
        self.connections: dict[str, Connection] = {}
        self.listeners: dict[str, Callable[[bytes], None]] = {}
        self.subscriber = Subscriber(redis_url, self._on_messages)
        self._threads = ThreadPoolExecutor(4, thread_name_prefix="log")
        # Writers wait for a lock; nobody who reads may wait behind them.
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="writer")
        self._poll: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Connect to Redis and begin to compare heads."""
        self.subscriber.start()
        self._poll = asyncio.create_task(self._compare_heads())

    async def stop(self) -> None:
        """Stop reading; the sockets are the gateway's to close."""
        if self._poll is not None:
            self._poll.cancel()
        await self.subscriber.stop()
        for threads in (self._threads, self._writer):
            threads.shutdown(wait=False, cancel_futures=True)

    async def ask(self, question: Callable[..., T], *args: Any) -> T:
        """Run a question to the database in one of the hub's threads."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, _asked, question, args)

    async def change(self, change: Callable[..., T], *args: Any) -> T:
        """Run a small write to the database, one after the other."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._writer, _asked, change, args)

    async def listen(self, channel: str, on_payload: Callable[[bytes], None]) -> None:
        """Hear a channel that is no room's log (answers, presence)."""
        self.listeners[channel] = on_payload
        await self.subscriber.subscribe(channel)

    def unlisten(self, channel: str) -> None:
        """Hear it no longer."""
        if self.listeners.pop(channel, None) is not None:
            self.subscriber.unsubscribe(channel)

    async def open(self, room: str) -> Feed:
        """The room's feed, subscribed and with a known head. Pair it with `close`."""
        feed = self.feeds.get(room)
        if feed is None:
            feed = self.feeds[room] = Feed(self, room)
            feed.opened = asyncio.create_task(self._open(feed))
        feed.users += 1
        assert feed.opened is not None  # noqa: S101 - set with the feed
        try:
            await asyncio.shield(feed.opened)
        except BaseException:
            self.close(feed)
            raise
        return feed

    async def _open(self, feed: Feed) -> None:
        # Subscribed first, read second: what is published in between comes anyway.
        try:
            await self.subscriber.subscribe(_channel(feed.room))
            heads = await self.ask(self.log.heads, [feed.room])
        except BaseException:
            self.feeds.pop(feed.room, None)
            self.subscriber.unsubscribe(_channel(feed.room))
            raise
        feed.last = heads.get(feed.room, 0)

    def close(self, feed: Feed) -> None:
        """One user of the feed less; an unused feed goes after CLOSE_DELAY_S."""
        feed.users -= 1
        if feed.users <= 0:
            loop = asyncio.get_running_loop()
            loop.call_later(CLOSE_DELAY_S, self._drop_unused, feed)

    def _drop_unused(self, feed: Feed) -> None:
        if feed.users <= 0 and self.feeds.get(feed.room) is feed:
            del self.feeds[feed.room]
            self.subscriber.unsubscribe(_channel(feed.room))

    def go_live(self, connection: Connection, feed: Feed, cursor: int) -> None:
        """From `cursor` on the socket gets what the room publishes."""
        connection.feeds[feed.room] = feed
        feed.ahead[connection] = cursor
        feed.promote()

    def leave(self, connection: Connection, room: str) -> bool:
        """Take the socket out of a room at once; False when it was not in it."""
        feed = connection.feeds.pop(room, None)
        if feed is None:
            return False
        feed.members.discard(connection)
        feed.ahead.pop(connection, None)
        self.close(feed)
        return True

    def add(self, connection: Connection) -> None:
        """Know a socket, so that answers and control events find it."""
        self.connections[connection.id] = connection

    def remove(self, connection: Connection) -> None:
        """Forget a socket that is closed."""
        self.connections.pop(connection.id, None)
        for room in list(connection.feeds):
            self.leave(connection, room)

    def _on_messages(self, messages: Messages) -> None:
        """Hand one read of Redis on: publications room by room, the rest as it is."""
        batches: dict[str, list[Publication]] = {}
        for channel, payload in messages:
            if listener := self.listeners.get(channel):
                _tell(listener, channel, payload)
                continue
            # What comes late for a channel that nobody hears any more is no log.
            room = channel.removeprefix("room:")
            if room in self.feeds:
                batches.setdefault(room, []).extend(_decode(payload))
        for room, publications in batches.items():
            self.feeds[room].accept(publications)

    async def _compare_heads(self) -> None:
        """Heal every open room whose head in the database is higher than ours."""
        while True:
            await asyncio.sleep(limits.HEAD_POLL_S)
            open_rooms = [
                room for room, one in self.feeds.items() if one.last is not None
            ]
            if not open_rooms:
                continue
            try:
                heads = await self.ask(self.log.heads, open_rooms)
            except Exception:  # the outermost loop: the next look heals
                logger.exception("the heads could not be read")
                continue
            for room, head in heads.items():
                feed = self.feeds.get(room)
                if feed is not None and feed.last is not None and head > feed.last:
                    feed.heal()


def _channel(room: str) -> str:
    return f"room:{room}"


def _size_bytes(publication: Publication) -> int:
    return len(publication.json) + len(publication.html)


def _asked(question: Callable[..., T], args: tuple[Any, ...]) -> T:
    """The answer, in one of the hub's threads, each with a connection of its own."""
    try:
        return question(*args)
    except db.Error:
        db.connection.close()  # it may be what is broken; the next question opens one
        raise


def _tell(listener: Callable[[bytes], None], channel: str, payload: bytes) -> None:
    """Hand a payload on; whatever breaks there must not end the subscription."""
    try:
        listener(payload)
    except Exception:  # another room's payloads come after it
        logger.exception("a message of %s could not be handled", channel)


_decoder = msgspec.msgpack.Decoder(list[Publication])


def _decode(payload: bytes) -> list[Publication]:
    """The publications of one Redis message; rubbish is logged and gives none."""
    try:
        return _decoder.decode(payload)
    except msgspec.DecodeError:
        logger.exception("a publication could not be read")
        return []
