"""The history of one run: what happened, as JSON lines on one monotonic clock."""

import json
import time
from pathlib import Path
from typing import IO, Any

Event = dict[str, Any]


class Recorder:
    """Appends events to a file; `t` is in seconds since the run began."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.counts: dict[str, int] = {}
        self._began_at = time.monotonic()
        self._file: IO[str] = path.open("w")

    def now(self) -> float:
        """Seconds since the run began."""
        return time.monotonic() - self._began_at

    def note(self, kind: str, **fields: Any) -> None:
        """Write one event down, with the moment of this call."""
        self.counts[kind] = self.counts.get(kind, 0) + 1
        event = {"t": round(self.now(), 4), "e": kind, **fields}
        self._file.write(json.dumps(event, separators=(",", ":")) + "\n")

    def close(self) -> None:
        """Nothing is written after this."""
        self._file.close()


def read_events(path: Path) -> list[Event]:
    """The events of a history file, in the order in which they were noted."""
    with path.open() as lines:
        return [json.loads(line) for line in lines]
