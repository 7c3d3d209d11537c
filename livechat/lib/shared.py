"""One answer for all who ask at once: while one is made, the others wait for the next.

The rule it guards: an answer is begun after the question, so nobody gets an old one.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Shared(Generic[T]):
    """Answers by key; at most one is being made and one waits to be, for each key."""

    def __init__(self) -> None:
        self._made: dict[str, asyncio.Task[T]] = {}
        self._next: dict[str, asyncio.Task[T]] = {}

    async def ask(self, key: str, make: Callable[[], Awaitable[T]]) -> T:
        """The answer of the next `make`, which is the first asker's."""
        waiting = self._next.get(key)
        if waiting is None:
            before = self._made.get(key)
            waiting = asyncio.create_task(self._make(key, before, make))
            self._next[key] = waiting
        return await asyncio.shield(waiting)

    async def _make(
        self,
        key: str,
        before: "asyncio.Task[T] | None",
        make: Callable[[], Awaitable[T]],
    ) -> T:
        if before is not None:
            await asyncio.wait([before])
        task = self._made[key] = self._next.pop(key)
        try:
            return await make()
        finally:
            if self._made.get(key) is task:
                del self._made[key]
