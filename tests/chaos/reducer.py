"""The client's reducer: frames in, the rows of each room out (docs/protocol.md).

The rules that it guards: drop what is at or below the cursor, follow anew from the
cursor when a number is missing, and read the history over HTTP after a `reset`.
"""

from dataclasses import dataclass, field
from typing import Any

from tests.chaos.outbox import body_hash

Frame = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Row:
    """One message as a screen holds it."""

    seq: int
    changed_seq: int
    key: str
    author: str
    body: str
    kind: str = "text"
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class Shown:
    """A row came into the screen, or the present state of one that was there."""

    room: str
    row: Row
    new: bool


@dataclass(frozen=True, slots=True)
class Hole:
    """A number is missing: subscribe again with the cursor."""

    room: str
    cursor: int
    came: int


@dataclass(frozen=True, slots=True)
class Emptied:
    """Too much was missed: read the history over HTTP, then call `fill`."""

    room: str


@dataclass(frozen=True, slots=True)
class Ended:
    """Nothing more of this room follows."""

    room: str
    reason: str


@dataclass(frozen=True, slots=True)
class Grew:
    """A piece of a growing text came; `had` is how much was there, -1: none may be."""

    room: str
    seq: int
    offset: int
    had: int
    text: str  # as it is now


Effect = Shown | Hole | Emptied | Ended | Grew


@dataclass(slots=True)
class Log:
    """One room as a client holds it."""

    cursor: int = 0  # the highest changed_seq that it has
    replay_to: int = -1  # up to it a replay may skip numbers; -1: never subscribed
    rows: dict[int, Row] = field(default_factory=dict)
    held: list[Frame] | None = None  # live frames that wait for the history
    broken: bool = False  # a hole was told; wait for `subscribed`
    growing: dict[int, str] = field(default_factory=dict)  # texts so far, by seq
    ended: bool = False  # nothing may follow until `subscribed`


class Reducer:
    """The logs of all rooms that one client follows."""

    def __init__(self) -> None:
        self.logs: dict[str, Log] = {}

    def log(self, room: str) -> Log:
        """The room's log, an empty one at first."""
        return self.logs.setdefault(room, Log())

    def apply(self, frame: Frame) -> list[Effect]:
        """Take one frame from the socket; return what it did to the screen."""
        kind = frame["type"]
        if kind in {"message", "changed"}:
            return self._message(frame)
        if kind == "subscribed":
            log = self.log(frame["room"])
            log.replay_to, log.broken = frame["last_changed_seq"], False
            log.ended = False
        elif kind == "delta":
            return self._delta(frame)
        elif kind == "reset":
            return self._reset(frame)
        elif kind == "room_removed":
            self.log(frame["room"]).ended = True
            return [Ended(frame["room"], frame["reason"])]
        return []

    def fill(self, room: str, messages: list[Frame]) -> list[Effect]:
        """Take the history that `Emptied` asked for, then what came meanwhile."""
        log = self.log(room)
        rows = map(row_of, messages)
        log.rows = {row.seq: row for row in sorted(rows, key=lambda row: row.seq)}
        log.growing = {
            one["seq"]: one["body"] for one in messages if one.get("stream") == "open"
        }
        held, log.held = log.held or [], None
        return [effect for frame in held for effect in self.apply(frame)]

    def _reset(self, frame: Frame) -> list[Effect]:
        log = self.log(frame["room"])
        log.cursor = log.replay_to = frame["last_changed_seq"]
        log.rows, log.growing, log.held = {}, {}, []
        return [Emptied(frame["room"])]

    def _message(self, frame: Frame) -> list[Effect]:
        log = self.log(frame["room"])
        if log.held is not None:
            log.held.append(frame)
            return []
        number = frame["changed_seq"]
        if number <= log.cursor:
            return []
        if number != log.cursor + 1 and log.cursor >= log.replay_to:
            return self._hole(frame["room"], log, number)
        log.cursor = number
        row = row_of(frame)
        new = row.seq not in log.rows
        log.rows[row.seq] = row
        if frame.get("stream") == "open":
            log.growing.setdefault(row.seq, "")
        else:
            log.growing.pop(row.seq, None)
        return [Shown(frame["room"], row, new)]

    def _delta(self, frame: Frame) -> list[Effect]:
        log = self.log(frame["room"])
        if log.held is not None:
            log.held.append(frame)
            return []
        seq, offset = frame["seq"], frame["offset"]
        is_due = seq in log.growing and not log.ended
        had = log.growing[seq] if is_due else ""
        text = had[:offset] + frame["text"]
        if is_due and len(text) > len(had):
            log.growing[seq] = text
        return [Grew(frame["room"], seq, offset, len(had) if is_due else -1, text)]

    def _hole(self, room: str, log: Log, number: int) -> list[Effect]:
        told, log.broken = log.broken, True
        return [] if told else [Hole(room, log.cursor, number)]


def held(row: Row) -> list[object]:
    """A row as it is noted at the end, to be compared with the table's."""
    text = [row.seq, body_hash(row.body), row.deleted]
    return [*text, row.changed_seq, row.key, row.author, row.kind]


def row_of(message: Frame) -> Row:
    """The row of a `message` or `changed` frame, or of a message of the API."""
    return Row(
        seq=message["seq"],
        changed_seq=message["changed_seq"],
        key=message["client_id"],
        author=message["author"]["id"],
        body=message.get("body") or "",
        kind=message["kind"],
        deleted=bool(message.get("deleted")),
    )
