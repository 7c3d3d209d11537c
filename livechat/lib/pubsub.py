"""A lean Redis subscriber: one connection, many channels, whole reads at a time.

redis-py costs about 40 % of a small room's fan-out (docs/performance.md), so messages
are parsed by hiredis here and handed on in the batches in which they came. Delivery is
at most once by nature: whoever subscribes compares numbers and reads the database.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import hiredis

from livechat.lib import limits
from livechat.lib.redis_address import Address

logger = logging.getLogger(__name__)

RECONNECT_DELAY_S = 0.2
PING_INTERVAL_S = 2.0  # a connection from which nothing came for two of them is dead
Messages = list[tuple[str, bytes]]


class _Connection(asyncio.Protocol):
    """One connection's parser; a lost connection is told by `lost`."""

    def __init__(
        self,
        on_messages: Callable[[Messages], None],
        on_heard: Callable[[str], None],
        *,
        is_silent: bool,
    ) -> None:
        self._on_messages = on_messages
        self._on_heard = on_heard
        self._reader = hiredis.Reader()
        self.is_silent = is_silent  # waited for in vain, until anything comes
        self.lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.confirmed: dict[str, asyncio.Future[None]] = {}
        self.transport: asyncio.WriteTransport | None = None
        self.heard = True  # whether anything came since the last ping

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]  # a stream's is writable

    def data_received(self, data: bytes) -> None:
        self.heard, self.is_silent = True, False
        self._reader.feed(data)
        messages: Messages = []
        while (reply := self._reader.gets()) is not False:
            self._take(reply, messages)
        if messages:
            self._on_messages(messages)

    def _take(self, reply: Any, messages: Messages) -> None:
        if isinstance(reply, hiredis.ReplyError):
            logger.error("redis refused the subscriber: %s", reply)
            return
        if not isinstance(reply, list):
            return
        if reply[0] == b"message":
            messages.append((reply[1].decode(), reply[2]))
        elif reply[0] == b"subscribe":
            channel = reply[1].decode()
            waiter = self.confirmed.pop(channel, None)
            if waiter is not None and not waiter.done():
                waiter.set_result(None)
            self._on_heard(channel)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.lost.done():
            self.lost.set_result(None)
        for waiter in self.confirmed.values():
            waiter.cancel()

    def send(self, *words: str) -> None:
        """Write one command; nothing on a connection that is lost.

        uvloop's transports raise once they are closed, which would end the reader.
        """
        if self.transport is not None and not self.transport.is_closing():
            self.transport.write(hiredis.pack_command(words))


class Subscriber:
    """Keeps a set of channels subscribed, over as many connections as it takes."""

    def __init__(self, url: str, on_messages: Callable[[Messages], None]) -> None:
        """`on_messages` gets every read's messages, on the event loop, in order."""
        self._address = Address(url)
        self._on_messages = on_messages
        self._channels: set[str] = set()
        # Called whenever a channel is heard from now on: what was said before is lost.
        self.heard: dict[str, Callable[[], None]] = {}
        self._connection: _Connection | None = None
        self._latest: _Connection | None = None  # also one that was never made
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Connect, and connect again whenever the connection is lost."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Close the connection for good."""
        if self._task is not None:
            self._task.cancel()
        if self._connection is not None and self._connection.transport is not None:
            self._connection.transport.abort()

    @property
    def connected(self) -> bool:
        """Whether there is a connection at the moment."""
        return self._connection is not None

    @property
    def is_silent(self) -> bool:
        """Whether Redis let somebody wait in vain, and has said nothing since.

        Nobody needs to wait for it as long as that is so: this connection is asked
        for a sign of life every PING_INTERVAL_S, and made again when none comes.
        """
        return self._latest is not None and self._latest.is_silent

    async def subscribe(self, channel: str) -> bool:
        """Add a channel; True when Redis confirmed it within the command's limit.

        While Redis is silent nobody waits; the channel is there when it speaks again.
        """
        self._channels.add(channel)
        connection = self._connection
        if connection is None:
            return False
        waiter = asyncio.get_running_loop().create_future()
        connection.confirmed[channel] = waiter
        connection.send("SUBSCRIBE", channel)
        if connection.is_silent:
            return False
        try:
            await asyncio.wait_for(waiter, limits.REDIS_COMMAND_TIMEOUT_S)
        except TimeoutError:
            connection.is_silent = True
            return False
        except asyncio.CancelledError:
            # The connection was lost (which cancels the waiter), or we are.
            if waiter.cancelled() and connection.lost.done():
                return False
            raise
        return True

    def unsubscribe(self, channel: str) -> None:
        """Drop a channel; a message on its way may still come."""
        self._channels.discard(channel)
        if self._connection is not None:
            self._connection.send("UNSUBSCRIBE", channel)

    async def _run(self) -> None:
        while True:
            try:
                await self._connected()
            except (OSError, TimeoutError) as error:
                logger.warning("redis is away: %s", error)
            self._connection = None
            await asyncio.sleep(RECONNECT_DELAY_S)

    async def _connected(self) -> None:
        """Live through one connection, from its making to its loss."""
        connection = await asyncio.wait_for(
            self._address.connect(self._protocol), limits.REDIS_CONNECT_TIMEOUT_S
        )
        if login := self._address.login:
            connection.send(*login)
        if self._channels:
            connection.send("SUBSCRIBE", *sorted(self._channels))
        self._connection = connection
        while not connection.lost.done():
            await asyncio.wait([connection.lost], timeout=PING_INTERVAL_S)
            self._check(connection)

    def _check(self, connection: _Connection) -> None:
        """Drop a connection that died without a word (a lost route, a frozen Redis)."""
        if connection.heard:
            connection.heard = False
            connection.send("PING")
        elif connection.transport is not None:
            logger.warning("redis is silent, the subscriber connects again")
            connection.is_silent = True
            connection.transport.abort()

    def _protocol(self) -> _Connection:
        # What is not known of the new one is as it was of the last one.
        self._latest = _Connection(
            self._on_messages, self._on_heard, is_silent=self.is_silent
        )
        return self._latest

    def _on_heard(self, channel: str) -> None:
        if channel in self.heard:
            self.heard[channel]()
