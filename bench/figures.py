"""Medians and ratios of what was measured; the only place that does arithmetic on it.

A spoilt measurement (one with faults) counts nowhere but in the list of faults.
"""

import statistics
from collections.abc import Callable

from bench.job import Result
from bench.scenarios import Book, Measurement

Figure = Callable[[Result, int], float]


def per_core_second(result: Result, _members: int) -> float:
    """Things done per second of the server's CPU, all its processes together."""
    total_s = sum(result.load.cpu_s.values())
    return result.load.count / total_s if total_s else 0.0


def fanout_per_core_second(result: Result, _members: int) -> float:
    """Deliveries per second of the CPU of what every side has: web process and Redis.

    Ours has a room worker beside them, which checks, renders and stores each message.
    """
    spent_s = sum(result.load.cpu_s.get(role, 0.0) for role in ("web", "redis"))
    return result.load.count / spent_s if spent_s else 0.0


def per_second(result: Result, _members: int) -> float:
    """Things done per second of the clock."""
    return result.load.count / result.load.seconds if result.load.seconds else 0.0


def kib_per_socket(result: Result, members: int) -> float:
    """Resident memory that the web process gained, per socket."""
    return result.rss_kib.get("web", 0) / members if members else 0.0


def p50_ms(result: Result, _members: int) -> float:
    """Median latency at half load."""
    return result.latency.p50_ms if result.latency else 0.0


def p99_ms(result: Result, _members: int) -> float:
    """99th percentile of latency at half load."""
    return result.latency.p99_ms if result.latency else 0.0


def quiet_p50_ms(result: Result, _members: int) -> float:
    """Median time until a message into a room at rest is with everybody."""
    return result.quiet.p50_ms if result.quiet else 0.0


def quiet_p99_ms(result: Result, _members: int) -> float:
    """99th percentile of the same."""
    return result.quiet.p99_ms if result.quiet else 0.0


def steady_ms(rate: float, quantile: str) -> Figure:
    """Latency at a rate that all sides were asked for; `quantile` is p50 or p99."""

    def figure(result: Result, _members: int) -> float:
        found = [one for one in result.steady if one.rate == rate]
        return float(getattr(found[0], f"{quantile}_ms")) if found else 0.0

    return figure


def paced_rate(result: Result, _members: int) -> float:
    """Messages a second during the latency phase."""
    return result.latency.rate if result.latency else 0.0


def values(
    book: Book, side: str, scenario: str, members: int, figure: Figure
) -> dict[int, float]:
    """The figure of each run that was not spoilt and has it, by run."""
    return {
        each.run: value
        for each in sound(book)
        if (each.side, each.scenario, each.members) == (side, scenario, members)
        and (value := figure(each.result, members))
    }


def median(
    book: Book, side: str, scenario: str, members: int, figure: Figure
) -> float | None:
    """The middle run's figure, None when nobody measured it."""
    found = values(book, side, scenario, members, figure)
    return statistics.median(found.values()) if found else None


def ratio(
    book: Book, scenario: str, members: int, figure: Figure, by: str = "stock"
) -> float | None:
    """The median over runs of ours by another side, each pair from one run."""
    ours = values(book, "ours", scenario, members, figure)
    theirs = values(book, by, scenario, members, figure)
    return _paired(ours, theirs)


def share_of_rate(book: Book, large: int, small: int) -> float | None:
    """The median over runs of our fan-out with `large` members by that with `small`."""
    both = [
        values(book, "ours", "fanout", members, fanout_per_core_second)
        for members in (large, small)
    ]
    return _paired(*both)


def _paired(ours: dict[int, float], theirs: dict[int, float]) -> float | None:
    pairs = [ours[run] / theirs[run] for run in ours.keys() & theirs.keys()]
    return statistics.median(pairs) if pairs else None


def cpu_split(
    book: Book, side: str, scenario: str, members: int
) -> dict[str, tuple[float, float]]:
    """By role: share of the server's CPU (0 to 1), and microseconds per thing done."""
    loads = [
        each.result.load
        for each in sound(book)
        if (each.side, each.scenario, each.members) == (side, scenario, members)
    ]
    total_s = sum(sum(load.cpu_s.values()) for load in loads)
    count = sum(load.count for load in loads)
    if not (total_s and count):
        return {}
    by_role = {
        role: sum(load.cpu_s.get(role, 0.0) for load in loads)
        for role in sorted({role for load in loads for role in load.cpu_s})
    }
    return {
        role: (cpu_s / total_s, cpu_s / count * 1e6) for role, cpu_s in by_role.items()
    }


def sound(book: Book) -> list[Measurement]:
    """Measurements in which nothing was lost, doubled or refused."""
    return [each for each in book.measurements if not each.result.faults]


def faults(book: Book) -> list[str]:
    """A sentence for each thing that went wrong, with where it did."""
    return [
        f"run {each.run + 1}, {each.side}, {each.scenario} with {each.members}: {fault}"
        for each in book.measurements
        for fault in each.result.faults
    ]


def others_share(book: Book) -> float:
    """The most of the machine (0 to 1) that other programs took in a measurement."""
    shares = [
        each.result.load.others_share
        for each in book.measurements
        if each.side != "client"
    ]
    return max(shares, default=0.0)


def sizes(book: Book, scenario: str) -> list[int]:
    """The member counts that a scenario was measured with, rising."""
    return sorted(
        {each.members for each in book.measurements if each.scenario == scenario}
    )
