"""How fast one socket may ask: a token bucket for all its frames but messages.

Messages have the person's own bucket, in the room worker, over all their sockets.
A slash command may never come there, so it is a frame like others.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable

from chat.intents import Intent, Send
from livechat.lib import limits
from livechat.lib.token_bucket import Level, Rate, take

RATE = Rate(limits.FRAMES_BURST, limits.FRAMES_RATE_PER_S)


class Pace:
    """One socket's bucket, and the state that it shows as soon as it may."""

    def __init__(self) -> None:
        self._level: Level | None = None
        self._state = ""
        self._showing: asyncio.Task[None] | None = None

    def wait_s(self, intent: Intent) -> float:
        """0 when the frame may be handled now, else the seconds to wait."""
        if isinstance(intent, Send) and not intent.is_command:
            return 0.0
        self._level, wait_s = take(self._level, RATE, time.monotonic())
        return wait_s

    def later(
        self, wait_s: float, show: Callable[[str], Awaitable[None]], state: str
    ) -> None:
        """Show the state after the wait, or what was given last until then."""
        self._state = state
        if self._showing is None or self._showing.done():
            self._showing = asyncio.create_task(self._show(wait_s, show))

    async def _show(
        self, wait_s: float, show: Callable[[str], Awaitable[None]]
    ) -> None:
        await asyncio.sleep(wait_s)
        await show(self._state)

    def stop(self) -> None:
        """Show nothing more: the socket is closed."""
        if self._showing is not None:
            self._showing.cancel()
