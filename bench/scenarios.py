"""What is measured in which order: both sides in turn, so that both meet one machine.

A run starts each side once, takes memory and set-up cost from the fresh server, then
the fan-out by size, then the posts.
"""

import contextlib
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import msgspec

from bench import servers
from bench.job import Job, Load, Result, Target
from bench.loop import Loop
from bench.servers import ROOT, Server
from bench.sides import CREDENTIALS, Ours, Side

_CLIENT_LIMIT_S = 220.0
CAPACITY_SOCKETS = 200
LARGE_RUNS = 2  # a large room takes longer to open than all others together
_LARGE, _LARGE_S = 5000, 8.0  # members, and how long they are measured
HELLO_MARKER = '"hello"'  # of both sides, whatever blanks stand around it


@dataclass(frozen=True)
class Plan:
    """How much to measure. `only` empty means everything."""

    runs: int = 3
    members: tuple[int, ...] = (50, 200, 1000, 5000)
    measure_s: float = 4.0
    pace_s: float = 5.0
    quiet_messages: int = 60
    steady_rates: tuple[float, ...] = (5.0, 150.0)  # messages/s, for whoever can
    idle_sockets: int = 1000
    capacity_messages: int = 4000
    only: frozenset[str] = frozenset()
    window: int = 0

    def wants(self, *names: str) -> bool:
        """Whether one of `names` is asked for."""
        return not self.only or not self.only.isdisjoint(names)

    @property
    def latency_members(self) -> int:
        """The size at which latency is taken: 200, or the middle one."""
        return 200 if 200 in self.members else sorted(self.members)[-1 // 2]


@dataclass(frozen=True)
class Measurement:
    """One result of one side in one run; `members` is the number of sockets."""

    run: int
    side: str
    scenario: str
    members: int
    result: Result


@dataclass(frozen=True)
class Book:
    """All that an invocation measured, as it is kept in JSON."""

    machine: dict[str, str]
    measurements: list[Measurement] = field(default_factory=list)


def measure(sides: list[Side], plan: Plan) -> Iterator[Measurement]:
    """Yield measurements as they are made. Raises: NotStartedError."""
    if plan.wants("capacity"):
        for per_write in (1, 12):
            yield _capacity(plan, per_write)
    for side in sides:
        side.prepare()
    for run in range(plan.runs):
        for side in sides:
            if plan.only != {"hello"}:
                with _running(side) as server:
                    yield from _one_run(side, server, plan, run)
            if plan.wants("hello") and not isinstance(side, Loop):
                with _running(side) as server:
                    yield from _hello(side, server, plan, run)


def _one_run(side: Side, server: Server, plan: Plan, run: int) -> Iterator[Measurement]:
    if plan.wants("idle", "connect") and not isinstance(side, Loop):
        count = plan.idle_sockets
        result = run_client(_job(side, server, "connect", count, plan))
        yield Measurement(run, side.name, "connect", count, result)
    for count in plan.members:
        if count >= _LARGE and run >= LARGE_RUNS:
            continue
        if plan.wants("fanout") or (
            plan.wants("latency") and count == plan.latency_members
        ):
            result = run_client(_fanout_job(side, server, count, plan))
            yield Measurement(run, side.name, "fanout", count, result)
    if plan.wants("posts") and isinstance(side, Ours):
        result = run_client(_posts_job(side, server, plan))
        yield Measurement(run, side.name, "posts", 8, result)


def _hello(side: Side, server: Server, plan: Plan, run: int) -> Iterator[Measurement]:
    """New sockets up to their `hello`: who they are is read, no room is joined.

    On a fresh server: those who were in a room leave it seconds later, at a cost.
    """
    count = plan.idle_sockets
    for credential in CREDENTIALS:
        job = replace(
            _job(side, server, "connect", count, plan),
            targets=side.doors(count, server.port, credential),
            ready_marker=HELLO_MARKER,
        )
        yield Measurement(run, side.name, f"hello_{credential}", count, run_client(job))


@contextlib.contextmanager
def _running(side: Side) -> Iterator[Server]:
    server = side.start()
    try:
        yield server
    finally:
        server.stop()


def _job(side: Side, server: Server, kind: str, count: int, plan: Plan) -> Job:
    return Job(
        kind=kind,
        port=server.port,
        targets=side.targets(count, server.port),
        message_marker=side.message_marker,
        ready_marker=side.ready_marker,
        templates=[side.template()],
        window=plan.window or side.window,
        measure_s=plan.measure_s,
        processes=server.roles,
    )


def _fanout_job(side: Side, server: Server, count: int, plan: Plan) -> Job:
    wants_pace = plan.wants("latency") and count == plan.latency_members
    pace_s = plan.pace_s if wants_pace else 0.0
    job = _job(side, server, "fanout", count, plan)
    # Stock cannot do much in the time: what is measured must have begun and ended.
    measure_s = max(plan.measure_s, _LARGE_S) if count >= _LARGE else plan.measure_s
    quiet = plan.quiet_messages if pace_s else 0
    return replace(
        job,
        pace_s=pace_s,
        measure_s=measure_s,
        quiet_messages=quiet,
        steady_rates=plan.steady_rates if pace_s else (),
    )


def _posts_job(side: Ours, server: Server, plan: Plan) -> Job:
    job = _job(side, server, "posts", 0, plan)
    return replace(
        job,
        targets=side.post_targets(8, server.port),
        templates=side.post_templates(),
        ready_marker='"type":"hello"',
        senders=8,
        window=plan.window or 256,
        # Each sender's first post in a room costs the server a look at the database.
        warmup_s=3.0,
        quiet_messages=plan.quiet_messages,
    )


def _capacity(plan: Plan, per_write: int) -> Measurement:
    """What the client itself can count, one frame a write or several."""
    port, messages = servers.free_port(), plan.capacity_messages
    numbers = map(str, (port, messages, per_write))
    log = ROOT / "var" / "bench" / "flood.log"
    process = servers.spawn(servers.python("-m", "bench.flood", *numbers), log)
    server = Server(port, [process])
    try:
        servers.wait_for_port(port, process, log)
        targets = [Target("/")] * CAPACITY_SOCKETS
        result = run_client(
            Job("flood", port, targets, messages=messages, senders=0, drain_s=60.0)
        )
    finally:
        server.stop()
    return Measurement(0, "client", f"capacity{per_write}", CAPACITY_SOCKETS, result)


def run_client(job: Job) -> Result:
    """The answer of a load client in its own process, on the clients' core."""
    with servers.pinned(servers.cores()[1]):
        process = subprocess.Popen(
            servers.python("-m", "bench.client"),
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
    try:
        answer, _ = process.communicate(msgspec.json.encode(job), _CLIENT_LIMIT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return _spoilt(f"the client did not end within {_CLIENT_LIMIT_S:.0f} s")
    if process.returncode:
        return _spoilt(f"the client ended with status {process.returncode}")
    return msgspec.json.decode(answer, type=Result)


def _spoilt(reason: str) -> Result:
    return Result(Load(0, 0.0, {}, 0.0), faults=[reason])
