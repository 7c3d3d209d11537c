"""Turns a book of measurements into docs/performance.md; guards that it tells all.

Ratios come first: an absolute figure belongs to one machine on one day.
"""

from pathlib import Path

from bench import compiled, figures, pages, plot, sockets_report, targets, tried
from bench.figures import Figure
from bench.scenarios import LARGE_RUNS, Book
from bench.tables import number, table, times

_QUIET_SHARE = 0.1
NAMES = {"stock": "stock", "loop": "C loop", "ours": "ours"}

_INTRO = """\
# Performance

Written by `make bench`; do not edit. **The ratios are what counts**: all sides were
measured in turn in the same invocation, on one server core, by the same load client.
The absolute figures belong to the machine below and are no promise.

The job: one room, N signed-in WebSocket members of whom a few send; every message of
200 bytes must reach all N.

- *Stock* is the chat of the Channels tutorial on the stock Daphne command, with
  `RedisPubSubChannelLayer` and one consumer dispatch per delivery. It keeps no message.
- *C loop* is `bench/native/loop.c`: one thread, one `send` for each delivery; no
  sign-in, no Redis, no check, no store. A yardstick, no chat server.
- *Ours* is livechat as `make run` starts it, with everything on: each message is
  checked, rendered, committed to SQLite with `synchronous=FULL`, acked and fanned out.

*Fan-out* counts deliveries per second of the CPU time of what every side has: the web
process and Redis (of the loop its one process). That includes taking each message in.
*Whole path* counts all our processes: the room worker too, whose work (check, render,
commit) neither of the others does.
"""

_METHOD = """\
## How it is measured

- The client is a process of its own on another core, where there is one. It counts
  every delivery of every member; senders and an even sample of the others take each
  frame apart, check the order and clock the latency from the send to the sight.
- The saturated rate is found with a bounded number of messages on their way: the next
  is sent when the deliveries of an earlier one were counted. Latency is then taken at
  half of each side's own saturated rate, so the faster side carries the higher load.
- A run in which a delivery was lost, doubled or out of order counts nowhere and is
  named at the top. Figures are medians of the runs; a ratio is the median of the
  ratios of the runs.
- CPU time is user plus system time from `/proc/<pid>/stat`, over the measured interval.
- Memory is what the web process gained (`VmRSS`) over idle signed-in sockets that are
  in the room, after a warm-up that loads what is loaded lazily.
- Both sides sign in by session cookie through their own tables in SQLite: stock by the
  session and authentication middleware of Channels, with the settings that Django
  starts with. Channels knows no bearer tokens; beside ours stands the middleware that
  its documentation suggests, with one query.
- New sockets are opened 32 at a time. Up to `hello` means: handshake, who it is read
  from the database, accepted, greeted. Into a room means for stock that the group is
  joined; for ours that access was checked, the room's head read, and the socket is
  live in the room and shown to the others. What the way into a room costs is the
  difference of the two.
"""

_CARE = """\
## Which of these to care about

A site with a few dozen people meets none of these limits: what it notices is the time
in a room at rest. Fan-out decides how large a busy room may be; the whole path and the
posts decide how busy all rooms together may be. Latency at half load is what people
feel while a room is that busy. Memory decides how many may stay connected, new sockets
a second how soon everyone is back after a restart.
"""


def write(book: Book, folder: Path) -> None:
    """Write performance.md and performance.svg into `folder`, which is made."""
    folder.mkdir(parents=True, exist_ok=True)
    report = folder / "performance.md"
    # Pages are measured by an invocation of their own.
    kept = pages.section_of(report.read_text()) if report.is_file() else ""
    text = markdown(book)
    report.write_text(pages.with_section(text, kept) if kept else text)
    (folder / "performance.svg").write_text(drawing(book))


def markdown(book: Book) -> str:
    """The whole report."""
    parts = [
        _INTRO,
        _faults(book),
        targets.section(book),
        _fanout(book),
        _latency(book),
        _posts(book),
        sockets_report.section(book),
        _split(book),
        tried.SECTION,
        _CARE,
        _METHOD,
        _runs(book),
        _machine(book),
    ]
    return "\n".join(part for part in parts if part)


def drawing(book: Book) -> str:
    """Bars of deliveries per core-second, all sides at each size."""
    rows = [
        (f"{name}, {members:,} members", side, value)
        for members in figures.sizes(book, "fanout")
        for side, name in NAMES.items()
        if (value := _core(book, side, "fanout", members)) is not None
    ]
    title = "Fan-out: deliveries per core-second of web and Redis (more is better)"
    return plot.bars(rows, title)


def _faults(book: Book) -> str:
    found = figures.faults(book)
    lines = [f"- {fault}\n" for fault in found]
    text = "**Spoilt runs:**\n\n" + "".join(lines)
    if not found:
        text = "In no run was a message lost, doubled or out of order.\n"
    return text + _disturbance(figures.others_share(book))


def _disturbance(share: float) -> str:
    if share < _QUIET_SHARE:
        return ""
    return (
        f"\n**The machine was not quiet**: other programs used up to {share:.0%} of it "
        "during a measurement. What is told per second of the clock, and latency, "
        "suffered from that; what is told per core-second suffered less.\n"
    )


def _fanout(book: Book) -> str:
    figure = figures.fanout_per_core_second
    rows = [
        [
            f"{members:,}",
            *(number(_core(book, side, "fanout", members)) for side in NAMES),
            times(figures.ratio(book, "fanout", members, figure)),
            times(figures.ratio(book, "fanout", members, figure, "loop")),
            number(_whole(book, "ours", "fanout", members)),
            *(_clock(book, side, members) for side in NAMES),
        ]
        for members in figures.sizes(book, "fanout")
    ]
    heads = ["members", *NAMES.values(), "ours by stock", "ours by the C loop"]
    heads += ["ours, whole path", *(f"{name}, messages/s" for name in NAMES.values())]
    lines = table(heads, rows)
    picture = "![Deliveries per core-second](performance.svg)\n"
    return f"## Fan-out: deliveries per core-second\n\n{lines}\n{picture}"


def _clock(book: Book, side: str, members: int) -> str:
    rate = figures.median(book, side, "fanout", members, figures.per_second)
    return number(rate / members if rate else None)


def _latency(book: Book) -> str:
    columns = {
        "messages/s": figures.paced_rate,
        "p50 ms": figures.p50_ms,
        "p99 ms": figures.p99_ms,
        "at rest, p50 ms": figures.quiet_p50_ms,
        "at rest, p99 ms": figures.quiet_p99_ms,
    }
    rows = [
        [
            name,
            f"{members:,}",
            *(number(_median(book, side, members, one)) for one in columns.values()),
        ]
        for members in figures.sizes(book, "fanout")
        for side, name in NAMES.items()
        if _median(book, side, members, figures.p50_ms) is not None
    ]
    text = (
        "## Latency\n\nFrom the send to the sight, at half of each side's own "
        "saturated rate; and, in a room at rest, until the last member has it.\n\n"
    )
    if not rows:
        return ""
    return text + table(["side", "members", *columns], rows) + _steady(book)


def _steady(book: Book) -> str:
    """The latencies at the rates that all sides were asked for."""
    found = {one.rate for each in book.measurements for one in each.result.steady}
    rows = [
        [
            name,
            f"{members:,}",
            f"{rate:,.0f}",
            *(
                number(_median(book, side, members, figures.steady_ms(rate, each)))
                for each in ("p50", "p99")
            ),
        ]
        for members in figures.sizes(book, "fanout")
        for rate in sorted(found)
        for side, name in NAMES.items()
        if _median(book, side, members, figures.p50_ms) is not None
    ]
    text = (
        "\nThe same where all sides are asked for the same; — where a side cannot do "
        "that many.\n\n"
    )
    heads = ["side", "members", "messages/s", "p50 ms", "p99 ms"]
    return text + table(heads, rows) if found else ""


def _posts(book: Book) -> str:
    rows = [
        [
            number(figures.median(book, "ours", "posts", count, figures.per_second)),
            number(_whole(book, "ours", "posts", count)),
            *(
                number(figures.median(book, "ours", "posts", count, one))
                for one in (figures.quiet_p50_ms, figures.quiet_p99_ms)
            ),
        ]
        for count in figures.sizes(book, "posts")
    ]
    heads = ["acked posts/s", "per core-second"]
    heads += ["one alone is acked in, p50 ms", "p99 ms"]
    title = "## Durable posts, 64 rooms, eight senders (stock keeps nothing)\n\n"
    return title + table(heads, rows) if rows else ""


def _split(book: Book) -> str:
    rows = [
        [scenario, f"{members:,}", name, _shares(book, side, scenario, members)]
        for scenario in ("fanout", "posts", "connect", *sockets_report.HELLOS)
        for members in figures.sizes(book, scenario)
        for side, name in NAMES.items()
        if figures.cpu_split(book, side, scenario, members)
    ]
    heads = ["scenario", "sockets", "side", "share (µs per delivery, post or socket)"]
    return "## Where the CPU time goes\n\n" + table(heads, rows) if rows else ""


def _shares(book: Book, side: str, scenario: str, members: int) -> str:
    split = figures.cpu_split(book, side, scenario, members)
    return ", ".join(
        f"{role} {share:.0%} ({each_us:,.1f})"
        for role, (share, each_us) in split.items()
    )


def _runs(book: Book) -> str:
    runs = 1 + max((each.run for each in book.measurements), default=0)
    return f"Runs: {runs}; rooms of 5,000 members and more in the first {LARGE_RUNS}.\n"


def _machine(book: Book) -> str:
    lines = [f"- {name}: {value}\n" for name, value in book.machine.items()]
    for scenario, text in (
        ("capacity1", "one frame a write"),
        ("capacity12", "twelve frames a write"),
    ):
        for count in figures.sizes(book, scenario):
            found = _client_capacity(book, scenario, count)
            lines.append(f"- the client counts {found} deliveries/core-s, {text}\n")
    if compiled.compiler() is None:
        lines.append("- no C compiler: no C loop, and the client counts in Python\n")
    return "## The machine\n\n" + "".join(lines)


def _client_capacity(book: Book, scenario: str, members: int) -> str:
    return number(
        figures.median(
            book,
            "client",
            scenario,
            members,
            lambda result, _: result.load.count / result.load.client_cpu_s,
        )
    )


def _core(book: Book, side: str, scenario: str, members: int) -> float | None:
    figure = figures.fanout_per_core_second
    return figures.median(book, side, scenario, members, figure)


def _whole(book: Book, side: str, scenario: str, members: int) -> float | None:
    return figures.median(book, side, scenario, members, figures.per_core_second)


def _median(book: Book, side: str, members: int, figure: Figure) -> float | None:
    return figures.median(book, side, "fanout", members, figure)
