"""A run as one HTML page: faults as bars, sends and acks as dots, violations in red.

Self-contained: no script, no style and no font from elsewhere.
"""

from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path

from tests.chaos.history import Event, Violation

PX_PER_S = 6
LANE_PX = 16
TOP_PX = 30
LEFT_PX = 170
PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>
<style>body{{font:13px system-ui;margin:1rem}}svg{{display:block;overflow:visible}}
.scroll{{overflow-x:auto}}li{{color:#b00}}td{{padding:0 1rem 0 0}}</style>
<h1>{title}</h1><table>{figures}</table><h2>Violations: {count}</h2><ul>{found}</ul>
<h2>Timeline</h2><div class="scroll">{timeline}</div></html>
"""


def write_report(
    path: Path,
    title: str,
    figures: dict[str, object],
    events: Sequence[Event],
    found: Sequence[Violation],
) -> None:
    """Write the page."""
    rows = (
        f"<tr><td>{escape(name)}<td>{escape(str(value))}"
        for name, value in figures.items()
    )
    items = (
        f"<li>{one.check} at {one.at_s:.1f} s: {escape(one.text)}" for one in found
    )
    page = PAGE.format(
        title=escape(title),
        figures="".join(rows),
        count=len(found),
        found="".join(items) or "none",
        timeline=_timeline(events, found),
    )
    path.write_text(page)


def _timeline(events: Sequence[Event], found: Sequence[Violation]) -> str:
    lanes = sorted({_lane(one) for one in events if one["e"] in {"fault", "kill"}})
    places = {name: TOP_PX + at * LANE_PX for at, name in enumerate(lanes)}
    bottom = TOP_PX + len(lanes) * LANE_PX
    end_s = events[-1]["t"] if events else 0
    parts = [
        *_labels(places),
        *_seconds(end_s),
        *_faults(events, places),
        *_dots(events, bottom),
        *(_line(one.at_s, bottom + 60, "#d00") for one in found if one.at_s),
    ]
    width = LEFT_PX + end_s * PX_PER_S + 20
    return f'<svg width="{width:.0f}" height="{bottom + 70}">{"".join(parts)}</svg>'


def _lane(event: Event) -> str:
    return str(event.get("target") or event["name"])


def _x(t: float) -> float:
    return LEFT_PX + t * PX_PER_S


def _labels(places: dict[str, int]) -> Iterator[str]:
    for name, y in places.items():
        yield f'<text x="0" y="{y + 11}">{escape(name)}</text>'


def _seconds(end_s: float) -> Iterator[str]:
    for t in range(0, int(end_s) + 1, 10):
        yield f'<text x="{_x(t):.0f}" y="12" fill="#888">{t}</text>'


def _faults(events: Sequence[Event], places: dict[str, int]) -> Iterator[str]:
    begun: dict[int, Event] = {}
    for one in events:
        if one["e"] == "kill":
            y = places[_lane(one)]
            yield f'<circle cx="{_x(one["t"]):.1f}" cy="{y + 7}" r="4" fill="#b50"/>'
        elif one["e"] == "fault" and one["phase"] == "on":
            begun[one["id"]] = one
        elif one["e"] == "fault" and (on := begun.pop(one["id"], None)):
            width = max(2.0, (one["t"] - on["t"]) * PX_PER_S)
            yield (
                f'<rect x="{_x(on["t"]):.1f}" y="{places[_lane(one)]}" '
                f'width="{width:.1f}" height="{LANE_PX - 3}" fill="#fb6">'
                f"<title>{escape(one['name'])}</title></rect>"
            )


def _dots(events: Sequence[Event], bottom: int) -> Iterator[str]:
    rows = {"send": (bottom + 15, "#06c"), "ack": (bottom + 35, "#0a4")}
    for name, (y, _) in rows.items():
        yield f'<text x="0" y="{y + 4}">{name}</text>'
    for one in events:
        if one["e"] in rows:
            y, colour = rows[one["e"]]
            x = _x(one["t"])
            yield f'<circle cx="{x:.1f}" cy="{y}" r="1.5" fill="{colour}"/>'


def _line(t: float, bottom: int, colour: str) -> str:
    x = _x(t)
    ends = f'x1="{x:.1f}" x2="{x:.1f}" y1="{TOP_PX}" y2="{bottom}"'
    return f'<line {ends} stroke="{colour}" stroke-width="2"/>'
