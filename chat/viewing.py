"""The open rooms of one web process: who is in them, and what their viewers are told.

No loop polls: a change is told at once when the room was quiet for PRESENCE_INTERVAL_S,
else when it has been. Looking after the dead and after diffs that were lost is slow,
and nothing waits for it.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import msgspec

from chat import presence
from chat.presence import Meta
from chat.roster import Roster, Told
from livechat.lib import limits
from livechat.lib.connections import Connection
from livechat.lib.hub import Hub
from livechat.lib.redis import AsyncRedis, RedisAway

logger = logging.getLogger(__name__)

RELOAD_S = 3 * limits.HEARTBEAT_S  # between two looks at the whole state
CALM_S = 2 * limits.HEARTBEAT_S  # without a look after Redis was found empty

# Given a room and what is new: make and send the frames.
Announce = Callable[[str, Roster, Told], None]


class Owner(Protocol):
    """Who puts our own people into the rooms."""

    def own_in(self, room: str) -> dict[str, Meta]:
        """Our own people as others should see them in a room, by ref."""

    def put_right(self, room: str, refs: set[str]) -> None:
        """Take refs of ours of which Redis thinks differently."""


@dataclass(slots=True)
class _Viewed:
    """One room that somebody here looks at."""

    roster: Roster = field(default_factory=Roster)
    viewers: set[str] = field(default_factory=set)  # ids of connections
    told_at: float = 0.0  # monotonic
    due_at: float = 0.0  # monotonic, of the timer
    timer: asyncio.TimerHandle | None = None
    loading: asyncio.Task[None] | None = None


class Viewing:
    """Rosters of the rooms that somebody here looks at."""

    def __init__(
        self,
        hub: Hub,
        redis: AsyncRedis,
        process: str,
        owner: Owner,
        announce: Announce,
    ) -> None:
        self._hub = hub
        self._redis = redis
        self._process = process
        self._owner = owner
        self._announce = announce
        self._viewed: dict[str, _Viewed] = {}
        self._reload_at = 0.0  # monotonic: not before

    async def view(self, room: str, connection: Connection) -> Roster:
        """The room's roster, loaded; pair it with `unview`."""
        viewed = self._viewed.get(room)
        if viewed is None:
            viewed = self._viewed[room] = _Viewed()
            viewed.loading = asyncio.create_task(self._load(room, viewed))
        viewed.viewers.add(connection.id)
        if viewed.loading is not None:
            await asyncio.shield(viewed.loading)
        return viewed.roster

    def roster(self, room: str) -> Roster | None:
        """The room's roster, if somebody here looks at it."""
        viewed = self._viewed.get(room)
        return viewed.roster if viewed is not None else None

    def unview(self, room: str, connection: Connection) -> None:
        """One viewer less; a room that nobody looks at is forgotten."""
        viewed = self._viewed.get(room)
        if viewed is None:
            return
        viewed.viewers.discard(connection.id)
        if not viewed.viewers:
            del self._viewed[room]
            self._hub.unlisten(presence.channel(room))
            if viewed.timer is not None:
                viewed.timer.cancel()

    # Telling

    def _stir(self, room: str, viewed: _Viewed, at: float = 0.0) -> None:
        """See that viewers are told when the room's time has come, and not before."""
        at = max(at, viewed.told_at + limits.PRESENCE_INTERVAL_S)
        if viewed.timer is not None:
            if viewed.due_at <= at:
                return
            viewed.timer.cancel()
        viewed.due_at = at
        wait_s = max(0.0, at - time.monotonic())
        loop = asyncio.get_running_loop()
        viewed.timer = loop.call_later(wait_s, self._tell, room, viewed)

    def _tell(self, room: str, viewed: _Viewed) -> None:
        viewed.timer = None
        if self._viewed.get(room) is not viewed or not viewed.roster.loaded:
            return
        try:
            if told := viewed.roster.told():
                viewed.told_at = time.monotonic()
                self._announce(room, viewed.roster, told)
        except Exception:  # the outermost of a timer: the next change is told again
            logger.exception("the presence of a room could not be told")
        if ends_at := viewed.roster.typing_ends_at():
            self._stir(room, viewed, ends_at)

    # Looking

    async def _load(self, room: str, viewed: _Viewed) -> None:
        def on_payload(payload: bytes) -> None:
            try:
                viewed.roster.apply(presence.decode_diff(payload))
            except msgspec.DecodeError:
                logger.exception("a presence diff could not be read")
                return
            self._stir(room, viewed)

        await self._hub.listen(presence.channel(room), on_payload)
        viewed.roster.expect()
        viewed.roster.load(await self._found(room))
        self._stir(room, viewed)

    async def _found(self, room: str) -> dict[str, Meta]:
        """Who is in the room by ref: our own people while Redis is away."""
        if self._hub.redis_is_silent:
            return self._owner.own_in(room)
        try:
            found = await presence.state(self._redis, room, self._process)
        except RedisAway as error:
            logger.warning("redis is away, a room shows our own people: %s", error)
            return self._owner.own_in(room)
        return found.living

    def calm(self) -> None:
        """Look at no state for a while: Redis was empty, and others put theirs back.

        A look before they have done it would show them leaving.
        """
        self._reload_at = time.monotonic() + CALM_S

    async def look_after(self) -> None:
        """Take out the people of dead processes; compare rosters, when it is time.

        Raises: RedisAway.
        """
        await self._bury()
        now = time.monotonic()
        if now < self._reload_at:
            return
        self._reload_at = now + RELOAD_S
        for room, viewed in list(self._viewed.items()):
            if viewed.roster.loaded:
                await self._compare(room, viewed)

    async def _compare(self, room: str, viewed: _Viewed) -> None:
        """Find the diffs that were lost, on the way to us and from us."""
        viewed.roster.expect()
        try:
            found = await presence.state(self._redis, room, self._process)
        except BaseException:
            viewed.roster.keep()
            raise
        if not found.has_lease:  # emptied a moment ago: the next heartbeat fills it
            viewed.roster.keep()
            return
        own = self._owner.own_in(room)
        viewed.roster.load(found.living | own)
        self._stir(room, viewed)
        living = found.living.items()
        theirs = {ref for ref, meta in living if meta.process == self._process}
        self._owner.put_right(room, theirs ^ own.keys())
        await presence.bury(self._redis, room, found.dead)

    async def _bury(self) -> None:
        processes = {
            meta.process
            for viewed in self._viewed.values()
            for meta in viewed.roster.metas.values()
        }
        # Never ourselves: a lease that ran out while we were frozen is renewed.
        alive = {self._process} | await presence.living(self._redis, processes)
        if processes <= alive:
            return
        for room, viewed in list(self._viewed.items()):
            metas = viewed.roster.metas.values()
            dead = [meta for meta in metas if meta.process not in alive]
            await presence.bury(self._redis, room, dead)
