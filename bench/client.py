"""The load client: a job as JSON on its input, a result as JSON on its output.

It runs as a process of its own, so that its CPU time is nobody else's.
"""

import asyncio
import sys
from dataclasses import replace

import msgspec
import uvloop

from bench import procfs
from bench.crowd import Crowd, SpoiltError
from bench.job import Job, Load, Result
from bench.load import (
    Meter,
    Senders,
    one_by_one,
    pace,
    raise_open_files_limit,
    saturate,
)
from bench.wire import client_frame

# Long enough for a duplicate that follows its original to be counted.
_AFTERMATH_S = 0.3
NOTHING = Load(0, 0.0, {}, 0.0)


async def run(job: Job) -> Result:
    """Measure what `job` asks for; server trouble comes back as faults."""
    measure = {
        "fanout": fanout,
        "posts": posts,
        "connect": connect,
        "flood": flood,
    }[job.kind]
    crowd = Crowd(job)
    try:
        return await measure(job, crowd)
    except SpoiltError as fault:
        return Result(NOTHING, faults=[str(fault)])
    finally:
        crowd.close()


async def fanout(job: Job, crowd: Crowd) -> Result:
    """Every message to every member: saturated, at half of that, and one by one."""
    await crowd.open()
    senders = Senders(crowd)
    senders.post()
    if not await crowd.everyone_has(1, job.drain_s):
        return Result(NOTHING, faults=crowd.faults(1))
    load = await saturate(crowd, senders, crowd.tally, len(crowd.members))
    result = Result(load)
    if await crowd.everyone_has(senders.sent, job.drain_s) and job.pace_s:
        result = await _latencies(job, crowd, senders, load)
    await asyncio.sleep(_AFTERMATH_S)
    return replace(result, faults=crowd.faults(senders.sent))


async def _latencies(job: Job, crowd: Crowd, senders: Senders, load: Load) -> Result:
    """At half of the saturated rate, at rest, and at the rates that all are asked."""
    rate = load.count / len(crowd.members) / load.seconds
    latency = await pace(crowd, senders, rate / 2)
    quiet = await one_by_one(crowd, senders, crowd.tally, len(crowd.members))
    steady = [
        await pace(crowd, senders, each) for each in job.steady_rates if each < rate
    ]
    return Result(load, latency, quiet, steady)


async def posts(job: Job, crowd: Crowd) -> Result:
    """Acks a second when nobody listens: what the way into the database can do."""
    await crowd.open()
    senders = Senders(crowd)
    load = await saturate(crowd, senders, crowd.acks, 1)
    await crowd.reach(crowd.acks, senders.sent, job.drain_s)
    quiet = await one_by_one(crowd, senders, crowd.acks, 1)
    missing = senders.sent - crowd.acks.count
    faults = [f"{missing} of {senders.sent} posts were not acked"] if missing else []
    faults += [fault for witness in crowd.witnesses for fault in witness.faults]
    return Result(load, quiet=quiet, faults=faults)


async def connect(job: Job, crowd: Crowd) -> Result:
    """New sockets, and then what each costs in memory when all are idle."""
    await _warm(job)
    before = _rss(job)
    meter = Meter(job, lambda: len(crowd.members))
    await crowd.open()
    load = meter.load()
    # Join announcements may still be on their way; memory is read when they are not.
    await crowd.wait(asyncio.sleep(job.warmup_s), job.warmup_s + 5)
    after = _rss(job)
    return Result(load, rss_kib={role: after[role] - before[role] for role in before})


async def _warm(job: Job) -> None:
    """Open and close a few sockets, so that lazy imports are not counted as theirs."""
    few = Crowd(replace(job, targets=job.targets[:50]))
    try:
        await few.open()
    finally:
        few.close()
    await asyncio.sleep(job.warmup_s)


def _rss(job: Job) -> dict[str, int]:
    return {
        role: sum(map(procfs.rss_kib, pids)) for role, pids in job.processes.items()
    }


async def flood(job: Job, crowd: Crowd) -> Result:
    """The client's own capacity: count what a server sends that does nothing else."""
    await crowd.open()
    meter = Meter(job, lambda: crowd.tally.count)
    for member in crowd.members:
        member.transport.write(client_frame(b"go"))
    await crowd.everyone_has(job.messages, job.drain_s)
    return Result(meter.load(), faults=crowd.faults(job.messages))


def main() -> None:
    """Read a job, run it, print the result."""
    raise_open_files_limit()
    job = msgspec.json.decode(sys.stdin.buffer.read(), type=Job)
    result = uvloop.run(run(job))
    sys.stdout.buffer.write(msgspec.json.encode(result))


if __name__ == "__main__":
    main()
