"""What new and idle sockets cost: the report's section about them.

A socket that was greeted and one that is in a room are told apart: the first is what
everyone pays, the second is paid for each room.
"""

from bench import figures
from bench.figures import Figure
from bench.scenarios import Book
from bench.tables import number, table, times

HELLOS = ("hello_cookie", "hello_token")
_ROWS: tuple[tuple[str, str, Figure], ...] = (
    ("KiB per idle socket", "connect", figures.kib_per_socket),
    ("to `hello` by cookie, per core-second", HELLOS[0], figures.per_core_second),
    ("to `hello` by cookie, per second", HELLOS[0], figures.per_second),
    ("to `hello` by token, per core-second", HELLOS[1], figures.per_core_second),
    ("to `hello` by token, per second", HELLOS[1], figures.per_second),
    ("into a room by cookie, per core-second", "connect", figures.per_core_second),
    ("into a room by cookie, per second", "connect", figures.per_second),
)


def section(book: Book) -> str:
    """The whole section, empty when no sockets were measured."""
    rows = [
        _row(book, label, scenario, count, figure)
        for label, scenario, figure in _ROWS
        for count in figures.sizes(book, scenario)
    ]
    rows += [_subscribe(book, count) for count in figures.sizes(book, HELLOS[0])]
    heads = ["", "sockets", "stock", "ours", "ratio"]
    return "## Signed-in sockets\n\n" + table(heads, rows) if rows else ""


def _row(
    book: Book, label: str, scenario: str, count: int, figure: Figure
) -> list[str]:
    both = [
        number(figures.median(book, side, scenario, count, figure))
        for side in ("stock", "ours")
    ]
    ratio = times(figures.ratio(book, scenario, count, figure))
    return [label, f"{count:,}", *both, ratio]


def _subscribe(book: Book, count: int) -> list[str]:
    both = [_room_us(book, side, count) for side in ("stock", "ours")]
    label = "the way from `hello` into a room, µs of CPU time"
    return [label, f"{count:,}", *map(number, both), "—"]


def _room_us(book: Book, side: str, count: int) -> float | None:
    """What a socket in a room cost more than one that was only greeted."""
    each = [
        figures.median(book, side, scenario, count, figures.per_core_second)
        for scenario in ("connect", HELLOS[0])
    ]
    if not (each[0] and each[1]):
        return None
    return max(0.0, 1e6 / each[0] - 1e6 / each[1])
