"""Rooms one of whose intents failed: they rest before the next try, and rest alone.

What they are sent meanwhile stays with this worker, unfinished, and is read again in
its order; a worker that waited for them would keep all other rooms waiting too.
"""

import time
from collections.abc import Sequence

import msgspec

from chat.inbox import decoded
from chat.intake import READ_BLOCK_S, Entry

REST_S = 0.5


class RestingRooms:
    """The rooms that rest, by primary key."""

    def __init__(self) -> None:
        self._until: dict[int, float] = {}

    def rest(self, room: int) -> None:
        """Leave the room alone for REST_S."""
        self._until[room] = time.monotonic() + REST_S

    def wake(self) -> bool:
        """Whether a room has rested long enough, so that its entries are due again."""
        now = time.monotonic()
        due = [room for room, until in self._until.items() if until <= now]
        for room in due:
            del self._until[room]
        return bool(due)

    def next_wake_s(self) -> float:
        """For how long a read may block, READ_BLOCK_S at most."""
        left_s = min(self._until.values(), default=float("inf")) - time.monotonic()
        return min(READ_BLOCK_S, left_s)

    def awake(self, entries: Sequence[Entry]) -> Sequence[Entry]:
        """The entries of those rooms that do not rest."""
        if not self._until:
            return entries
        return [entry for entry in entries if _room(entry) not in self._until]


def _room(entry: Entry) -> int | None:
    try:
        return decoded(entry.payload).room
    except msgspec.DecodeError:
        return None  # rubbish belongs to no room, and is not kept back
