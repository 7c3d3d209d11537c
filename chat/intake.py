"""What a room worker reads: the streams of its shards, and what others left on them.

At least once: an entry stays on the stream until its worker deletes it. What a worker
read and did not finish comes before what is new, so that a sender's order holds.
"""

import time
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

from chat.inbox import stream
from livechat.lib import limits
from livechat.lib.pipe import Command, Pipe

GROUP = "roomworker"
READ_BLOCK_S = 1.0
CLAIM_IDLE_S = 10.0  # an entry that its reader left for so long is taken over
CLAIM_EVERY_S = 1.0


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a shard's stream."""

    shard: int
    id: bytes
    payload: bytes


@dataclass(slots=True)
class Intake:
    """One worker's reading."""

    owner: str
    pipe: Pipe  # for the reads that block, READ_BLOCK_S at most
    recover: bool = True  # read what was delivered to us before, first
    orphaned: set[int] = field(default_factory=set)  # shards taken over from others
    _claimed_at: float = 0.0

    async def read(
        self, shards: Collection[int], block_s: float = READ_BLOCK_S
    ) -> list[Entry]:
        """The next entries in each shard's order; empty after `block_s`."""
        if time.monotonic() - self._claimed_at > CLAIM_EVERY_S:
            claimed = await self._claim(shards, CLAIM_IDLE_S)
            self._claimed_at = time.monotonic()
            if claimed:
                return claimed
        # A shard's former owner can commit nothing any more. What it left comes before
        # what is new, so that a sender's messages keep their order.
        while self.orphaned:
            claimed = await self._claim(self.orphaned, 0)
            if claimed:
                return claimed
            self.orphaned.clear()
        if self.recover:
            entries = await self._read_from(shards, "0")
            self.recover = len(entries) >= limits.BATCH_MAX_INTENTS  # more may be left
            if entries:
                return entries
        # 0 would mean for ever.
        return await self._read_from(shards, ">", max(1, int(block_s * 1000)))

    async def hand_back(self, redis_: Any, shards: Iterable[int]) -> None:
        """Let whoever holds the shards now claim what we read of them at once."""
        for shard in shards:
            name = stream(shard)
            pending = await redis_.xpending_range(
                name, GROUP, "-", "+", limits.INBOX_MAX_INTENTS, self.owner
            )
            if ids := [one["message_id"] for one in pending]:
                # An age rather than another consumer: the next owner is not known.
                old_ms = int(CLAIM_IDLE_S * 1000)
                await redis_.xclaim(
                    name, GROUP, self.owner, 0, ids, idle=old_ms, justid=True
                )

    async def _read_from(
        self, shards: Iterable[int], start: str, block_ms: int | None = None
    ) -> list[Entry]:
        names = [stream(shard) for shard in shards]
        command: Command = ("XREADGROUP", "GROUP", GROUP, self.owner)
        command += ("COUNT", limits.BATCH_MAX_INTENTS)
        if block_ms is not None:
            command += ("BLOCK", block_ms)
        command += ("STREAMS", *names, *(start for _ in names))
        (found,) = await self._run([command])
        return [
            Entry(int(name.rpartition(b":")[2]), entry_id, _payload(fields))
            for name, entries in found or []
            for entry_id, fields in entries
            if fields is not None
        ]

    async def _claim(self, shards: Iterable[int], idle_s: float) -> list[Entry]:
        """Entries that a worker read and did not finish: it died, or lost its lease."""
        shards, idle_ms = sorted(shards), int(idle_s * 1000)
        most = limits.BATCH_MAX_INTENTS
        replies = await self._run(
            ("XAUTOCLAIM", stream(one), GROUP, self.owner, idle_ms, 0, "COUNT", most)
            for one in shards
        )
        return [
            Entry(shard, entry_id, _payload(fields))
            for shard, (_, found, *_) in zip(shards, replies, strict=True)
            for entry_id, fields in found
            if fields is not None  # Redis 6.2 names deleted entries too
        ]

    async def make_groups(self, shards: Iterable[int]) -> None:
        """Make sure that the shards' streams are there; a second call changes nothing.

        Only when Redis says that one is not (NOGROUP): it is new, or came back empty.
        """
        replies = await self.pipe.run(
            [("XGROUP", "CREATE", stream(one), GROUP, 0, "MKSTREAM") for one in shards]
        )
        for reply in replies:
            if isinstance(reply, Exception) and "BUSYGROUP" not in str(reply):
                raise reply

    async def _run(self, commands: Iterable[Command]) -> list[Any]:
        """The replies; an error among them is raised."""
        replies = await self.pipe.run(list(commands))
        for reply in replies:
            if isinstance(reply, Exception):
                raise reply
        return replies


def _payload(fields: list[bytes]) -> bytes:
    """The intent among an entry's names and values; nothing for rubbish."""
    return dict(zip(fields[::2], fields[1::2], strict=False)).get(b"i", b"")
