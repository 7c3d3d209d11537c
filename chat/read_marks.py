"""A web process's marks of how far people have read, gathered and written together."""

import asyncio
from dataclasses import dataclass, field

from chat import reading
from livechat.lib import limits
from livechat.lib.hub import Hub

Key = tuple[int, str]  # user, room's public id


@dataclass(slots=True)
class ReadMarks:
    """What is to be written next; one writing at a time, not too often."""

    hub: Hub
    _waiting: dict[Key, int] = field(default_factory=dict)
    _seen: set[Key] = field(default_factory=set)  # of those that wait
    _asked: dict[Key, "asyncio.Future[int | str]"] = field(default_factory=dict)
    _writing: asyncio.Task[None] | None = None

    async def mark(self, user: int, room: str, seq: int, *, is_seen: bool) -> int | str:
        """The number that was stored, or why none was (chat/reading.py).

        Of several marks of one person in one room the last one is stored; of what is
        only seen (`is_seen`), nothing below what was read already.

        Raises:
            NoAnswer: the database did not take it in time.
        """
        key = user, room
        self._waiting[key] = seq
        (self._seen.add if is_seen else self._seen.discard)(key)
        if key not in self._asked:
            self._asked[key] = asyncio.get_running_loop().create_future()
        asked = self._asked[key]
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write())
        async with asyncio.timeout(limits.ANSWER_TIMEOUT_S):
            return await asyncio.shield(asked)

    async def _write(self) -> None:
        while self._waiting:
            taken = list(self._waiting)[: limits.READ_MARKS_AT_ONCE]
            wanted = {key: self._waiting.pop(key) for key in taken}
            asked = {key: self._asked.pop(key) for key in taken}
            seen = self._seen.intersection(taken)
            self._seen -= seen
            try:
                stored = await self.hub.change(reading.store, wanted, seen)
            except Exception as error:  # noqa: BLE001 - whoever asked handles it
                for one in asked.values():
                    one.set_exception(error)
                    one.exception()  # whoever asked may be gone
            else:
                for key, one in asked.items():
                    one.set_result(stored[key])
            await asyncio.sleep(limits.READ_MARKS_PAUSE_S)
