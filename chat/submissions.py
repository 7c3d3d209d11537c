"""A web process's way into the inbox: intents that meet go in one round trip.

Accepting is not acking: `submit` returns when the intent lies in its shard's stream.
"""

import asyncio
import hashlib
from typing import Any

import msgspec
from redis.exceptions import NoScriptError

from chat.inbox import ADD, Write, busy, stream, waiting
from livechat.lib import limits
from livechat.lib.failpoints import failpoint
from livechat.lib.pipe import Pipe
from livechat.lib.redis import RedisAway


class Submissions:
    """A web process's way in: intents that meet go to Redis in one round trip."""

    def __init__(self, pipe: Pipe) -> None:
        self._pipe = pipe
        self._waiting: list[tuple[str, bytes, asyncio.Future[bool]]] = []
        self._task: asyncio.Task[None] | None = None
        self._sha = hashlib.sha1(ADD.encode(), usedforsecurity=False).hexdigest()

    async def submit(self, shard: int, intent: Write) -> None:
        """Append the intent to its shard's stream, within about a second.

        Raises:
            Refused: busy (the stream is full) or waiting (Redis is away).
        """
        added: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        payload = msgspec.msgpack.encode(intent)
        self._waiting.append((stream(shard), payload, added))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._send_all())
        try:
            if not await added:
                raise busy()
        except RedisAway as error:
            raise waiting() from error

    async def _send_all(self) -> None:
        """Send what waits until nothing does; nobody is left to wait for ever."""
        while self._waiting:
            batch, self._waiting = self._waiting, []
            entries = [(key, payload) for key, payload, _ in batch]
            try:
                results = await self._send(entries)
            except Exception as error:  # noqa: BLE001 - each sender is told of it
                results = [error] * len(batch)
            for (_, _, added), result in zip(batch, results, strict=True):
                if added.done():
                    continue  # the socket that waited for it is gone
                if isinstance(result, Exception):
                    added.set_exception(result)
                else:
                    added.set_result(bool(result))

    async def _send(self, entries: list[tuple[str, bytes]]) -> list[Any]:
        """An entry id, None (full) or an exception for each entry."""
        try:
            results = await self._add(entries)
            lost = [at for at, one in enumerate(results) if _is_unknown(one)]
            if lost:  # a new Redis knows no scripts; what it refused is not stored
                await self._pipe.run([("SCRIPT", "LOAD", ADD)])
                again = await self._add([entries[at] for at in lost])
                for at, result in zip(lost, again, strict=True):
                    results[at] = result
        except RedisAway as error:
            return [error] * len(entries)
        return results

    async def _add(self, entries: list[tuple[str, bytes]]) -> list[Any]:
        most = limits.INBOX_MAX_INTENTS
        results = await self._pipe.run(
            [("EVALSHA", self._sha, 1, key, most, payload) for key, payload in entries]
        )
        failpoint("web.after_xadd")
        return results


def _is_unknown(result: object) -> bool:
    return isinstance(result, NoScriptError)
