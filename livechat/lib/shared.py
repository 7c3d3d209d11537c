"""One answer for all who ask at once: while one is made, the others wait for the next.

`Shared` answers all of a key with the same, `Gathered` asks for many keys at a time.

The rule it guards: an answer is begun after the question, so nobody gets an old one.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

K = TypeVar("K")
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


class Gathered(Generic[K]):
    """A question about many keys; those that come while it is asked are next."""

    def __init__(self, ask: Callable[[list[K]], Awaitable[None]], most: int) -> None:
        """`ask` is called with at most `most` keys, each once."""
        self._ask = ask
        self._most = most
        self._waiting: dict[K, asyncio.Future[None]] = {}
        self._asking: asyncio.Task[None] | None = None

    async def ask(self, key: K) -> None:
        """Wait until the question was asked about the key; its error is raised."""
        if key not in self._waiting:
            self._waiting[key] = asyncio.get_running_loop().create_future()
        answered = self._waiting[key]
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._ask_all())
        await asyncio.shield(answered)

    async def _ask_all(self) -> None:
        while self._waiting:
            keys = list(self._waiting)[: self._most]
            asked = [self._waiting.pop(key) for key in keys]
            try:
                await self._ask(keys)
            except Exception as error:  # noqa: BLE001 - raised where it was asked
                for one in asked:
                    one.set_exception(error)
            else:
                for one in asked:
                    one.set_result(None)
