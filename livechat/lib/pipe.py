"""A lean Redis connection for what is asked at each message: commands in, replies out.

redis-py spends several times as much on a pipeline as Redis does. Here commands are
packed and replies parsed in C, and those of all callers share one connection, in order.
What fails, fails as redis-py fails (livechat.lib.redis.RedisAway); nothing is tried
twice, since a command may have been carried out.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Any

import hiredis
import redis
from redis.exceptions import NoScriptError

from livechat.lib import limits
from livechat.lib.redis_address import Address

Command = tuple[str | bytes | int, ...]


class _Batch:
    """Commands that were sent together, and the replies that have come."""

    __slots__ = ("answered", "replies", "size")

    def __init__(self, size: int) -> None:
        self.size = size
        self.replies: list[Any] = []
        loop = asyncio.get_running_loop()
        self.answered: asyncio.Future[list[Any]] = loop.create_future()

    def take(self, reply: Any) -> bool:
        """Add a reply; True when it was the last one."""
        self.replies.append(_known(reply))
        if len(self.replies) < self.size:
            return False
        if not self.answered.done():
            self.answered.set_result(self.replies)
        return True


def _known(reply: Any) -> Any:
    """The reply, an error as redis-py's."""
    if not isinstance(reply, hiredis.ReplyError):
        return reply
    kind = NoScriptError if str(reply).startswith("NOSCRIPT") else redis.ResponseError
    return kind(str(reply))


class _Connection(asyncio.Protocol):
    """One connection; when it is lost, whoever waits is told."""

    def __init__(self) -> None:
        self._reader = hiredis.Reader(notEnoughData=...)
        self._waiting: deque[_Batch] = deque()
        self._transport: asyncio.WriteTransport | None = None
        self.is_lost = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]  # a stream's is writable

    def data_received(self, data: bytes) -> None:
        self._reader.feed(data)
        while (reply := self._reader.gets()) is not ...:
            if self._waiting and self._waiting[0].take(reply):
                self._waiting.popleft()

    def connection_lost(self, exc: Exception | None) -> None:
        self.fail(redis.ConnectionError("Redis closed the connection"))

    def send(self, commands: Sequence[Command]) -> _Batch:
        """Write commands; their batch is answered, or fails."""
        batch = _Batch(len(commands))
        self._waiting.append(batch)
        assert self._transport is not None  # noqa: S101 - it is connected
        self._transport.write(b"".join(map(hiredis.pack_command, commands)))
        return batch

    def fail(self, error: Exception) -> None:
        """Drop the connection: whatever comes now belongs to nobody."""
        self.is_lost = True
        while self._waiting:
            answered = self._waiting.popleft().answered
            if not answered.done():
                answered.set_exception(error)
        if self._transport is not None:
            self._transport.abort()


class Pipe:
    """Commands to one Redis, over one connection that is made again when it is lost."""

    def __init__(
        self, url: str, *, limit_s: float = limits.REDIS_COMMAND_TIMEOUT_S
    ) -> None:
        self._address = Address(url)
        self._limit_s = limit_s
        self._connection: _Connection | None = None
        self._connecting = asyncio.Lock()

    async def run(self, commands: Sequence[Command]) -> list[Any]:
        """The replies in order; an error reply is an exception among them.

        Raises:
            redis.RedisError, OSError: there is no connection, it broke, or not all
            replies came within the limit; then some commands may have been carried out.
        """
        if not commands:
            return []  # nobody would answer
        connection = await self._connected()
        return await self._answered(connection, connection.send(commands))

    async def aclose(self) -> None:
        """Close the connection; whoever waits is told."""
        if self._connection is not None:
            self._connection.fail(redis.ConnectionError("the connection was closed"))

    async def _answered(self, connection: _Connection, batch: _Batch) -> list[Any]:
        error = redis.TimeoutError("Redis did not answer in time")
        loop = asyncio.get_running_loop()
        timer = loop.call_later(self._limit_s, connection.fail, error)
        try:
            return await batch.answered
        finally:
            timer.cancel()

    async def _connected(self) -> _Connection:
        if (connection := self._connection) is not None and not connection.is_lost:
            return connection
        async with self._connecting:
            if (connection := self._connection) is not None and not connection.is_lost:
                return connection
            async with asyncio.timeout(limits.REDIS_CONNECT_TIMEOUT_S):
                self._connection = await self._connect()
            return self._connection

    async def _connect(self) -> _Connection:
        connection = await self._address.connect(_Connection)
        try:
            await self._greet(connection)
        except BaseException:  # the time limit's end of it too: nobody else has it
            connection.fail(redis.ConnectionError("Redis did not greet us"))
            raise
        return connection

    async def _greet(self, connection: _Connection) -> None:
        """Say who we are and which database we mean, where the address says so."""
        commands: list[Command] = []
        if login := self._address.login:
            commands.append(login)
        if number := self._address.database:
            commands.append(("SELECT", number))
        if not commands:
            return
        for reply in await self._answered(connection, connection.send(commands)):
            if isinstance(reply, Exception):
                raise reply
