"""The fan-out of one web process: one Redis subscription for each open room.

What Redis loses is found within HEAD_POLL_S by comparing the log's heads; the order is
kept by livechat/lib/feed.py, the writing done by livechat/lib/crowd.py.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple, Protocol, TypeVar

import msgspec
from django import db

from livechat.lib import limits
from livechat.lib.connections import Connection
from livechat.lib.feed import Changes, Feed, OnEvent, Publication
from livechat.lib.growth import Growing, Piece
from livechat.lib.pubsub import Messages, Subscriber
from livechat.lib.speech import Speak, silent

logger = logging.getLogger(__name__)

CLOSE_DELAY_S = 10.0  # a feed without sockets stays this long, for the next page

T = TypeVar("T")


class Head(NamedTuple):
    """How far a room is: its last `changed_seq`, and all that its texts have grown."""

    last: int
    grown: int = 0  # code points of the texts that still grow


class Log(Protocol):
    """The database, as the hub asks it; called in threads."""

    def heads(self, rooms: Sequence[str]) -> dict[str, Head]:
        """How far each room is that is there."""

    def texts(self, room: str) -> Growing:
        """The texts of the room that still grow, as they are now."""

    def told(self, room: str, piece: Piece) -> tuple[bytes, bytes]:
        """A piece of one as a JSON frame's payload and an HTML fragment; no query."""

    def changes(self, room: str, after: int, limit: int) -> Changes:
        """At most `limit` changes above `after`, in order, and the head."""


class Hub:
    """All open rooms and all sockets of one web process."""

    def __init__(
        self,
        redis_url: str,
        log: Log,
        cursor: Callable[[int], bytes],
        on_event: OnEvent | None = None,
        on_gone: Callable[[Feed], None] | None = None,
        speak: Speak = silent,
    ) -> None:
        """`on_event` hears what a room tells of itself, `on_gone` that it is none."""
        self._speak = speak
        self.log = log
        self.cursor = cursor
        self._on_event = on_event
        self._on_gone = on_gone
        self.feeds: dict[str, Feed] = {}
        self.connections: dict[str, Connection] = {}
        self.listeners: dict[str, Callable[[bytes], None]] = {}
        self.subscriber = Subscriber(redis_url, self._on_messages)
        self._threads = ThreadPoolExecutor(4, thread_name_prefix="log")
        # What ends a session or heals a room may not wait behind a storm of newcomers.
        self._watch = ThreadPoolExecutor(1, thread_name_prefix="watch")
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
        for threads in (self._threads, self._watch, self._writer):
            threads.shutdown(wait=False, cancel_futures=True)

    async def ask(self, question: Callable[..., T], *args: Any) -> T:
        """Run a question to the database in one of the hub's threads.

        One that no thread has begun in time is not asked any more, so what waits before
        a database that stands still is gone when it goes on. The threads themselves
        come back by the database's own limits (livechat/database.py).

        Raises:
            TimeoutError: no answer within QUESTION_TIMEOUT_S.
        """
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(limits.QUESTION_TIMEOUT_S):
            return await loop.run_in_executor(self._threads, _asked, question, args)

    async def look(self, question: Callable[..., T], *args: Any) -> T:
        """Run one of the regular questions, in the thread that is theirs alone."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._watch, _asked, question, args)

    async def change(self, change: Callable[..., T], *args: Any) -> T:
        """Run a small write to the database, one after the other."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._writer, _asked, change, args)

    async def _missed(self, room: str, after: int, limit: int) -> Changes:
        return await self.ask(self.log.changes, room, after, limit)

    @property
    def redis_is_silent(self) -> bool:
        """Whether Redis answers nobody now, so that waiting for it is in vain."""
        return self.subscriber.is_silent

    async def listen(self, channel: str, on_payload: Callable[[bytes], None]) -> None:
        """Hear a channel that is no room's log (answers, presence)."""
        self.listeners[channel] = on_payload
        await self.subscriber.subscribe(channel)

    def unlisten(self, channel: str) -> None:
        """Hear it no longer."""
        if self.listeners.pop(channel, None) is not None:
            self.subscriber.unsubscribe(channel)

    def is_open(self, room: str) -> bool:
        """Whether the room's feed is there, so that one user more costs nothing."""
        feed = self.feeds.get(room)
        return feed is not None and feed.last is not None

    async def open(self, room: str) -> Feed:
        """The room's feed, subscribed and with a known head. Pair it with `close`."""
        feed = self.feeds.get(room)
        if feed is None:
            feed = self.feeds[room] = self._feed(room)
            feed.opened = asyncio.create_task(self._open(feed))
        feed.users += 1
        assert feed.opened is not None  # noqa: S101 - set with the feed
        try:
            await asyncio.shield(feed.opened)
        except BaseException:
            self.close(feed)
            raise
        return feed

    def _feed(self, room: str) -> Feed:
        told = self._on_event, self._speak
        return Feed(room, self._missed, self.cursor, self, *told)

    async def read(self, room: str) -> Growing:
        """The room's growing texts, from the database."""
        return await self.look(self.log.texts, room)

    def told(self, room: str, piece: Piece) -> tuple[bytes, bytes]:
        """A piece of one, as the log tells it."""
        return self.log.told(room, piece)

    async def _open(self, feed: Feed) -> None:
        # Subscribed first, read second: what is published in between comes anyway.
        try:
            await self.subscriber.subscribe(_channel(feed.room))
            heads = await self.ask(self.log.heads, [feed.room])
        except BaseException:
            self.feeds.pop(feed.room, None)
            self.subscriber.unsubscribe(_channel(feed.room))
            raise
        head = heads.get(feed.room, Head(0))
        feed.last = head.last
        if head.grown:
            feed.heal_texts()

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
        feed.drop(connection)
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
            _tell(self.feeds[room].accept, _channel(room), publications)

    async def _compare_heads(self) -> None:
        """Heal open rooms whose head in the database is higher; end those without."""
        while True:
            await asyncio.sleep(limits.HEAD_POLL_S)
            open_rooms = [
                room for room, one in self.feeds.items() if one.last is not None
            ]
            if not open_rooms:
                continue
            try:
                heads = await self.look(self.log.heads, open_rooms)
            except Exception:  # the outermost loop: the next look heals
                logger.exception("the heads could not be read")
                continue
            for room in open_rooms:
                if feed := self.feeds.get(room):
                    self._compare_one(feed, heads.get(room))

    def _compare_one(self, feed: Feed, head: Head | None) -> None:
        try:
            self._compare(feed, head)
        except Exception:  # the others need their look, and this one the next
            logger.exception("a room could not be compared with its head")

    def _compare(self, feed: Feed, head: Head | None) -> None:
        if head is None:
            if self._on_gone is not None and feed.users > 0:
                self._on_gone(feed)
        elif feed.last is not None:
            if head.last > feed.last:
                feed.heal()
            if head.grown != feed.growth.length:
                feed.heal_texts()


def _channel(room: str) -> str:
    return f"room:{room}"


def _asked(question: Callable[..., T], args: tuple[Any, ...]) -> T:
    """The answer, in one of the hub's threads, each with a connection of its own."""
    try:
        return question(*args)
    except db.Error:
        db.connection.close()  # it may be what is broken; the next question opens one
        raise


def _tell(listener: Callable[[T], None], channel: str, told: T) -> None:
    """Hand on what came; whatever breaks there must not end the subscription."""
    try:
        listener(told)
    except Exception:  # what is for others comes after it; the heads show what is lost
        logger.exception("a message of %s could not be handled", channel)


_decoder = msgspec.msgpack.Decoder(list[Publication])


def _decode(payload: bytes) -> list[Publication]:
    """The publications of one Redis message; rubbish is logged and gives none."""
    try:
        return _decoder.decode(payload)
    except msgspec.DecodeError:
        logger.exception("a publication could not be read")
        return []
