"""The viewer's side of presence: a replica of each open room, and what is told of it.

State first, then diffs; diffs that come before the state wait for it. A large room
names PRESENCE_LIST_MAX people and counts the others: somebody is named until they
leave, and then another takes their place.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from msgspec.structs import replace

from chat.presence import Diff, Meta
from livechat.lib import limits


@dataclass(slots=True)
class Told:
    """What viewers have to hear since the last time."""

    joins: list[Meta] = field(default_factory=list)
    leaves: list[Meta] = field(default_factory=list)
    started: list[tuple[str, str]] = field(default_factory=list)  # (public id, name)
    stopped: list[tuple[str, str]] = field(default_factory=list)
    count: int = 0  # people who are there, named or not
    counted: bool = False  # whether it is another count than before

    def __bool__(self) -> bool:
        return self.present or bool(self.started or self.stopped)

    @property
    def present(self) -> bool:
        """Whether somebody came, went or changed."""
        return bool(self.joins or self.leaves or self.counted)


class Roster:
    """Who is in one room, as this process knows it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self.metas: dict[str, Meta] = {}
        self.loaded = False
        self._waiting: list[Diff] | None = []  # while a state is being read
        self._refs: dict[str, set[str]] = {}  # of each person, by public id
        self._named: dict[str, None] = {}  # people by public id, in order
        self._seen: dict[str, Meta] = {}  # what viewers were last told, by ref
        self._counted = 0  # how many they were last told of
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
        """Take the state, then the diffs that came meanwhile.

        Only a diff starts typing: a state does not say since when somebody types, and
        may be the last word of a process that is dead.
        """
        self.loaded = True
        for ref in self.metas.keys() - metas.keys():
            self._drop(ref)
        for meta in metas.values():
            typing = meta.typing and meta.ref in self._typing_until
            self._take(replace(meta, typing=typing) if meta.typing else meta)
            if not typing:
                self._typing_until.pop(meta.ref, None)
        waiting, self._waiting = self._waiting or [], None
        for diff in waiting:
            self.apply(diff)

    def apply(self, diff: Diff) -> None:
        """Take a diff: joins add or replace by ref, leaves remove by ref."""
        if self._waiting is not None:
            self._waiting.append(diff)
        if not self.loaded:
            return
        for meta in diff.joins:
            self._take(meta)
            if meta.typing:
                self._typing_until[meta.ref] = self._clock() + limits.TYPING_TTL_S
            else:
                self._typing_until.pop(meta.ref, None)
        for ref in diff.leaves:
            self._drop(ref)

    def _take(self, meta: Meta) -> None:
        if self.metas.get(meta.ref) == meta:
            return
        self.metas[meta.ref] = meta
        self._refs.setdefault(meta.user, set()).add(meta.ref)
        if len(self._named) < limits.PRESENCE_LIST_MAX:
            self._named.setdefault(meta.user)
        if meta.user in self._named:
            self._picture = None

    def _drop(self, ref: str) -> None:
        meta = self.metas.pop(ref, None)
        self._typing_until.pop(ref, None)
        if meta is None:
            return
        refs = self._refs[meta.user]
        refs.discard(ref)
        if meta.user in self._named:
            self._picture = None
        if not refs:
            del self._refs[meta.user]
            self._named.pop(meta.user, None)

    # Typing

    def typists(self) -> dict[str, str]:
        """Who types right now, public id to name; typing ends by itself in time."""
        now = self._clock()
        for ref in [ref for ref, until in self._typing_until.items() if until <= now]:
            del self._typing_until[ref]
            self._take(replace(self.metas[ref], typing=False))
        metas = (self.metas[ref] for ref in self._typing_until)
        return {meta.user: meta.name for meta in metas}

    def typing_ends_at(self) -> float | None:
        """When somebody's typing ends if they are not heard of; None: nobody types."""
        return min(self._typing_until.values(), default=None)

    # Newcomers

    def show(self, picture_of: Callable[[list[Meta], int], bytes]) -> bytes:
        """A picture of those who are named and of how many there are, for a newcomer.

        Who goes before the next telling is told, and so is another count. Newcomers
        between whom nobody who is named changed get the same bytes.
        """
        if self._picture is None:
            self.note_shown()
            self._picture = picture_of(list(self._listed().values()), self.count)
        return self._picture

    def note_shown(self) -> None:
        """Somebody is about to see everybody: who goes from now on has to be told."""
        self._shown.update(self._listed())

    def _listed(self) -> dict[str, Meta]:
        """The metas of those who are named, by ref."""
        if len(self._named) < min(len(self._refs), limits.PRESENCE_LIST_MAX):
            self._name_more()
        if len(self._named) == len(self._refs):
            return self.metas
        return {ref: self.metas[ref] for one in self._named for ref in self._refs[one]}

    def _name_more(self) -> None:
        """Name others in the place of those who left."""
        for user in self._refs:
            if len(self._named) >= limits.PRESENCE_LIST_MAX:
                return
            self._named.setdefault(user)

    # All of it

    @property
    def count(self) -> int:
        """How many people are there, on however many connections."""
        return len(self._refs)

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

    def told(self) -> Told:
        """What is new since the last call."""
        typists, known = self.typists(), self._typists
        listed = self._listed()
        gone = {**self._shown, **self._seen}
        told = Told(
            joins=[
                meta
                for ref, meta in listed.items()
                if self._seen.get(ref) != meta or self._shown.get(ref, meta) != meta
            ],
            leaves=[meta for ref, meta in gone.items() if ref not in listed],
            started=[one for one in typists.items() if one[0] not in known],
            stopped=[one for one in known.items() if one[0] not in typists],
            count=self.count,
            counted=self.count != self._counted,
        )
        self._typists, self._picture = typists, None
        self._seen, self._counted = dict(listed), self.count
        self._shown.clear()
        return told
