"""People's programs that write piece by piece: some to the end, some fall silent.

Each text follows from its key, so that the checks can say what any part of it has to
be. It holds no word twice, and characters of more than one code unit.
"""

import asyncio
import random
from typing import TYPE_CHECKING, Any

from tests.chaos.outbox import Intent, body_hash, new_key

if TYPE_CHECKING:
    from tests.chaos.bots import Bot

PATIENCE_S = 3.0  # without an answer, then the same piece again
PAUSE_S = 0.25
SILENT = 0.2  # of the texts are left, as by a program that was killed
WHOLE = 0.5  # of the others are sent whole at their end


def text_of(key: str) -> str:
    """The whole text that belongs to a key."""
    words = 8 + int(key[:2], 16) % 32
    return " ".join(f"{key[:8]}\u00b7{number}\U0001f600" for number in range(words))


def new_stream(room: str, rng: random.Random) -> Intent:
    """The beginning of a message that will come piece by piece."""
    key = new_key(rng)
    return Intent(key, room, text_of(key), "stream")


def falls_silent_at(intent: Intent, rng: random.Random) -> int | None:
    """Where in its text a program dies; None for most."""
    return rng.randrange(len(intent.body)) if rng.random() < SILENT else None


class Writing:
    """One such message of a bot, from its beginning to its end."""

    def __init__(self, bot: "Bot", intent: Intent, stops_at: int | None) -> None:
        """`stops_at`: the code point at which its program dies; None: at none."""
        self.bot = bot
        self.room = intent.room
        self.text = intent.body
        self.stops_at = stops_at
        self.key = intent.key
        self.has_ended = False  # by itself, or by others
        self.seq: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._answer: asyncio.Future[dict[str, Any]] | None = None
        self._asked = 0

    async def go(self) -> None:
        """Write until it ends, or somebody else ends it."""
        try:
            await self._go(await self.seq)
        finally:
            self.has_ended = True

    async def _go(self, seq: int) -> None:
        end = len(self.text) if self.stops_at is None else self.stops_at
        if not await self._write(seq, end) or self.stops_at is not None:
            return
        frame: dict[str, Any] = {"type": "finish", "seq": seq}
        if self.bot.rng.random() < WHOLE:
            frame["body"] = self.text
        answer = await self._have(frame)
        if answer["type"] == "ack":
            self._note("finished", seq=seq)

    async def _write(self, seq: int, stops_at: int) -> bool:
        """Send the text up to there; False when it may not go on."""
        offset = 0
        while offset < stops_at:
            end = min(stops_at, offset + self.bot.rng.randrange(1, 60))
            piece = {"offset": offset, "text": self.text[offset:end]}
            answer = await self._have({"type": "append", "seq": seq, **piece})
            if answer["type"] == "ack":
                offset = end
                self._note("piece", seq=seq, end=end)
            elif answer["code"] == "bad_seq":
                offset = answer["offset"]
            else:
                return False
            await asyncio.sleep(PAUSE_S)
        return True

    async def _have(self, frame: dict[str, Any]) -> dict[str, Any]:
        """The answer to a frame, which is repeated until there is one."""
        while True:
            self._asked += 1
            self._answer = asyncio.get_running_loop().create_future()
            self.bot.writings[f"{self.key}/{self._asked}"] = self
            ref = f"{self.key}/{self._asked}"
            await self.bot.tell(**frame, room=self.room, ref=ref)
            try:
                answer = await asyncio.wait_for(self._answer, PATIENCE_S)
            except TimeoutError:
                continue
            finally:
                self.bot.writings.pop(ref, None)
            if "retry_after_ms" not in answer:
                return answer
            await asyncio.sleep(answer["retry_after_ms"] / 1000)

    def answered(self, frame: dict[str, Any]) -> None:
        """Its ack or error came."""
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(frame)

    def _note(self, what: str, **fields: Any) -> None:
        self.bot.note(what, room=self.room, key=self.key, **fields)


def grew_fields(text: str) -> dict[str, Any]:
    """A text so far, as it is noted: the history holds no texts."""
    return {"length": len(text), "hash": body_hash(text)}
