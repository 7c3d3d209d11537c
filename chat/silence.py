"""Ends messages that grew until their author fell silent, or was killed.

The rule it guards: the end takes its turn behind all that waits for the room worker, so
that an author who was only not heard goes on; and a wrong clock ends nobody's message.
"""

import time
from collections.abc import Callable, Collection, Iterable
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from django.utils import timezone

from chat.inbox import SilenceIntent, stream
from chat.streams import Stream
from livechat.lib import limits
from livechat.lib.pipe import Pipe

CREDIT_S = (
    limits.STREAM_SILENT_S / 2
)  # of silence before we looked, by its writer's clock


class Spoken(NamedTuple):
    """A message that grows, and when its author last said something."""

    room: int
    seq: int
    touched_at: datetime  # by the clock of the worker that wrote it


class Silence:
    """What a worker has seen of the messages that grow in its shards."""

    def __init__(self) -> None:
        self._look_at = 0.0
        self._since: dict[Spoken, float] = {}  # on our own monotonic clock

    def put_off(self) -> None:
        """Nobody could be heard: give them the time to speak again."""
        self._since.clear()
        self._look_at = time.monotonic() + limits.STREAM_SILENT_S

    async def end(
        self,
        pipe: Pipe,
        shards: Collection[int],
        ask: Callable[..., Any],
    ) -> None:
        """Put an intent to end into the inbox for each of them; a repeat is harmless.

        Raises:
            redis.RedisError, OSError: Redis is away.
        """
        now = time.monotonic()
        if now < self._look_at:
            return
        self._look_at = now + limits.STREAM_LOOK_S
        silent = self.silent(ask(_spoken, shards), now, timezone.now())
        await pipe.run(
            [
                ("XADD", stream(one.room % limits.SHARDS), "*", "i", _intent(one))
                for one in silent
            ]
        )

    def silent(
        self, spoken: Iterable[Spoken], now: float, clock: datetime
    ) -> list[Spoken]:
        """Those whose author has said nothing for STREAM_SILENT_S, as far as we saw.

        Of the time before we looked first CREDIT_S counts, as clocks may differ.
        """
        self._since = {
            one: self._since.get(one, now - _credit_s(one, clock)) for one in spoken
        }
        limit = now - limits.STREAM_SILENT_S
        return [one for one, since in self._since.items() if since <= limit]


def _credit_s(one: Spoken, clock: datetime) -> float:
    age_s = (clock - one.touched_at).total_seconds()
    return min(CREDIT_S, max(0.0, age_s))


def _spoken(shards: Collection[int]) -> list[Spoken]:
    rows = Stream.objects.values_list("room_id", "seq", "touched_at")
    return [
        Spoken(room, seq, touched_at)
        for room, seq, touched_at in rows
        if room % limits.SHARDS in shards
    ]


def _intent(one: Spoken) -> bytes:
    return msgspec.msgpack.encode(SilenceIntent(*one))
