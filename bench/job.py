"""What a load client is told and what it answers; both cross a pipe as JSON."""

from dataclasses import dataclass, field

BODY_BYTES = 200


@dataclass(frozen=True)
class Target:
    """One socket to open: its path, request headers, and the frames sent first."""

    path: str
    headers: list[str] = field(default_factory=list)
    opening: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Job:
    """One measurement.

    `kind` is fanout, posts, connect or flood. `templates` are the text frames that
    post, one a room, with `%(client_id)s` and `%(body)s` in them. A socket is ready
    when `ready_marker` was seen, or with its 101 when that is empty. `window` is the
    most messages that may be on their way at once, and `pace_s` the length of the
    phase at half the saturated rate (0: none); `quiet_messages` are then sent one by
    one into a room at rest, and then `steady_rates` messages a second are kept up for
    `pace_s` each, where the server can. `processes` are the pids whose CPU time counts,
    by role.
    """

    kind: str
    port: int
    targets: list[Target]
    message_marker: str = '"type":"message"'
    ready_marker: str = ""
    templates: list[str] = field(default_factory=list)
    senders: int = 4
    samples: int = 10
    window: int = 8
    warmup_s: float = 1.0
    measure_s: float = 3.0
    pace_s: float = 0.0
    quiet_messages: int = 0
    steady_rates: tuple[float, ...] = ()
    drain_s: float = 30.0
    concurrency: int = 32
    messages: int = 0
    processes: dict[str, list[int]] = field(default_factory=dict)
    host: str = "127.0.0.1"


@dataclass(frozen=True)
class Load:
    """What was done in one measured interval, and what it cost whom.

    `count` is deliveries, acks or sockets; `cpu_s` is by role, and `client_cpu_s`
    tells whether the client was the bottleneck. `others_share` is the part of all
    cores (0 to 1) that programs with no part in this used meanwhile.
    """

    count: int
    seconds: float
    cpu_s: dict[str, float]
    client_cpu_s: float
    others_share: float = 0.0


@dataclass(frozen=True)
class Latency:
    """Send to seen, in milliseconds, with `rate` messages a second asked for.

    `lag_p99_ms` is how late the client itself was in sending.
    """

    rate: float
    count: int
    p50_ms: float
    p99_ms: float
    lag_p99_ms: float


@dataclass(frozen=True)
class Result:
    """The client's answer. `faults` are sentences; empty means that nothing was lost,
    doubled or out of order, and `load` and `latency` may be believed."""

    load: Load
    latency: Latency | None = None
    quiet: Latency | None = None  # until a message is with everybody, or acked
    steady: list[Latency] = field(default_factory=list)
    rss_kib: dict[str, int] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
