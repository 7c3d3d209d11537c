"""What a socket's frames need not wait for: who is in a room, and how far one has read.

The rule it guards: a part that does not answer delays what needs it, and no other frame
of the socket.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial

logger = logging.getLogger(__name__)


class Errands:
    """One socket's tasks; how many there are is bounded by how fast it may ask."""

    def __init__(self) -> None:
        self._begun: set[asyncio.Task[None]] = set()
        self._shows: dict[str, asyncio.Task[None]] = {}  # by room
        self._turn = asyncio.Lock()
        self._orders = asyncio.Lock()
        self._is_over = False

    def begin(self, errand: Coroutine[None, None, None]) -> None:
        """Run what ends soon and handles its errors, also when the socket is gone."""
        task = asyncio.create_task(errand)
        self._begun.add(task)
        task.add_done_callback(self._begun.discard)

    def in_turn(self, order: Callable[[], Awaitable[None]]) -> None:
        """The same of what changes something, one after the other as they came.

        What waits for its turn when the socket goes is not done.
        """
        self.begin(self._after(order))

    def show(self, room: str, show: Callable[[], Awaitable[None]]) -> None:
        """Show who is in the room, one room after the other, each as it is entered.

        What was begun for the room before ends.
        """
        if before := self._shows.get(room):
            before.cancel()
        task = self._shows[room] = asyncio.create_task(self._show(show))
        task.add_done_callback(partial(self._shown, room))

    def stop(self) -> None:
        """Show nothing any more, and begin nothing that waits."""
        self._is_over = True
        for task in self._shows.values():
            task.cancel()

    async def _after(self, order: Callable[[], Awaitable[None]]) -> None:
        async with self._orders:
            if not self._is_over:
                await order()

    async def _show(self, show: Callable[[], Awaitable[None]]) -> None:
        try:
            async with self._turn:
                await show()
        except Exception:  # the outermost frame of a task: the next change shows it
            logger.exception("who is in a room could not be shown")

    def _shown(self, room: str, task: asyncio.Task[None]) -> None:
        if self._shows.get(room) is task:
            del self._shows[room]
