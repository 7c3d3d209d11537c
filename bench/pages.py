"""What pages cost in a database of a million messages: `--only pages`.

One browser asks, over one connection, for the page of a room of 236,000 messages and
of one of 100, in turns, so that whatever else the machine does falls on both alike. It
takes two minutes, most of which is the filling; docs/performance.md gets the figures.
"""

import json
import os
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from bench import machine, procfs, servers, sides
from bench.pages_child import FEW, LARGE, ROOMS, SMALL, TURNS
from bench.servers import ROOT, NotStartedError, Server
from bench.sides import Ours
from bench.tables import number, table

PAGE_MAX_MS, SIDE_MAX_MS, RATIO_MAX = 30.0, 30.0, 1.5
HEADING = "## Pages in a database of a million messages"
WARM_UP = 20


@dataclass(frozen=True)
class Figures:
    """The milliseconds of each page, and of each side of 500 rooms."""

    messages: int
    large: list[float]
    small: list[float]
    full: list[float]  # the small one's, with the side of 500 rooms
    side: list[float]  # of the processor's time
    processor: list[float]  # milliseconds of each page, in the same order

    @property
    def ratio(self) -> float:
        """The page of the large room by that of the small one, p95 by p95."""
        return p95(self.large) / p95(self.small)

    @property
    def is_reached(self) -> bool:
        """Whether all is as it is meant to be."""
        return (
            p95(self.large) <= PAGE_MAX_MS
            and p95(self.side) <= SIDE_MAX_MS
            and self.ratio <= RATIO_MAX
        )


def p95(took_ms: list[float]) -> float:
    """Of a hundred, five took longer."""
    return statistics.quantiles(took_ms, n=20)[-1]


def main(docs: Path | None) -> int:
    """Measure, print and write the section; 1 when something took too long."""
    work = ROOT / "var" / "bench" / f"pages-{time.time_ns():x}"
    try:
        found = measure(Ours(work, users=2))
    except NotStartedError as error:
        print(error, file=sys.stderr)
        return 1
    finally:
        sides.remove(work)
    print(section(found))
    if docs is not None:
        report = docs / "performance.md"
        report.write_text(with_section(report.read_text(), section(found)))
    return 0 if found.is_reached else 1


def measure(ours: Ours) -> Figures:
    """Make the site, fill it while it stands still, and ask for its pages."""
    ours.prepare()
    ours.start().stop()
    many, few = (f"user{number}@demo.invalid" for number in (1, 2))
    env = {**ours.env, "PORT": "0"}
    made = _child(env, "fill", many, few)
    ours.seeds = False
    server = ours.start()
    try:
        large, small = (f"/rooms/{made[name]}/" for name in ("large", "small"))
        asks = [(large, 1), (small, 1), (small, 0)]
        cookies = [person["cookie"] for person in ours.people]
        asks_of = [(path, cookies[who]) for path, who in asks]
        pages = _asked(server.port, asks_of)
        processor = [_processor_ms(server, one) for one in asks_of]
        side = _child(env, "side", many)
    finally:
        server.stop()
    large_ms, small_ms, full_ms = pages
    return Figures(made["messages"], large_ms, small_ms, full_ms, side["ms"], processor)


def _child(env: dict[str, str], *words: str) -> dict[str, Any]:
    """What the child printed; it runs on the servers' core."""
    with servers.pinned(servers.cores()[0]):
        done = subprocess.run(
            servers.python("-m", "bench.pages_child", *words),
            cwd=ROOT,
            env={**os.environ, **env},
            capture_output=True,
            check=False,
        )
    if done.returncode:
        raise NotStartedError(done.stderr.decode(errors="replace")[-2000:])
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _asked(port: int, asks: list[tuple[str, str]]) -> list[list[float]]:
    """For each path and cookie the milliseconds from the request to the last byte."""
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    took: list[list[float]] = [[] for _ in asks]
    for turn in range(WARM_UP + TURNS):
        for (path, cookie), times in zip(asks, took, strict=True):
            started = time.perf_counter()
            connection.request("GET", path, headers={"Cookie": f"sessionid={cookie}"})
            answer = connection.getresponse()
            answer.read()
            if answer.status != 200:
                raise NotStartedError(f"{path}: status {answer.status}")
            if turn >= WARM_UP:
                times.append((time.perf_counter() - started) * 1_000)
    return took


def _processor_ms(server: Server, ask: tuple[str, str]) -> float:
    """What a page takes of the web process's own time, whoever else is at work."""
    before = procfs.cpu_by_role(server.roles)["web"]
    _asked(server.port, [ask])
    took_s = procfs.cpu_by_role(server.roles)["web"] - before
    return took_s * 1_000 / (WARM_UP + TURNS)


def section(found: Figures) -> str:
    """The part of the report."""
    base = found.processor[1]
    large, _, full = found.processor
    rows = [
        _row(f"the page of a room of {LARGE:,} messages", found.large, large, base),
        _row(f"the page of a room of {SMALL:,} messages", found.small, base, base),
        _row(f"the same, of somebody in {ROOMS} rooms", found.full, full, base),
    ]
    heads = ["what", "processor, by the small room's", "processor ms"]
    heads += ["p50 ms", "p95 ms", "meant, p95"]
    reached = "reached" if found.ratio <= RATIO_MAX else "missed"
    facts = machine.facts()
    return (
        f'{HEADING}\n\nWritten by `make bench ARGS="--only pages"`: {found.messages:,} '
        f"messages in {ROOMS} rooms, {TURNS} requests for each page, in turns, one at "
        f"a time, by somebody who is in {FEW} rooms.\n\n{table(heads, rows)}\n"
        f"By p95 the large room's page takes {found.ratio:.2f} times the small one's; "
        f"meant is at most {RATIO_MAX:g}: {reached}. The list of {ROOMS} rooms alone "
        f"takes {number(statistics.median(found.side))} ms of the processor, p95 "
        f"{number(p95(found.side))}; meant is at most {SIDE_MAX_MS:g}.\n\n"
        "The processor's time is the web process's own; p50 and p95 are by the clock, "
        "and grow with whatever else the machine does.\n\n"
        f"Measured on {facts['processor']}, commit {facts['commit']}.\n"
    )


def _row(what: str, took: list[float], processor_ms: float, base: float) -> list[str]:
    return [
        what,
        f"{processor_ms / base:.2f} ×",
        number(processor_ms),
        number(statistics.median(took)),
        number(p95(took)),
        f"at most {PAGE_MAX_MS:g} ms",
    ]


def with_section(report: str, text: str) -> str:
    """The report with this section in place of its former one, or at its end."""
    before, _, rest = report.partition(f"{HEADING}\n")
    _, mark, after = rest.partition("\n## ")
    if not rest:
        return f"{report.rstrip()}\n\n{text}"
    return before + text + mark + after


def section_of(report: str) -> str:
    """The section of a report, to be kept when the rest is written anew; else ""."""
    _, heading, rest = report.partition(f"{HEADING}\n")
    return heading + rest.partition("\n## ")[0]
