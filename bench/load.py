"""The phases of a measurement: as fast as it goes, then at half of that."""

import asyncio
import os
import resource
import time
import uuid
from collections.abc import Callable

from bench import procfs, wire
from bench.bodies import Stamp, make_body
from bench.crowd import Crowd
from bench.job import Job, Latency, Load
from bench.sockets import Member, Tally

_REST_S = 0.05  # between two messages that must not meet


class Sender:
    """One socket that posts; its messages are numbered from 1."""

    def __init__(self, index: int, member: Member, templates: list[str]) -> None:
        self.index = index
        self.member = member
        self.templates = [text.encode() for text in templates]
        self.number = 0

    def post(self) -> None:
        """Write the next message, to the rooms in turn."""
        self.number += 1
        client_id = str(uuid.uuid4())
        stamp = Stamp(self.index, self.number, time.monotonic_ns())
        template = self.templates[self.number % len(self.templates)]
        fields = {
            b"client_id": client_id.encode(),
            b"body": make_body(stamp).encode(),
        }
        self.member.transport.write(wire.client_frame(template % fields))


class Senders:
    """The senders in turn; `sent` is the number of messages of all."""

    def __init__(self, crowd: Crowd) -> None:
        job = crowd.job
        self.each = [
            Sender(index, member, job.templates)
            for index, member in enumerate(crowd.members[: job.senders])
        ]
        self.sent = 0

    def post(self) -> None:
        self.each[self.sent % len(self.each)].post()
        self.sent += 1


class Meter:
    """Measures from its making to `load`: what was counted and who used the CPU."""

    def __init__(self, job: Job, count: Callable[[], int]) -> None:
        self.job = job
        self.count = count
        self.cpu_s = procfs.cpu_by_role(job.processes)
        self.client_cpu_s = time.process_time()
        self.busy_s = procfs.busy_s()
        self.started_count = count()
        self.started_s = time.monotonic()

    def load(self) -> Load:
        """What happened since."""
        seconds = time.monotonic() - self.started_s
        after = procfs.cpu_by_role(self.job.processes)
        cpu_s = {role: after[role] - before for role, before in self.cpu_s.items()}
        client_cpu_s = time.process_time() - self.client_cpu_s
        others_s = procfs.busy_s() - self.busy_s - sum(cpu_s.values()) - client_cpu_s
        cores = os.cpu_count() or 1
        return Load(
            count=self.count() - self.started_count,
            seconds=seconds,
            cpu_s=cpu_s,
            client_cpu_s=client_cpu_s,
            others_share=max(0.0, others_s / seconds / cores),
        )


async def saturate(crowd: Crowd, senders: Senders, tally: Tally, each: int) -> Load:
    """Keep `window` messages on their way; measure what `tally` counts, after warm-up.

    A message is on its way until `each` more were counted for it (all members'
    deliveries, or one ack), so the server is never overrun and never idle.
    """
    job = crowd.job

    def pump() -> None:
        while tally.count >= tally.due:
            while senders.sent - tally.count // each < job.window:
                senders.post()
            tally.due = (senders.sent - job.window + 1) * each

    tally.on_due = pump
    tally.due = 0
    pump()
    await crowd.wait(asyncio.sleep(job.warmup_s), job.warmup_s + 5)
    meter = Meter(job, lambda: tally.count)
    await crowd.wait(asyncio.sleep(job.measure_s), job.measure_s + 5)
    load = meter.load()
    tally.due = 1 << 62
    return load


async def pace(crowd: Crowd, senders: Senders, rate: float) -> Latency:
    """Send `rate` messages a second, evenly, for `pace_s`; the samples' latencies."""
    for witness in crowd.witnesses:
        witness.latencies_ns.clear()
        witness.recording = True
    lags_ns = await _send_evenly(crowd, senders, rate)
    await crowd.everyone_has(senders.sent, crowd.job.drain_s)
    found = sorted(lag for each in crowd.witnesses for lag in each.latencies_ns)
    return Latency(
        rate=rate,
        count=len(found),
        p50_ms=quantile(found, 0.5) / 1e6,
        p99_ms=quantile(found, 0.99) / 1e6,
        lag_p99_ms=quantile(sorted(lags_ns), 0.99) / 1e6,
    )


async def one_by_one(
    crowd: Crowd, senders: Senders, tally: Tally, each: int
) -> Latency:
    """Send messages into rooms at rest; the time until `tally` counted `each` more."""
    took_ns: list[int] = []
    for _ in range(crowd.job.quiet_messages):
        await crowd.wait(asyncio.sleep(_REST_S), _REST_S + 5)
        started_ns = time.monotonic_ns()
        senders.post()
        if await crowd.reach(tally, senders.sent * each, crowd.job.drain_s):
            took_ns.append(time.monotonic_ns() - started_ns)
    took_ns.sort()
    return Latency(
        rate=1 / _REST_S,
        count=len(took_ns),
        p50_ms=quantile(took_ns, 0.5) / 1e6,
        p99_ms=quantile(took_ns, 0.99) / 1e6,
        lag_p99_ms=0.0,
    )


async def _send_evenly(crowd: Crowd, senders: Senders, rate: float) -> list[int]:
    started_ns = time.monotonic_ns()
    lags_ns: list[int] = []
    for index in range(int(rate * crowd.job.pace_s)):
        due_ns = started_ns + int(index / rate * 1e9)
        ahead_s = (due_ns - time.monotonic_ns()) / 1e9
        if ahead_s > 0:
            await crowd.wait(asyncio.sleep(ahead_s), ahead_s + 5)
        elif index % 16 == 0:
            await asyncio.sleep(0)
        lags_ns.append(max(0, time.monotonic_ns() - due_ns))
        senders.post()
    return lags_ns


def quantile(ordered: list[int], share: float) -> float:
    """The value below which `share` of `ordered` lies; 0 when it is empty."""
    if not ordered:
        return 0.0
    return float(ordered[min(len(ordered) - 1, int(share * len(ordered)))])


def raise_open_files_limit() -> None:
    """Allow as many sockets as the system lets an ordinary process have."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
