"""The faults, each by its name, with what takes it back.

A fault is a coroutine that begins it and returns its undo; both may be called while
the process that they are about is down.
"""

import asyncio
import contextlib
import random
import resource
import sqlite3
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from redis.exceptions import RedisError

from tests.chaos.chance import seeded
from tests.chaos.procs import empty_folder
from tests.chaos.proxy import Weather
from tests.chaos.schedule import Kind, Strike
from tests.chaos.stage import WEBS, WORKERS, Stage

Undo = Callable[[], Awaitable[None]]
Begin = Callable[[Stage, str, random.Random], Awaitable[Undo]]

REDIS = "redis"
DATABASE = "database"
ALL = "all"
GATES = tuple(f"clients-{web}" for web in WEBS)
LINES = tuple(f"{name}-redis" for name in (*WEBS, *WORKERS))


@dataclass(frozen=True, slots=True)
class Fault:
    """How it begins, and what the schedule needs to know of it."""

    number: str  # N1 … N14 of docs/guarantees.md
    kind: Kind
    begin: Begin


async def nothing() -> None:
    """The undo of what needs none."""


# N1 and N4, N6: the end of processes; the supervisor of procs.py brings them back


async def kill(stage: Stage, target: str, rng: random.Random) -> Undo:
    """SIGKILL one process, or every one."""
    names = stage.processes.parts if target == ALL else [target]
    for name in names:
        stage.processes.kill(name)
    return nothing


async def kill_redis_and_data(stage: Stage, target: str, rng: random.Random) -> Undo:
    """SIGKILL Redis; it comes back without anything, as one without persistence."""
    stage.processes.parts[target].before_start = empty_folder(stage.redis_data)
    stage.processes.kill(target)
    return nothing


async def terminate(stage: Stage, target: str, rng: random.Random) -> Undo:
    """SIGTERM: it ends in order and comes back."""
    stage.processes.terminate(target)
    return nothing


# N2: the end at a chosen line

WORKER_POINTS = (
    "worker.before_commit",
    "worker.after_commit",
    "worker.after_publish",
    "worker.before_xack",
)
WEB_POINTS = ("web.after_xadd", "web.before_ack")


async def die_at_a_line(stage: Stage, target: str, rng: random.Random) -> Undo:
    """Kill it; its next life dies at a failpoint, the one after that lives."""
    points = WEB_POINTS if target in WEBS else WORKER_POINTS
    part = stage.processes.parts[target]
    part.extra = {"LIVECHAT_FAILPOINTS": f"{rng.choice(points)}:kill:0.3"}
    stage.recorder.note("failpoint", name=target, armed=part.extra)
    stage.processes.kill(target)
    return nothing


# N3: freeze


async def freeze(stage: Stage, target: str, rng: random.Random) -> Undo:
    """SIGSTOP one process."""
    pid = stage.processes.freeze(target)

    async def undo() -> None:
        stage.processes.thaw(target, pid)

    return undo


# N5 and N11: too little memory, too few descriptors


async def little_memory(stage: Stage, target: str, rng: random.Random) -> Undo:
    """The process may map a few MiB more than it has, and no more."""
    pid = stage.processes.parts[target].pid
    with contextlib.suppress(OSError, ValueError):
        pages = int(open(f"/proc/{pid}/statm").read().split()[0])  # noqa: ASYNC230, SIM115, PTH123
        size = pages * resource.getpagesize() + rng.choice([1, 4, 16]) * 2**20
        _limit(pid, resource.RLIMIT_AS, size)
    return _unlimited(pid, resource.RLIMIT_AS)


async def few_descriptors(stage: Stage, target: str, rng: random.Random) -> Undo:
    """The process may open no more files and sockets."""
    pid = stage.processes.parts[target].pid
    _limit(pid, resource.RLIMIT_NOFILE, rng.choice([8, 20, 40]))
    return _unlimited(pid, resource.RLIMIT_NOFILE)


async def disk_full(stage: Stage, target: str, rng: random.Random) -> Undo:
    """No file of the process may grow: SQLite says that the disk has an error."""
    pid = stage.processes.parts[target].pid
    _limit(pid, resource.RLIMIT_FSIZE, 4096)
    return _unlimited(pid, resource.RLIMIT_FSIZE)


def _limit(pid: int, which: int, size: int) -> None:
    with contextlib.suppress(OSError, ValueError):
        _, hard = resource.prlimit(pid, which)
        resource.prlimit(pid, which, (size, hard))


def _unlimited(pid: int, which: int) -> Undo:
    async def undo() -> None:
        with contextlib.suppress(OSError, ValueError):
            _, hard = resource.prlimit(pid, which)
            resource.prlimit(pid, which, (hard, hard))

    return undo


# N7: a Redis that is slow, full, or forgets


async def redis_says(stage: Stage, *words: str | int) -> None:
    """Give Redis a command; nothing when it is away."""
    with contextlib.suppress(RedisError, OSError):
        async with stage.redis() as client:
            execute: Any = client.execute_command  # redis-py types no free command
            await execute(*words)


async def pause_redis(stage: Stage, target: str, rng: random.Random) -> Undo:
    """Redis answers nobody for a while."""
    await redis_says(stage, "CLIENT", "PAUSE", rng.randrange(500, 6000), "ALL")
    return nothing


async def full_redis(stage: Stage, target: str, rng: random.Random) -> Undo:
    """Redis refuses whatever needs memory."""
    await redis_says(stage, "CONFIG", "SET", "maxmemory", "1mb")

    async def undo() -> None:
        await redis_says(stage, "CONFIG", "SET", "maxmemory", "0")

    return undo


async def forget(stage: Stage, target: str, rng: random.Random) -> Undo:
    """Redis loses all keys, its scripts, or all who listen."""
    words = rng.choice(
        [["FLUSHALL"], ["SCRIPT", "FLUSH"], ["CLIENT", "KILL", "TYPE", "pubsub"]]
    )
    stage.recorder.note("said", words=words)
    await redis_says(stage, *words)
    return nothing


# N8: the disk of Redis


async def redis_disk_full(stage: Stage, target: str, rng: random.Random) -> Undo:
    """Redis cannot write its append-only file: it dies, or refuses writes."""
    return await disk_full(stage, REDIS, rng)


# N9: the database


async def lock_database(stage: Stage, target: str, rng: random.Random) -> Undo:
    """Somebody else holds SQLite's write lock."""
    connection = sqlite3.connect(
        stage.database, timeout=0, isolation_level=None, check_same_thread=False
    )
    for _ in range(50):  # a busy writer leaves a gap soon
        with contextlib.suppress(sqlite3.OperationalError):
            connection.execute("BEGIN EXCLUSIVE")
            break
        await asyncio.sleep(0.02)

    async def undo() -> None:
        connection.close()

    return undo


# N12: the network


def _weather(make: Callable[[random.Random], Weather]) -> Begin:
    async def begin(stage: Stage, target: str, rng: random.Random) -> Undo:
        proxy = stage.proxy(target)
        proxy.change(make(rng))

        async def undo() -> None:
            proxy.change(Weather())

        return undo

    return begin


def _slow(rng: random.Random) -> Weather:
    return Weather(latency_s=rng.choice([0.02, 0.2]), jitter_s=rng.choice([0, 0.3]))


def _narrow(rng: random.Random) -> Weather:
    return Weather(bytes_per_s=rng.choice([4_000, 20_000, 100_000]))


def _sliced(rng: random.Random) -> Weather:
    return Weather(slice_bytes=rng.choice([1, 7, 100]))


def _silent(rng: random.Random) -> Weather:
    return Weather(silent=True)


async def cut(stage: Stage, target: str, rng: random.Random) -> Undo:
    """Reset every connection; new ones are reset too until it is over."""
    proxy = stage.proxy(target)
    proxy.change(Weather(refuses=rng.random() < 0.5))
    proxy.cut()

    async def undo() -> None:
        proxy.change(Weather())

    return undo


async def half_open(stage: Stage, target: str, rng: random.Random) -> Undo:
    """The server's side of every connection is gone, and the client hears nothing."""
    stage.proxy(target).drop_far_side()
    return nothing


# N14: the clock

FAKETIME = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)


async def wrong_clock(stage: Stage, target: str, rng: random.Random) -> Undo:
    """The process lives its next life by another wall clock."""
    # Not by the command: it starts a child of its own, which a kill would leave behind.
    stage.processes.parts[target].extra = {
        "LD_PRELOAD": str(FAKETIME),
        "FAKETIME": rng.choice(["+1h", "-1h", "+0 x1.1"]),
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
    stage.processes.kill(target)

    async def undo() -> None:
        stage.processes.parts[target].extra = {}
        stage.processes.kill(target)

    return undo


SHORT = (0.5, 4.0)
LONG = (2.0, 12.0)

FAULTS: dict[str, Fault] = {
    "kill_web": Fault("N1", Kind(16, WEBS, SHORT, kills=1), kill),
    "kill_worker": Fault("N1", Kind(18, WORKERS, SHORT, kills=1), kill),
    "kill_redis": Fault("N1", Kind(8, (REDIS,), SHORT, kills=1), kill),
    "kill_redis_data": Fault("N6", Kind(5, (REDIS,), SHORT, 1), kill_redis_and_data),
    "kill_all": Fault("N1", Kind(6, (ALL,), SHORT, kills=5), kill),
    "die_at_a_line": Fault(
        "N2", Kind(8, (*WEBS, *WORKERS), LONG, kills=2), die_at_a_line
    ),
    "freeze": Fault("N3", Kind(6, (*WEBS, *WORKERS, REDIS), LONG), freeze),
    "terminate": Fault("N4", Kind(4, (*WEBS, *WORKERS), SHORT), terminate),
    "little_memory": Fault("N5", Kind(1, WORKERS, SHORT), little_memory),
    "pause_redis": Fault("N7", Kind(2, (REDIS,), SHORT), pause_redis),
    "full_redis": Fault("N7", Kind(2, (REDIS,), LONG), full_redis),
    "forget": Fault("N7", Kind(4, (REDIS,), SHORT), forget),
    "redis_disk_full": Fault("N8", Kind(1, (REDIS,), SHORT), redis_disk_full),
    "lock_database": Fault("N9", Kind(3, (DATABASE,), LONG), lock_database),
    "disk_full": Fault("N10", Kind(2, WORKERS, LONG), disk_full),
    "few_descriptors": Fault("N11", Kind(2, WEBS, LONG), few_descriptors),
    "slow": Fault("N12", Kind(2, (*GATES, *LINES), LONG), _weather(_slow)),
    "narrow": Fault("N12", Kind(2, GATES, LONG), _weather(_narrow)),
    "sliced": Fault("N12", Kind(2, (*GATES, *LINES), LONG), _weather(_sliced)),
    "silent": Fault("N12", Kind(3, (*GATES, *LINES), LONG), _weather(_silent)),
    "cut": Fault("N12", Kind(3, (*GATES, *LINES), SHORT), cut),
    "half_open": Fault("N12", Kind(2, (*GATES, *LINES), SHORT), half_open),
}
if FAKETIME is not None:
    FAULTS["wrong_clock"] = Fault("N14", Kind(2, (*WEBS, *WORKERS), LONG), wrong_clock)


async def strike(stage: Stage, planned: Strike, number: int) -> Undo:
    """Begin a planned fault; return its undo. Both are noted."""
    stage.recorder.note(
        "fault", id=number, name=planned.fault, target=planned.target, phase="on"
    )
    begin = FAULTS[planned.fault].begin
    take_back = await begin(stage, planned.target, seeded(planned.seed))

    async def undo() -> None:
        await take_back()
        stage.recorder.note(
            "fault", id=number, name=planned.fault, target=planned.target, phase="off"
        )

    return undo
