"""The texts of one room that still grow, as far as this process has told them.

The rule it guards: what is told of a text goes on exactly where it ended before. What
was lost on the way is read from the log first; what comes twice is told once.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple, Protocol

import msgspec


class Piece(msgspec.Struct, frozen=True, array_like=True):
    """A part of a growing text of the room's message `seq`.

    In a change of that message it says that the text begins to grow, or that it is
    whole now (`ends`).
    """

    seq: int
    offset: int = 0  # code points before it
    text: str = ""
    ends: bool = False
    after: int = 0  # how far the room's changes were when it was stored


class Grown(NamedTuple):
    """A growing text as the log has it."""

    seq: int
    since: int  # the `changed_seq` that its message came with
    text: str


class Growing(NamedTuple):
    """The growing texts of a room, and a change up to which the log was by then."""

    head: int
    texts: list[Grown]


class Texts(Protocol):
    """Where growing texts are read from, and how they are told."""

    async def read(self, room: str) -> Growing:
        """The room's growing texts, from the database."""

    def told(self, room: str, piece: Piece) -> tuple[bytes, bytes]:
        """A piece as a JSON frame's payload and an HTML fragment."""


class Growth:
    """What the room's sockets have of each text that grows, by the message's seq."""

    def __init__(self) -> None:
        self.texts: dict[int, str] = {}
        self._ended: set[int] = set()  # since the last reading of the log began

    @property
    def length(self) -> int:
        """Code points of all of them."""
        return sum(map(len, self.texts.values()))

    def note(self, piece: Piece) -> None:
        """Take what a change says: a text begins to grow, or is whole."""
        if piece.ends:
            self.texts.pop(piece.seq, None)
            self._ended.add(piece.seq)
        else:
            self.texts.setdefault(piece.seq, "")

    def take(self, piece: Piece) -> Piece | None:
        """What of the piece is new and is told now; None: something before it is not.

        Empty when all of it was told.
        """
        text = self.texts.get(piece.seq)
        if text is None or piece.offset > len(text):
            return None
        new = piece.text[len(text) - piece.offset :]
        self.texts[piece.seq] = text + new
        return Piece(piece.seq, len(text), new)

    def begin_reading(self) -> None:
        """From now on the log is read."""
        self._ended.clear()

    def read(self, log: Iterable[Grown], last: int) -> Iterator[Piece]:
        """What the log has beyond what was told, of messages up to that change."""
        for one in log:
            if one.seq in self._ended or one.since > last:
                continue
            text = self.texts.get(one.seq, "")
            if len(one.text) > len(text):
                self.texts[one.seq] = one.text
                yield Piece(one.seq, len(text), one.text[len(text) :])

    def whole(self) -> Iterator[Piece]:
        """Each text from its beginning, for who has just come."""
        for seq, text in self.texts.items():
            if text:
                yield Piece(seq, 0, text)
