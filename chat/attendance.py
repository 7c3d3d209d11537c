"""One web process's own people: in which rooms they are shown, under which lease.

The heartbeat that renews the lease waits for nothing else. Whoever finds the lease
gone, in an empty Redis or after a stall, puts all of their own people back at once.
"""

import asyncio
import itertools
import logging
import time
from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from accounts import availability
from chat import presence
from chat.presence import Meta
from chat.viewing import Announce, Viewing
from livechat.lib import limits
from livechat.lib.connections import Connection
from livechat.lib.hub import Hub
from livechat.lib.redis import RedisAway, async_client

logger = logging.getLogger(__name__)

AWAY_BEAT_S = 0.5  # between two heartbeats while Redis is away
REFRESH_TYPING_S = 2.0  # a typist who goes on is told again this often
TOLD_AT_ONCE = 1000  # connections in one round trip: it has to end within its limit

_Changes = tuple[
    dict[str, list[Meta]], dict[str, list[str]], dict[str, dict[str, Meta | None]]
]


@dataclass(slots=True)
class _Own:
    """One of our connections in one room."""

    connection: Connection
    meta: Meta
    typing_at: float = 0.0  # monotonic, of the last word that they type
    told_at: float = 0.0  # monotonic, of the last publication of it


class Attendance:
    """Joins, leaves, typing and states of this process; `viewing`: its open rooms."""

    def __init__(self, hub: Hub, process: str, announce: Announce) -> None:
        self._process = process
        self._redis = async_client()
        self.viewing = Viewing(hub, self._redis, process, self, announce)
        self._own: dict[tuple[str, str], _Own] = {}  # (room, connection id)
        self._states: dict[str, str] = {}  # by connection id, where not online
        self._chosen: dict[str, str] = {}  # the same, as its person wants to be seen
        # What Redis has to be told: room by ref. A ref of ours is put, another removed.
        self._untold: dict[str, str] = {}
        self._refs: dict[str, _Own] = {}
        self._hidden: set[str] = set()  # refs of whom Redis may know as unseen
        self._in_room: dict[str, dict[str, _Own]] = {}  # by ref
        self._writing = (
            asyncio.Lock()
        )  # one change at a time, so that the last one wins
        self._away = False  # Redis: until the next heartbeat goes through
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Begin the heartbeat and the looking."""
        self._later(self._beat())
        self._later(self._look())

    async def stop(self) -> None:
        """Take all of our own people out, then stop."""
        for task in self._tasks:
            task.cancel()
        refs = {own.meta.ref: room for (room, _), own in self._own.items()}
        try:
            await presence.remove_all(self._redis, self._process, refs)
        except RedisAway as error:
            logger.warning("redis is away, leaves wait for the lease: %s", error)
        await self._redis.aclose()

    def own_in(self, room: str) -> dict[str, Meta]:
        """Our own people as others should see them in a room, by ref."""
        owns = self._in_room.get(room, {}).values()
        shown = (own.meta for own in owns if own.meta.state != "invisible")
        return {meta.ref: meta for meta in shown}

    def put_right(self, room: str, refs: set[str]) -> None:
        """Tell Redis once more what is true of refs: a word of ours was lost."""
        if refs:
            self._untold |= dict.fromkeys(refs, room)
            self._later(self._tell_all())

    # Our own people

    async def join(self, room: str, connection: Connection) -> None:
        """Show the connection in the room; a second call changes nothing."""
        ref = self.enter(room, connection)
        if ref in self._untold:
            await self._tell_redis(room, ref)

    def enter(self, room: str, connection: Connection) -> str:
        """Count the connection among the room's, and return its ref there.

        Others hear of it with `join`, or with the next word to Redis.
        """
        if own := self._own.get((room, connection.id)):
            return own.meta.ref
        meta = Meta(
            ref=presence.new_ref(),
            user=connection.principal.public_id,
            name=connection.principal.name,
            joined_at=datetime.now(UTC).isoformat(timespec="milliseconds"),
            process=self._process,
            state=self.state_of(connection),
            device="web" if connection.html else "program",
        )
        own = _Own(connection, meta)
        self._own[room, connection.id] = self._refs[meta.ref] = own
        self._in_room.setdefault(room, {})[meta.ref] = own
        self._untold[meta.ref] = room
        return meta.ref

    async def leave(self, room: str, connection: Connection) -> None:
        """Take the connection out of the room at once."""
        own = self._own.pop((room, connection.id), None)
        if own is not None:
            del self._refs[own.meta.ref]
            del self._in_room[room][own.meta.ref]
            if not self._in_room[room]:
                del self._in_room[room]
            await self._tell_redis(room, own.meta.ref)

    def lost(self, connection: Connection, *, clean: bool) -> None:
        """Take a closed socket out of its rooms, after the time it has to come back."""
        grace_s = limits.LEAVE_GRACE_CLEAN_S if clean else limits.LEAVE_GRACE_S
        for room, own in self._owned_by(connection):
            if own.meta.typing:
                self._later(self.typing(room, connection, on=False))
            self._later(self._leave_after(grace_s, room, connection))
        self._states.pop(connection.id, None)
        self._chosen.pop(connection.id, None)

    async def _leave_after(
        self, grace_s: float, room: str, connection: Connection
    ) -> None:
        await asyncio.sleep(grace_s)
        await self.leave(room, connection)

    async def typing(self, room: str, connection: Connection, *, on: bool) -> None:
        """Show or end that the person types; nothing for who does not belong."""
        own = self._own.get((room, connection.id))
        if own is None:
            return
        now = time.monotonic()
        own.typing_at = now if on else 0.0
        if on == own.meta.typing and (not on or now - own.told_at < REFRESH_TYPING_S):
            return
        own.told_at = now
        await self._change(room, own, typing=on)

    async def show(self, connection: Connection, state: str) -> None:
        """Show another state in all rooms; invisible is not sent at all."""
        self._states[connection.id] = state
        await self._show(connection)

    def choose(self, connection: Connection, state: str) -> None:
        """Keep what the connection's person has chosen, for the rooms to come."""
        self._chosen[connection.id] = state

    async def show_choice(self, connection: Connection, state: str) -> None:
        """Show what the connection's person has chosen, in all rooms."""
        self.choose(connection, state)
        await self._show(connection)

    def state_of(self, connection: Connection) -> str:
        """How the connection is shown: its own state, or a choice that hides more."""
        own = self._states.get(connection.id, "online")
        return availability.shown(own, self._chosen.get(connection.id, "online"))

    async def _show(self, connection: Connection) -> None:
        state = self.state_of(connection)
        for room, own in self._owned_by(connection):
            if own.meta.state != state:
                await self._change(room, own, state=state)

    def _owned_by(self, connection: Connection) -> list[tuple[str, _Own]]:
        """The connection's rooms, by what it follows: all of ours are too many."""
        pairs = (
            (room, self._own.get((room, connection.id))) for room in connection.feeds
        )
        return [(room, own) for room, own in pairs if own is not None]

    async def _change(self, room: str, own: _Own, **fields: object) -> None:
        own.meta = msgspec.structs.replace(own.meta, **fields)
        await self._tell_redis(room, own.meta.ref)

    # Redis

    async def _tell_redis(self, room: str, ref: str) -> None:
        """Write what is true of the ref now; with Redis away a heartbeat does it.

        Those who come while a write is under way are written together after it.
        """
        self._untold[ref] = room
        async with self._writing:
            while not self._away and ref in self._untold:
                await self._tell_untold()

    async def _tell_all(self) -> None:
        """Write all that Redis does not know yet."""
        for ref, room in list(self._untold.items()):
            if ref in self._untold:
                await self._tell_redis(room, ref)

    async def _tell_untold(self) -> None:
        told = dict(itertools.islice(self._untold.items(), TOLD_AT_ONCE))
        for ref in told:
            del self._untold[ref]
        puts, removals, hidden = self._changes(told)
        try:
            await presence.tell(self._redis, puts, removals, hidden)
        except BaseException as error:
            self._untold = told | self._untold  # also when one of many is cancelled
            if not isinstance(error, RedisAway):
                raise
            self._away = True
            logger.warning("redis is away, presence waits: %s", error)
        else:
            self._hidden -= told.keys() - self._refs.keys()

    def _changes(self, told: dict[str, str]) -> _Changes:
        """What is to be put, removed and hidden, by room, so that it is as it is."""
        puts: dict[str, list[Meta]] = {}
        removals: dict[str, list[str]] = {}
        hidden: dict[str, dict[str, Meta | None]] = {}
        for ref, room in told.items():
            own = self._refs.get(ref)
            is_hidden = own is not None and own.meta.state == "invisible"
            if own is not None and not is_hidden:
                puts.setdefault(room, []).append(own.meta)
            else:
                removals.setdefault(room, []).append(ref)
            if is_hidden or ref in self._hidden:
                unseen = own.meta if own is not None and is_hidden else None
                hidden.setdefault(room, {})[ref] = unseen
                self._hidden.add(ref)
        return puts, removals, hidden

    # Loops

    async def _beat(self) -> None:
        while True:
            try:
                await self._renew()
            except RedisAway as error:
                self._away = True
                logger.warning("redis is away, no heartbeat: %s", error)
            except Exception:  # the outermost loop: without a beat we die
                logger.exception("a heartbeat failed")
            await asyncio.sleep(AWAY_BEAT_S if self._away else limits.HEARTBEAT_S)

    async def _renew(self) -> None:
        """Renew the lease; whoever may have lost it puts their people back."""
        had_lease = await presence.heartbeat(self._redis, self._process)
        if self._away or not had_lease:
            # We are new, we stood still, or Redis lost us. After a heartbeat that was
            # not answered nobody knows: it may have come through when all was lost.
            self.viewing.calm()
            self._untold |= {own.meta.ref: key[0] for key, own in self._own.items()}
        self._away = False
        self._end_typing()
        if self._untold:
            self._later(self._tell_all())

    def _end_typing(self) -> None:
        """End the typing that nobody renewed."""
        limit = time.monotonic() - limits.TYPING_TTL_S
        for (room, _), own in self._own.items():
            if own.meta.typing and own.typing_at < limit:
                own.meta = msgspec.structs.replace(own.meta, typing=False)
                self._untold[own.meta.ref] = room

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(limits.HEARTBEAT_S)
            try:
                await self.viewing.look_after()
            except RedisAway as error:
                logger.warning("redis is away, the dead wait: %s", error)
            except Exception:  # the outermost loop: the next look
                logger.exception("the open rooms could not be looked after")

    def _later(self, coroutine: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
