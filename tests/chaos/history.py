"""What the checks read: what was noted, and what stood in the database afterwards."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

Event = dict[str, Any]
Place = tuple[str, int]  # of a message: its room and its seq


@dataclass(frozen=True, slots=True)
class Stored:
    """One row of the table, as it was at the end."""

    room: str
    seq: int
    changed_seq: int
    key: str
    author: str
    hash: str
    kind: str = "text"
    epoch: int = 0
    at: float = 0.0  # seconds since 1970, by the clock of its worker
    deleted: bool = False
    edited: bool = False
    edited_at: float = 0.0  # by the same clock; 0 when it never was
    stream: str = ""  # how a text that came piece by piece stands
    text: str = ""  # of such a one

    @property
    def is_changed(self) -> bool:
        """Whether it is not as it was sent."""
        return self.edited or self.deleted or bool(self.stream)


@dataclass(frozen=True, slots=True)
class Violation:
    """One thing that a promise excludes."""

    check: str
    at_s: float
    text: str


@dataclass(slots=True)
class History:
    """What was noted, and what stood in the database afterwards."""

    events: list[Event]
    rows: list[Stored]
    index: tuple[str, ...] = ()  # what the index of the search says differently
    burst: float = 20
    per_s: float = 3

    def of(self, *kinds: str) -> Iterator[Event]:
        """The events of these kinds, by time."""
        return (event for event in self.events if event["e"] in kinds)

    def kept(self) -> "History":
        """The same without the rooms that were deleted: nothing is left to compare."""
        gone = {event["room"] for event in self.of("room_gone")}
        if not gone:
            return self
        events = [event for event in self.events if event.get("room") not in gone]
        return replace(self, events=events)

    def by_key(self) -> dict[str, list[Stored]]:
        """The rows by their key."""
        found: dict[str, list[Stored]] = defaultdict(list)
        for row in self.rows:
            found[row.key].append(row)
        return found

    def by_place(self) -> dict[Place, Stored]:
        """The rows by room and `seq`."""
        return {(row.room, row.seq): row for row in self.rows}

    def changes(self) -> dict[Place, list[Event]]:
        """The edits and deletions that were sent, by the message that they are of."""
        found: dict[Place, list[Event]] = defaultdict(list)
        for one in self.of("change"):
            found[one["room"], one["seq"]].append(one)
        return found

    def repeated(self) -> set[str]:
        """The keys of what was sent more than once."""
        return {one["key"] for one in self.of("again")}

    def by_room(self) -> dict[str, list[Stored]]:
        """The rows of each room by `seq`."""
        found: dict[str, list[Stored]] = defaultdict(list)
        for row in sorted(self.rows, key=lambda row: row.seq):
            found[row.room].append(row)
        return found
