"""The room worker: takes intents from the shards' streams, commits, then publishes.

At least once from the stream, exactly once in the log: an entry that comes again finds
its `client_id` stored and is answered with the same numbers. An ack leaves only after
its commit (rule D11); the entry is deleted only after the ack has left.
"""

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import msgspec
import redis.exceptions
from django.db import Error, connection
from django.utils import timezone

from chat import fanout, leases, posting
from chat.inbox import Answer, PostIntent, answers_channel, stream
from chat.leases import Fenced
from chat.models import DeadLetter
from chat.posting import Outcome
from chat.room import Registry, refused
from livechat.lib import limits
from livechat.lib.feed import Publication
from livechat.lib.redis import RedisAway, async_client
from livechat.lib.storage import DatabaseAway, disk_is_full

logger = logging.getLogger(__name__)

GROUP = "roomworker"
READ_BLOCK_S = 1.0
CLAIM_IDLE_S = 10.0  # an entry that its reader left for so long is taken over
CLAIM_EVERY_S = 5.0
RETRY_DELAY_S = 0.5
TRIES = 3  # then an intent is a dead letter
ANSWER_KEPT_S = 30  # an HTTP request that waits reads its answer within this

_decoder = msgspec.msgpack.Decoder(PostIntent)
_encode = msgspec.msgpack.Encoder().encode


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a shard's stream."""

    shard: int
    id: bytes
    payload: bytes


@dataclass(slots=True)
class Worker:
    """One process that writes the rooms of the shards it holds."""

    owner: str
    leases: dict[int, int] = field(default_factory=dict)
    stopping: bool = False
    _registry: Registry = field(default_factory=Registry)
    _failures: dict[bytes, int] = field(default_factory=dict)
    _busy: bool = False  # the last read found several: give the next time to gather
    _recover: bool = True  # read what was delivered to us before, first
    _orphaned: set[int] = field(default_factory=set)  # shards taken over from others
    _claimed_at: float = 0.0
    _renewed_at: float = 0.0
    # One thread writes: one connection, one transaction at a time.
    _thread: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(1, thread_name_prefix="writer")
    )

    async def run(self) -> None:
        """Work until `stopping`; a worker that lost its shards waits for free ones."""
        redis_ = async_client(socket_timeout_s=READ_BLOCK_S + 2)
        try:
            while not self.stopping:
                await self._turn(redis_)
        finally:
            await self._write(leases.release, self.leases)
            await redis_.aclose()
            self._thread.shutdown()

    async def _turn(self, redis_: Any) -> None:
        """One round; whatever is away now is tried again shortly."""
        try:
            if await self._hold():
                if self._busy:
                    await asyncio.sleep(limits.BATCH_WAIT_S)
                entries = await self._read(redis_)
                self._busy = len(entries) > 1
                for start in range(0, len(entries), limits.BATCH_MAX_INTENTS):
                    batch = entries[start : start + limits.BATCH_MAX_INTENTS]
                    await self._process(redis_, batch)
                self._registry.stop_idle()
        except Fenced as error:
            # Whoever has the shards now also reads what we leave on the streams.
            logger.warning("fenced: %s", error)
            self.leases = {}
            self._recover = True
        except RedisAway as error:
            await self._redis_trouble(redis_, error)
        except DatabaseAway as error:
            logger.warning("the database is away or locked: %s", error)
            self._recover = True
            await asyncio.sleep(RETRY_DELAY_S)

    async def _redis_trouble(self, redis_: Any, error: Exception) -> None:
        self._recover = True
        if isinstance(error, redis.exceptions.ResponseError) and "NOGROUP" in str(
            error
        ):
            await self._make_groups(redis_)  # Redis came back empty
            return
        logger.warning("redis is away: %s", error)
        await asyncio.sleep(RETRY_DELAY_S)

    async def _hold(self) -> bool:
        """Hold what can be held; False (after a pause) while others have it all."""
        now = time.monotonic()
        if self.leases and now - self._renewed_at < limits.HEARTBEAT_S:
            return True
        if self.leases:
            await self._write(leases.renew, self.leases)
        if len(self.leases) < limits.SHARDS:
            held = await self._write(leases.acquire, self.owner)
            self._orphaned |= held.keys() - self.leases.keys()
            self.leases = held
        self._renewed_at = now
        if not self.leases:
            await asyncio.sleep(limits.HEARTBEAT_S)
        return bool(self.leases)

    async def _write(self, change: Any, *args: Any) -> Any:
        def call() -> Any:
            try:
                return change(*args)
            except Error:
                connection.close()  # it may be what is broken; the next write opens one
                raise

        return await asyncio.get_running_loop().run_in_executor(self._thread, call)

    # Reading

    async def _make_groups(self, redis_: Any) -> None:
        for shard in self.leases:
            try:
                await redis_.xgroup_create(stream(shard), GROUP, id="0", mkstream=True)
            except redis.exceptions.ResponseError as error:
                if "BUSYGROUP" not in str(error):
                    raise

    async def _read(self, redis_: Any) -> list[Entry]:
        """New entries, or after trouble those that were delivered and not finished."""
        if time.monotonic() - self._claimed_at > CLAIM_EVERY_S:
            self._claimed_at = time.monotonic()
            await self._make_groups(redis_)
            if claimed := await self._claim(redis_, self.leases, CLAIM_IDLE_S):
                return claimed
        # A shard's former owner can commit nothing any more. What it left comes before
        # what is new, so that a sender's messages keep their order.
        while self._orphaned:
            shard = next(iter(self._orphaned))
            if claimed := await self._claim(redis_, [shard], 0):
                return claimed
            self._orphaned.discard(shard)
        if self._recover:
            entries = await self._read_from(redis_, "0", block=False)
            self._recover = False
            if entries:
                return entries
        return await self._read_from(redis_, ">", block=True)

    async def _read_from(self, redis_: Any, start: str, *, block: bool) -> list[Entry]:
        found = await redis_.xreadgroup(
            GROUP,
            self.owner,
            {stream(shard): start for shard in self.leases},
            count=limits.BATCH_MAX_INTENTS,
            block=int(READ_BLOCK_S * 1000) if block else None,
        )
        return [
            Entry(int(name.rpartition(b":")[2]), entry_id, fields.get(b"i", b""))
            for name, entries in found or []
            for entry_id, fields in entries
            if fields is not None
        ]

    async def _claim(
        self, redis_: Any, shards: Iterable[int], idle_s: float
    ) -> list[Entry]:
        """Entries that a worker read and did not finish: it died, or lost its lease."""
        entries = []
        for shard in shards:
            _, found, _ = await redis_.xautoclaim(
                stream(shard),
                GROUP,
                self.owner,
                int(idle_s * 1000),
                count=limits.BATCH_MAX_INTENTS,
            )
            entries += [
                Entry(shard, entry_id, fields.get(b"i", b""))
                for entry_id, fields in found
                if fields is not None  # Redis 6.2 names deleted entries too
            ]
        return entries

    # Writing

    async def _process(self, redis_: Any, entries: Sequence[Entry]) -> None:
        """Commit a batch, publish and answer it, then take it off the stream."""
        intents = [_decoded(entry) for entry in entries]
        good = [intent for intent in intents if intent is not None]
        for entry, intent in zip(entries, intents, strict=True):
            if intent is None:
                await self._write(_bury, entry, "rubbish: this is no intent")
        shards = {entry.shard for entry in entries}
        held = {shard: self.leases[shard] for shard in shards}
        done = list(entries)
        try:
            outcomes, pages = await self._write(self._commit, good, held)
        except (Fenced, *DatabaseAway) as error:
            if not disk_is_full(error):
                raise
            outcomes = [_storage_full(intent) for intent in good]
            pages = {}
        except Exception:  # noqa: BLE001 - the batch is cut up, one alone is logged
            if len(entries) > 1:
                await self._one_by_one(redis_, entries)
                return
            outcomes, pages, done = await self._failed(entries[0], intents[0])
        await _publish(redis_, outcomes, pages, done)
        for entry in done:
            self._failures.pop(entry.id, None)

    async def _one_by_one(self, redis_: Any, entries: Sequence[Entry]) -> None:
        """A batch that fails is cut up, so that one bad intent harms no other."""
        for entry in entries:
            await self._process(redis_, [entry])

    def _commit(
        self, intents: Sequence[PostIntent], held: dict[int, int]
    ) -> tuple[list[Outcome], dict[str, list[Publication]]]:
        outcomes = posting.post_messages(intents, held, self._registry, timezone.now())
        pages: dict[str, list[Publication]] = defaultdict(list)
        for outcome in outcomes:
            if outcome.message is not None:
                room = outcome.answer.room
                pages[room].append(fanout.publication(outcome.message, room))
        return outcomes, pages

    async def _failed(
        self, entry: Entry, intent: PostIntent | None
    ) -> tuple[list[Outcome], dict[str, list[Publication]], list[Entry]]:
        """Count a failure; the third makes it a dead letter and tells the sender."""
        logger.exception("intent %s of shard %s failed", entry.id, entry.shard)
        failures = self._failures[entry.id] = self._failures.get(entry.id, 0) + 1
        if failures < TRIES:
            self._recover = True
            await asyncio.sleep(RETRY_DELAY_S)
            return [], {}, []
        reason = f"failed {TRIES} times; the log has the traceback"
        await self._write(_bury, entry, reason)
        outcomes = [] if intent is None else [_internal(intent, entry)]
        return outcomes, {}, [entry]


def _decoded(entry: Entry) -> PostIntent | None:
    try:
        return _decoder.decode(entry.payload)
    except msgspec.DecodeError:
        logger.exception("entry %s of shard %s is rubbish", entry.id, entry.shard)
        return None


def _bury(entry: Entry, reason: str) -> None:
    """Keep the entry for the operator; a second call changes nothing."""
    DeadLetter.objects.get_or_create(
        shard=entry.shard,
        entry_id=entry.id.decode(),
        defaults={"payload": entry.payload, "error": reason},
    )


def _internal(intent: PostIntent, entry: Entry) -> Outcome:
    message = f"This message could not be stored (error {entry.id.decode()})."
    return Outcome(intent, refused(intent, None, "internal", message), None)


def _storage_full(intent: PostIntent) -> Outcome:
    message = "The server's disk is full; nothing can be stored until it has space."
    return Outcome(intent, refused(intent, None, "storage_full", message), None)


async def _publish(
    redis_: Any,
    outcomes: Sequence[Outcome],
    pages: dict[str, list[Publication]],
    done: Sequence[Entry],
) -> None:
    """Publications first, then answers, then the entries' end: one round trip."""
    pipeline = redis_.pipeline(transaction=False)
    for room, publications in pages.items():
        pipeline.publish(fanout.room_channel(room), _encode(publications))
    answers: dict[str, list[Answer]] = defaultdict(list)
    for outcome in outcomes:
        if outcome.intent.process:
            answers[outcome.intent.process].append(outcome.answer)
        else:
            pipeline.rpush(outcome.intent.address, _encode(outcome.answer))
            pipeline.expire(outcome.intent.address, ANSWER_KEPT_S)
    for process, batch in answers.items():
        pipeline.publish(answers_channel(process), _encode(batch))
    for shard in {entry.shard for entry in done}:
        ids = [entry.id for entry in done if entry.shard == shard]
        pipeline.xack(stream(shard), GROUP, *ids)
        pipeline.xdel(stream(shard), *ids)
    if len(pipeline):
        await pipeline.execute()
