"""`python -m bench`: measures both sides and writes docs/performance.md.

The exit status is 1 when a message was lost or a server did not start.
"""

import argparse
import sys
import time
from pathlib import Path

import msgspec

from bench import (
    compiled,
    figures,
    machine,
    pages,
    presence,
    report,
    scenarios,
    sides,
)
from bench.loop import Loop
from bench.scenarios import Book, Measurement, Plan
from bench.servers import ROOT, NotStartedError

_WORK = ROOT / "var" / "bench"
_ONLY = (
    "fanout",
    "latency",
    "posts",
    "idle",
    "connect",
    "hello",
    "capacity",
    "presence",
    "pages",
)


def main() -> int:
    """Measure what the command line asks for."""
    options = _options()
    if options.only == ["presence"]:
        return presence.main()
    if options.only == ["pages"]:
        return pages.main(None if options.no_report else options.docs)
    plan = _plan(options)
    work = _WORK / f"work-{time.time_ns():x}"
    book = Book(machine.facts())
    before = _read(options.add_to) if options.add_to else []
    try:
        for found in scenarios.measure(_sides(options, work, plan), plan):
            book.measurements.append(found)
            print(_line(found), flush=True)
    except NotStartedError as error:
        print(error, file=sys.stderr)
        return 1
    finally:
        sides.remove(work)
        _keep(book)
    if not options.no_report:
        report.write(_together(before, book), options.docs)
    for fault in figures.faults(book):
        print(fault, file=sys.stderr)
    return 1 if figures.faults(book) else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one short run, < 60 s")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--members", default="50,200,1000,5000")
    parser.add_argument("--only", action="append", choices=_ONLY, default=[])
    parser.add_argument("--sides", default="stock,loop,ours")
    parser.add_argument("--window", type=int, default=0, help="messages on their way")
    parser.add_argument("--docs", type=Path, default=ROOT / "docs")
    parser.add_argument("--add-to", type=Path, help="JSON of an earlier invocation")
    parser.add_argument("--no-report", action="store_true", help="only JSON and lines")
    return parser.parse_args()


def _plan(options: argparse.Namespace) -> Plan:
    members = tuple(int(word) for word in options.members.split(","))
    only = frozenset(options.only)
    if not options.quick:
        return Plan(options.runs, members, only=only, window=options.window)
    return Plan(
        runs=1,
        members=tuple(count for count in members if count <= 200) or members,
        measure_s=1.5,
        pace_s=2.0,
        quiet_messages=20,
        idle_sockets=200,
        capacity_messages=1000,
        only=only,
        window=options.window,
    )


def _sides(options: argparse.Namespace, work: Path, plan: Plan) -> list[sides.Side]:
    users = min(200, max(plan.members))
    known: dict[str, sides.Side] = {
        "stock": sides.Stock(work / "stock", users),
        "ours": sides.Ours(work / "ours", users),
    }
    if program := compiled.program("loop"):
        known["loop"] = Loop(work / "loop", program)
    wanted = options.sides.split(",")
    return [known[name] for name in wanted if name in known]


def _line(found: Measurement) -> str:
    """One measurement in one line, while the others are still being made."""
    result = found.result
    parts = [
        f"run {found.run + 1} {found.side:6} {found.scenario:10} {found.members:5}"
    ]
    if result.faults:
        return f"{parts[0]} SPOILT: {result.faults[0]}"
    parts.append(f"{figures.per_second(result, 0):12,.0f}/s")
    parts.append(f"{figures.fanout_per_core_second(result, 0):12,.0f}/core-s")
    parts.append(f"whole {figures.per_core_second(result, 0):9,.0f}")
    if result.rss_kib:
        parts.append(f"{figures.kib_per_socket(result, found.members):.1f} KiB/socket")
    if result.latency:
        parts.append(
            f"p50 {result.latency.p50_ms:.1f} p99 {result.latency.p99_ms:.1f} ms"
        )
        parts.append(f"at {result.latency.rate:,.1f} messages/s")
    if result.quiet and result.quiet.count:
        parts.append(f"quiet {result.quiet.p50_ms:.1f} {result.quiet.p99_ms:.1f} ms")
    parts.append(f"client {result.load.client_cpu_s / result.load.seconds:.0%}")
    parts.append(f"others {result.load.others_share:.0%}")
    return "  ".join(parts)


def _read(file: Path) -> list[Measurement]:
    return msgspec.json.decode(file.read_bytes(), type=Book).measurements


def _together(before: list[Measurement], book: Book) -> Book:
    """What was measured before, but for what was measured again."""
    again = {(each.side, each.scenario) for each in book.measurements}
    kept = [each for each in before if (each.side, each.scenario) not in again]
    return Book(book.machine, kept + book.measurements)


def _keep(book: Book) -> None:
    _WORK.mkdir(parents=True, exist_ok=True)
    written = msgspec.json.format(msgspec.json.encode(book))
    (_WORK / time.strftime("%Y%m%d-%H%M%S.json", time.gmtime())).write_bytes(written)
    (_WORK / "latest.json").write_bytes(written)


if __name__ == "__main__":
    sys.exit(main())
