"""The viewer's side of presence: a replica of each open room, and what is told of it.

State first, then diffs; diffs that come before the state wait for it. What is told is
conflated: at most one presence frame a room each PRESENCE_INTERVAL_S, however many
people come and go.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from chat.presence import Diff, Meta
from livechat.lib import limits


@dataclass(slots=True)
class Told:
    """What viewers have to hear since the last time."""

    joins: list[Meta] = field(default_factory=list)
    leaves: list[Meta] = field(default_factory=list)
    started: list[tuple[str, str]] = field(default_factory=list)  # (public id, name)
    stopped: list[tuple[str, str]] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.joins or self.leaves or self.started or self.stopped)


class Roster:
    """Who is in one room, as this process knows it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self.metas: dict[str, Meta] = {}
        self.loaded = False
        self._fresh = False  # something came that was not told yet
        self._waiting: list[Diff] | None = []  # while a state is being read
        self._seen: dict[str, Meta] = {}  # what viewers were last told, by ref
        self._shown: dict[str, Meta] = {}  # what a newcomer has seen since, by ref
        self._picture: bytes | None = None  # what newcomers see, until it changes
        self._typing_until: dict[str, float] = {}  # by ref, monotonic
        self._typists: dict[str, str] = {}  # public id to name, as last told

    def expect(self) -> None:
        """A state is about to be read: diffs from now on belong on top of it."""
        if self._waiting is None:
            self._waiting = []

    def keep(self) -> None:
        """The state could not be read: what is known goes on."""
        self._waiting = None

    def load(self, metas: dict[str, Meta]) -> None:
        """Take the state, then the diffs that came meanwhile."""
        known, self.metas = self.metas, dict(metas)
        self._picture = None
        self.loaded = self._fresh = True
        for ref, meta in metas.items():
            # Typing that we knew of ends in its time, whatever the state still says.
            if not (ref in known and known[ref].typing and meta.typing):
                self._note_typing(meta)
        waiting, self._waiting = self._waiting or [], None
        for diff in waiting:
            self.apply(diff)

    def apply(self, diff: Diff) -> None:
        """Take a diff: joins add or replace by ref, leaves remove by ref."""
        if self._waiting is not None:
            self._waiting.append(diff)
        if not self.loaded:
            return
        self._fresh, self._picture = True, None
        for meta in diff.joins:
            self.metas[meta.ref] = meta
            self._note_typing(meta)
        for ref in diff.leaves:
            self.metas.pop(ref, None)
            self._typing_until.pop(ref, None)

    def _note_typing(self, meta: Meta) -> None:
        if meta.typing:
            self._typing_until[meta.ref] = self._clock() + limits.TYPING_TTL_S
        else:
            self._typing_until.pop(meta.ref, None)

    def typists(self) -> dict[str, str]:
        """Who types right now, public id to name; typing ends by itself in time."""
        now = self._clock()
        for ref in [ref for ref, until in self._typing_until.items() if until <= now]:
            del self._typing_until[ref]
        metas = (self.metas[ref] for ref in self._typing_until if ref in self.metas)
        return {meta.user: meta.name for meta in metas}

    def show(self, picture_of: Callable[[list[Meta]], bytes]) -> bytes:
        """A picture of everybody, for a newcomer; who goes before the next telling is
        told. Newcomers between whom nothing changed get the same bytes.
        """
        if self._picture is None:
            self.note_shown()
            self._picture = picture_of(list(self.metas.values()))
        return self._picture

    def note_shown(self) -> None:
        """Somebody is about to see everybody: who goes from now on has to be told."""
        self._shown.update(self.metas)

    def states(self) -> dict[str, str]:
        """Each present person's state: the most present of their connections."""
        rank = {"online": 0, "dnd": 1, "idle": 2}
        best: dict[str, str] = {}
        for meta in self.metas.values():
            known = best.get(meta.user)
            if known is None or rank.get(meta.state, 3) < rank.get(known, 3):
                best[meta.user] = meta.state
        return best

    def names(self) -> dict[str, str]:
        """The names of those present, by public id."""
        return {meta.user: meta.name for meta in self.metas.values()}

    @property
    def stirs(self) -> bool:
        """Whether there may be something to tell: a change, or somebody who types."""
        return self._fresh or bool(self._typing_until or self._typists)

    def told(self, *, presence: bool) -> Told:
        """What is new since the last call; presence only when its time has come."""
        told = Told()
        typists = self.typists()
        told.started = [
            (who, name) for who, name in typists.items() if who not in self._typists
        ]
        told.stopped = [
            (who, name) for who, name in self._typists.items() if who not in typists
        ]
        self._typists = typists
        if presence:
            self._fresh, self._picture = False, None
            told.joins = [
                meta
                for ref, meta in self.metas.items()
                if self._seen.get(ref) != meta or self._shown.get(ref, meta) != meta
            ]
            known = {**self._shown, **self._seen}
            told.leaves = [meta for ref, meta in known.items() if ref not in self.metas]
            self._seen = dict(self.metas)
            self._shown.clear()
        return told
