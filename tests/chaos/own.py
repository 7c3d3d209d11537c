"""A person's own messages, and what becomes of them: they are edited and deleted.

At most one change of a message waits for its answer, so that the last one that was
acked is the one that must hold. A deleted message is left alone.
"""

import random
from collections.abc import Iterable

from tests.chaos.outbox import Intent, new_key

NEWEST = 12  # of a room: so some are changed again and again
DELETES = 0.3  # of the changes


class Own:
    """The messages of one client that it knows the numbers of."""

    def __init__(self) -> None:
        self._seqs: dict[str, list[int]] = {}
        self._waiting: set[tuple[str, int]] = set()

    def add(self, room: str, seq: int) -> None:
        """A message of theirs was acked."""
        seqs = self._seqs.setdefault(room, [])
        if seq not in seqs:
            seqs.append(seq)
            del seqs[:-NEWEST]

    def change(self, rooms: Iterable[str], rng: random.Random) -> Intent | None:
        """An edit or a deletion of one of them in these rooms; None without any."""
        free = [
            (room, seq)
            for room in sorted(rooms)
            for seq in self._seqs.get(room, [])
            if (room, seq) not in self._waiting
        ]
        if not free:
            return None
        room, seq = rng.choice(free)
        self._waiting.add((room, seq))
        key = new_key(rng)
        if rng.random() < DELETES:
            return Intent(key, room, "", "delete", seq)
        body = f"{key} edited {rng.randbytes(rng.randrange(4, 40)).hex()}"
        return Intent(key, room, body, "edit", seq)

    def answered(self, change: Intent, *, acked: bool) -> None:
        """A change has its answer; the message may be changed again, if it is there."""
        self._waiting.discard((change.room, change.seq))
        seqs = self._seqs.get(change.room, [])
        if acked and change.op == "delete" and change.seq in seqs:
            seqs.remove(change.seq)
