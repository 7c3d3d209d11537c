"""Ends messages that grew until their author fell silent, or was killed.

The rule it guards: the end takes its turn behind all that waits for the room worker, so
that an author who was only not heard goes on.
"""

import time
from collections.abc import Callable, Collection
from datetime import timedelta
from typing import Any

import msgspec
from django.utils import timezone

from chat.inbox import SilenceIntent, stream
from chat.streams import Stream
from livechat.lib import limits
from livechat.lib.pipe import Pipe

SILENT = timedelta(seconds=limits.STREAM_SILENT_S)


class Silence:
    """When a worker looks for the silent ones of its shards."""

    def __init__(self) -> None:
        self._look_at = 0.0

    def put_off(self) -> None:
        """Nobody could be heard: give them the time to speak again."""
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
        if time.monotonic() < self._look_at:
            return
        self._look_at = time.monotonic() + limits.STREAM_LOOK_S
        silent: list[SilenceIntent] = ask(_silent, shards)
        if silent:
            await pipe.run(
                [
                    ("XADD", stream(one.room % limits.SHARDS), "*", "i", _encode(one))
                    for one in silent
                ]
            )


def _silent(shards: Collection[int]) -> list[SilenceIntent]:
    found = Stream.objects.filter(touched_at__lt=timezone.now() - SILENT)
    return [
        SilenceIntent(room, seq)
        for room, seq in found.values_list("room_id", "seq")
        if room % limits.SHARDS in shards
    ]


_encode = msgspec.msgpack.Encoder().encode
