"""What the fan-out is meant to reach, and what a book of measurements says of it."""

from collections.abc import Callable
from dataclasses import dataclass

from bench import figures
from bench.scenarios import Book
from bench.tables import number, table

MEMBERS, LARGE, IDLE, SENDERS = 200, 5000, 1000, 8


@dataclass(frozen=True)
class Target:
    """One line: `measured` gives the figure, which is at least or at most `wanted`."""

    what: str
    measured: Callable[[Book], float | None]
    wanted: float
    unit: str
    at_least: bool
    matters_to: str

    def is_reached(self, value: float) -> bool:
        """Whether a value is on the right side."""
        return value >= self.wanted if self.at_least else value <= self.wanted


def _by(side: str) -> Callable[[Book], float | None]:
    figure = figures.fanout_per_core_second
    return lambda book: figures.ratio(book, "fanout", MEMBERS, figure, side)


def _ours(figure: figures.Figure) -> Callable[[Book], float | None]:
    return lambda book: figures.median(book, "ours", "fanout", MEMBERS, figure)


def _share(book: Book) -> float | None:
    found = figures.share_of_rate(book, LARGE, MEMBERS)
    return None if found is None else 100 * found


def _idle(book: Book) -> float | None:
    return figures.median(book, "ours", "connect", IDLE, figures.kib_per_socket)


def _posts(figure: figures.Figure) -> Callable[[Book], float | None]:
    return lambda book: figures.median(book, "ours", "posts", SENDERS, figure)


def _sockets(book: Book) -> float | None:
    return figures.ratio(book, "hello_cookie", IDLE, figures.per_second)


_MANY = "busy rooms of hundreds"
_HUGE = "one room for a whole event"
_ALL = "everybody: it is what writing feels like"
_BACK = "how soon all are back after a restart"
_SMALL = "small machines with many visitors"

TARGETS = (
    Target(f"fan-out by stock, {MEMBERS} members", _by("stock"), 250, "×", True, _MANY),
    Target(
        f"fan-out by the C loop, {MEMBERS} members", _by("loop"), 2, "×", True, _MANY
    ),
    Target(
        f"fan-out with {LARGE:,} members by {MEMBERS}", _share, 70, "%", True, _HUGE
    ),
    Target("half load, p50", _ours(figures.p50_ms), 6, "ms", False, _MANY),
    Target("half load, p99", _ours(figures.p99_ms), 15, "ms", False, _MANY),
    Target(
        f"a room at rest, until all {MEMBERS} have it, p50",
        _ours(figures.quiet_p50_ms),
        4,
        "ms",
        False,
        _ALL,
    ),
    Target(
        "durable posts of all rooms together, a second",
        _posts(figures.per_second),
        2500,
        "posts",
        True,
        "large sites",
    ),
    Target(
        "a post that comes alone is acked in, p50",
        _posts(figures.quiet_p50_ms),
        15,
        "ms",
        False,
        _ALL,
    ),
    Target("new signed-in sockets by stock", _sockets, 1.3, "×", True, _BACK),
    Target("memory of an idle socket", _idle, 40, "KiB", False, _SMALL),
)


def section(book: Book) -> str:
    """The targets as a table; nothing when nothing of them was measured."""
    found = [(each, each.measured(book)) for each in TARGETS]
    if all(value is None for _, value in found):
        return ""
    rows = [_row(each, value) for each, value in found]
    heads = ["what", "measured", "meant", "reached", "matters to"]
    return "## What it is meant to reach\n\n" + table(heads, rows)


def _row(target: Target, value: float | None) -> list[str]:
    bound = "at least" if target.at_least else "at most"
    wanted = f"{bound} {target.wanted:g} {target.unit}"
    if value is None:
        return [target.what, "—", wanted, "—", target.matters_to]
    measured = f"{number(value)} {target.unit}"
    verdict = "yes" if target.is_reached(value) else "no"
    return [target.what, measured, wanted, verdict, target.matters_to]
