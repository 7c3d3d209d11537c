"""What a socket's client sent and its application has not taken yet (rule D2).

The application takes by awaiting `get`, which is its ASGI `receive`; so the gateway
knows when there is room again, which an `asyncio.Queue` would not tell.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any

from livechat.gateway.bounds import Bounds

Message = dict[str, Any]


class Inbox:
    """Messages in order; `on_room` is called when a full inbox is half empty again."""

    __slots__ = (
        "_bounds",
        "_bytes",
        "_last",
        "_messages",
        "_on_room",
        "_waiters",
        "full",
    )

    def __init__(self, bounds: Bounds, on_room: Callable[[], None]) -> None:
        self._bounds = bounds
        self._on_room = on_room
        self._messages: deque[tuple[Message, int]] = deque()
        self._bytes = 0
        self._waiters: list[asyncio.Future[None]] = []
        self._last: Message | None = None
        self.full = False

    def put(self, message: Message, size_bytes: int = 0) -> None:
        """Appends a message; afterwards `full` says whether to stop reading."""
        if self._last is not None:
            return
        self._messages.append((message, size_bytes))
        self._bytes += size_bytes
        self.full = self._is_above(1.0)
        self._wake()

    def finish(self, message: Message, *, drop: bool) -> None:
        """Makes `message` the last; with `drop`, what waits before it is forgotten.

        A second call changes nothing.
        """
        if self._last is not None:
            return
        if drop:
            self._messages.clear()
            self._bytes = 0
        self._last = message
        self.full = False
        self._wake()

    async def get(self) -> Message:
        """The next message; after the last one, the last one again."""
        while not self._messages and self._last is None:
            await self._wait()
        if not self._messages:
            assert self._last is not None  # noqa: S101 - the loop above says so
            return self._last
        message, size_bytes = self._messages.popleft()
        self._bytes -= size_bytes
        if self.full and not self._is_above(0.5):
            self.full = False
            self._on_room()
        return message

    def _is_above(self, part: float) -> bool:
        return (
            len(self._messages) >= self._bounds.inbound_max_frames * part
            or self._bytes >= self._bounds.inbound_max_bytes * part
        )

    async def _wait(self) -> None:
        waiter = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        try:
            await waiter
        finally:
            self._waiters.remove(waiter)

    def _wake(self) -> None:
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)
