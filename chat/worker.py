"""The room worker: takes intents from the shards' streams, commits, then publishes.

At least once from the stream, exactly once in the log: an entry that comes again finds
its `client_id` stored and is answered with the same numbers. An ack leaves only after
its commit (rule D11); the entry is deleted only after the ack has left.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import msgspec
import redis.exceptions
from django.conf import settings
from django.db import Error, connection

from chat import leases, posting, states
from chat.dead_letters import bury, internal, storage_full
from chat.events import batches_rest
from chat.inbox import Write, decoded
from chat.intake import READ_BLOCK_S, Entry, Intake
from chat.leases import Fenced
from chat.posting import Outcome
from chat.publishing import publications, publish
from chat.resting import RestingRooms
from chat.room import Registry
from chat.silence import Silence
from livechat.lib import limits
from livechat.lib.failpoints import failpoint
from livechat.lib.feed import Publication
from livechat.lib.pipe import Pipe
from livechat.lib.redis import RedisAway, async_client
from livechat.lib.storage import DatabaseAway, disk_is_full

logger = logging.getLogger(__name__)

T = TypeVar("T")

RETRY_DELAY_S = 0.5
TIDY_EVERY = 16  # batches, while there is time between them; more often costs more
TIDY_LATEST = 32  # batches, however busy the rooms are
TRIES = 3  # then an intent is a dead letter


@dataclass(slots=True)
class Worker:
    """One process that writes the rooms of the shards it holds."""

    owner: str
    intake: Intake
    pipe: Pipe  # for what is published and answered
    leases: dict[int, int] = field(default_factory=dict)
    stopping: bool = False
    _registry: Registry = field(default_factory=Registry)
    _failures: dict[bytes, int] = field(default_factory=dict)
    _resting: RestingRooms = field(default_factory=RestingRooms)
    _silence: Silence = field(default_factory=Silence)
    _busy: bool = False  # the last read found several: give the next time to gather
    _untidy: int = 0  # batches since others were let do what can wait
    _read_at: float = 0.0
    _renewed_at: float = 0.0

    @classmethod
    def named(cls, owner: str) -> "Worker":
        """A worker that holds nothing yet."""
        reading = Pipe(settings.REDIS_URL, limit_s=READ_BLOCK_S + 2)
        return cls(owner, Intake(owner, reading), Pipe(settings.REDIS_URL))

    async def run(self) -> None:
        """Work until `stopping`; a worker that has no shard waits for free ones."""
        redis_ = async_client(socket_timeout_s=READ_BLOCK_S + 2)
        telling = asyncio.create_task(states.answer_askers(redis_, self._report))
        try:
            while not self.stopping:
                await self._turn(redis_)
        finally:
            telling.cancel()
            self._write(leases.leave, self.owner, self.leases)
            await redis_.aclose()
            await self.intake.pipe.aclose()
            await self.pipe.aclose()

    async def _turn(self, redis_: Any) -> None:
        """One round; whatever is away now is tried again shortly."""
        try:
            if await self._hold_a_share():
                await self._gather()
                await self._read_and_work_off(redis_)
                await self._silence.end(self.pipe, self.leases, self._write)
                self._registry.stop_idle()
        except Fenced as error:
            # Whoever has the shards now also takes over what we read of them.
            logger.warning("fenced: %s", error)
            former, self.leases = self.leases, {}
            self.intake.recover = True
            await self._hand_back(redis_, former)
        except RedisAway as error:
            await self._redis_trouble(error, self.leases)
        except DatabaseAway as error:
            logger.warning("the database is away or locked: %s", error)
            self.intake.recover = True
            await asyncio.sleep(RETRY_DELAY_S)

    async def _read_and_work_off(self, redis_: Any) -> None:
        self.intake.recover |= self._resting.wake()
        block_s = self._resting.next_wake_s()
        entries = await self.intake.read(self.leases, block_s)
        self._read_at = time.monotonic()
        self._busy = len(entries) > 1
        awake = self._resting.awake(entries)
        if len(awake) < len(entries):
            self.intake.recover = False  # until the room wakes
        await self._work_off(redis_, awake)

    async def _gather(self) -> None:
        """While several come at a time, begin a batch each BATCH_WAIT_S at most.

        A batch that took longer to write was time enough for the next one to gather.
        """
        end_at = self._read_at + limits.BATCH_WAIT_S
        if not self._busy or time.monotonic() < end_at:
            self._tidy(TIDY_EVERY)
        self._tidy(TIDY_LATEST)
        wait_s = end_at - time.monotonic()
        if self._busy and wait_s > 0:
            await asyncio.sleep(wait_s)

    def _tidy(self, batches: int) -> None:
        """Let other apps do what can wait, when so many batches have left something."""
        if self._untidy >= batches:
            self._untidy = 0
            self._write(batches_rest.send_robust, Worker)

    async def _hand_back(self, redis_: Any, shards: dict[int, int]) -> None:
        try:
            await self.intake.hand_back(redis_, shards)
        except RedisAway as error:  # then the next owner claims it by its age
            await self._redis_trouble(error, shards)

    async def _redis_trouble(self, error: Exception, shards: Collection[int]) -> None:
        """Make the groups of the shards that were asked for, or wait a little."""
        self.intake.recover = True
        if isinstance(error, redis.ResponseError) and "NOGROUP" in str(error):
            try:  # Redis came back empty; it may go again, or have no memory for them
                await self.intake.make_groups(shards)
                return
            except RedisAway as another:
                error = another
        logger.warning("redis is away: %s", error)
        self._silence.put_off()
        await asyncio.sleep(RETRY_DELAY_S)

    async def _hold_a_share(self) -> bool:
        """Hold our share of the shards; False (after a pause) while there is none."""
        if self.leases and not self._renewal_is_due():
            return True
        held = self._write(leases.balance, self.owner, self.leases)
        self.intake.orphaned |= held.keys() - self.leases.keys()
        self.intake.orphaned &= held.keys()
        if held.keys() != self.leases.keys():
            logger.info("holds %s of %s shards", len(held), limits.SHARDS)
        self.leases = held
        self._renewed_at = time.monotonic()
        if not self.leases:
            await asyncio.sleep(limits.HEARTBEAT_S)
        return bool(self.leases)

    def _renew(self) -> None:
        """Keep the lease while many batches are worked off; shares stay as they are."""
        if self._renewal_is_due():
            self._write(leases.renew, self.leases)
            self._renewed_at = time.monotonic()

    def _renewal_is_due(self) -> bool:
        return time.monotonic() - self._renewed_at >= limits.HEARTBEAT_S

    def _write(self, change: Callable[..., T], *args: Any) -> T:
        """What `change` returns; the loop stands still meanwhile.

        On purpose: nothing else is to be done before the commit, and the way to a
        thread and back takes as long as a quarter of a lone message's transaction.
        """
        try:
            return change(*args)
        except Error:
            connection.close()  # it may be what is broken; the next write opens one
            raise

    async def _report(self, room: int | None) -> states.Report:
        """What our actors are at; between two batches."""
        return self._write(states.report, self.owner, self.leases, self._registry, room)

    # Writing

    async def _work_off(self, redis_: Any, entries: Sequence[Entry]) -> None:
        """Process what was read, in batches; a slow batch cannot outlive the lease."""
        # A room of which one has failed rests, and what follows there waits its turn.
        while entries := self._resting.awake(entries):
            self._renew()
            batch = entries[: limits.BATCH_MAX_INTENTS]
            entries = entries[await self._process(redis_, batch) :]

    async def _process(self, redis_: Any, entries: Sequence[Entry]) -> int:
        """Commit a batch, publish and answer it, then take it off the stream.

        Return how many entries were dealt with: the last ones may be left for another
        batch when their texts take too long.
        """
        intents = [_intent(entry) for entry in entries]
        good = [intent for intent in intents if intent is not None]
        for entry, intent in zip(entries, intents, strict=True):
            if intent is None:
                self._write(bury, entry, "rubbish: this is no intent")
        done = entries
        try:
            outcomes, pages = self._write(self._commit, good)
            done = _dealt_with(entries, intents, len(outcomes))
        except (Fenced, *DatabaseAway) as error:
            if not disk_is_full(error):
                raise
            outcomes = [storage_full(intent) for intent in good]
            pages = {}
        except Exception:  # noqa: BLE001 - the batch is cut up, one alone is logged
            if len(entries) > 1:
                await self._one_by_one(redis_, entries)
                return len(entries)
            outcomes, pages, done = await self._failed(entries[0], intents[0])
        await publish(self.pipe, outcomes, pages, done)
        self._untidy += 1
        for entry in done:
            self._failures.pop(entry.id, None)
        return len(done) or 1

    async def _one_by_one(self, redis_: Any, entries: Sequence[Entry]) -> None:
        """A batch that fails is cut up, so that one bad intent harms no other."""
        for entry in entries:
            if self._resting.awake([entry]):
                self._renew()
                await self._process(redis_, [entry])

    def _commit(
        self, intents: Sequence[Write]
    ) -> tuple[list[Outcome], dict[str, list[Publication]]]:
        # The shards of the rooms that are written, whatever stream named them.
        shards = {intent.room % limits.SHARDS for intent in intents}
        held = {shard: self.leases[shard] for shard in shards}
        outcomes = posting.write_batch(intents, held, self._registry)
        failpoint("worker.after_commit")
        return outcomes, publications(outcomes)

    async def _failed(
        self, entry: Entry, intent: Write | None
    ) -> tuple[list[Outcome], dict[str, list[Publication]], list[Entry]]:
        """Count a failure; the third makes it a dead letter and tells the sender.

        Until it is tried again its room rests alone: all others are written on.
        """
        logger.exception("intent %s of shard %s failed", entry.id, entry.shard)
        failures = self._failures[entry.id] = self._failures.get(entry.id, 0) + 1
        if failures < TRIES and intent is not None:
            self._resting.rest(intent.room)
            return [], {}, []
        reason = f"failed {TRIES} times; the log has the traceback"
        self._write(bury, entry, reason)
        outcomes = [] if intent is None else [internal(intent, entry)]
        return outcomes, {}, [entry]


def _intent(entry: Entry) -> Write | None:
    try:
        return decoded(entry.payload)
    except msgspec.DecodeError:
        logger.exception("entry %s of shard %s is rubbish", entry.id, entry.shard)
        return None


def _dealt_with(
    entries: Sequence[Entry], intents: Sequence[Write | None], outcomes: int
) -> Sequence[Entry]:
    """The first entries, up to the last one that has an outcome."""
    left = outcomes
    for at, intent in enumerate(intents):
        if intent is not None:
            if not left:
                return entries[:at]
            left -= 1
    return entries
