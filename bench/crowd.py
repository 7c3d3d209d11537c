"""All members of a room, opened, counted and closed together."""

import asyncio
from collections.abc import Awaitable

from bench import compiled, wire
from bench.counter import Counter
from bench.job import Job, Target
from bench.sockets import Counted, Counting, Member, Opening, Reading, Tally
from bench.witness import Witness

_OPEN_LIMIT_S = 150.0


class SpoiltError(Exception):
    """The server did what makes the measurement worthless."""


class Crowd:
    """The sockets of `job`. Senders and an even sample of the rest read all frames."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.marker = b"{" + job.message_marker.encode()
        library = compiled.library("counter")
        self.counter = (
            Counter(library, self.marker, len(job.targets)) if library else None
        )
        self.tally = Tally(self.counter)
        self.acks = Tally()
        self.members: list[Member] = []
        self.witnesses: list[Witness] = []
        self.failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        # Retrieved here once, so that a crowd nobody waits for does not warn.
        self.failed.add_done_callback(lambda failed: failed.exception())
        if self.counter:
            self.counter.listen(self._on_wake)

    async def open(self) -> None:
        """Open every socket, at most `concurrency` at a time.

        Raises: SpoiltError when one is refused, or not in after 150 s.
        """
        gate = asyncio.Semaphore(self.job.concurrency)
        reading = self._readers()
        self.members = [
            self._member(index in reading) for index in range(len(self.job.targets))
        ]
        pairs = zip(self.job.targets, self.members, strict=True)
        try:
            async with asyncio.timeout(_OPEN_LIMIT_S):
                await asyncio.gather(*(self._enter(*pair, gate) for pair in pairs))
        except (OSError, TimeoutError) as error:
            raise SpoiltError(f"not all sockets could be opened: {error!r}") from error

    def close(self) -> None:
        """Drop every socket; call it in a finally."""
        if self.counter:
            self.counter.stop()
        for member in self.members:
            if member.entered:
                member.leave()

    def fail(self, reason: str) -> None:
        """Make the present and every later `wait` raise."""
        if not self.failed.done():
            self.failed.set_exception(SpoiltError(reason))

    async def wait(self, awaited: Awaitable[None], limit_s: float) -> bool:
        """Whether `awaited` came about within `limit_s`. Raises: SpoiltError."""
        task = asyncio.ensure_future(awaited)
        await asyncio.wait(
            {task, self.failed}, timeout=limit_s, return_when=asyncio.FIRST_COMPLETED
        )
        if self.failed.done():
            self.failed.result()
        if task.done():
            task.result()
            return True
        task.cancel()
        return False

    async def everyone_has(self, messages: int, limit_s: float) -> bool:
        """Whether deliveries reached `messages` times the members in time."""
        return await self.reach(self.tally, messages * len(self.members), limit_s)

    async def reach(self, tally: Tally, goal: int, limit_s: float) -> bool:
        """Whether `tally` came to `goal` within `limit_s`. Raises: SpoiltError."""
        reached: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def on_due() -> None:
            if not reached.done():
                reached.set_result(None)

        tally.on_due = on_due
        tally.due = goal
        tally.look()
        return await self.wait(reached, limit_s)

    def faults(self, sent: int) -> list[str]:
        """Sentences about members that did not get each of `sent` messages once."""
        counts = [member.count() for member in self.members]
        short = sum(max(0, sent - count) for count in counts)
        over = sum(max(0, count - sent) for count in counts)
        found = [fault for witness in self.witnesses for fault in witness.faults]
        # The baseline has no acks; who acks one message must ack all.
        if self.acks.count and self.acks.count != sent:
            found.append(f"{self.acks.count} of {sent} messages were acked")
        if short:
            found.append(f"{short} deliveries of {sent} messages were lost")
        if over:
            found.append(f"{over} deliveries of {sent} messages came twice")
        return found

    def _on_wake(self) -> None:
        if self.counter and self.counter.lost:
            self.fail("the server closed a socket")
        self.tally.look()

    def _readers(self) -> set[int]:
        size, samples = len(self.job.targets), self.job.samples
        evenly = {(2 * each + 1) * size // (2 * samples) for each in range(samples)}
        return evenly | set(range(self.job.senders))

    def _member(self, reads: bool) -> Member:
        if not reads and self.counter:
            return Counted(self.tally, self.marker, self.fail, self.counter)
        if not reads:
            return Counting(self.tally, self.marker, self.fail)
        witness = Witness(self.fail, self.acks)
        self.witnesses.append(witness)
        return Reading(self.tally, self.marker, self.fail, witness.heard)

    async def _enter(
        self, target: Target, member: Member, gate: asyncio.Semaphore
    ) -> None:
        async with gate:
            await enter(self.job, target, member)


async def enter(job: Job, target: Target, member: Member) -> None:
    """Open one socket for `member` and return when it is ready."""
    request = wire.handshake(job.host, job.port, target.path, target.headers)
    opening = b"".join(wire.client_frame(text.encode()) for text in target.opening)
    way_in = Opening(request, opening, job.ready_marker.encode(), member)
    loop = asyncio.get_running_loop()
    await loop.create_connection(lambda: way_in, job.host, job.port)
    await way_in.done
