"""One web process's part in presence: its own people, and what its viewers are told.

Own connections are leased by a heartbeat. Whoever finds Redis empty puts all of their
own people back; whoever finds another process's lease ended takes its people out.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime

import msgspec

from chat import presence
from chat.presence import Meta
from chat.roster import Roster, Told
from livechat.lib import limits
from livechat.lib.connections import Connection
from livechat.lib.hub import Hub
from livechat.lib.redis import RedisAway, async_client

logger = logging.getLogger(__name__)

TICK_S = 0.05
RELOAD_BEATS = 3  # heartbeats between two looks at the whole state
CALM_BEATS = 2  # heartbeats without a look after Redis was found empty
REFRESH_TYPING_S = 2.0  # a typist who goes on is told again this often

# Given a room and what is new: make and send the frames.
Announce = Callable[[str, Roster, Told], None]


@dataclass(slots=True)
class _Own:
    """One of our connections in one room."""

    connection: Connection
    meta: Meta
    typing_at: float = 0.0  # monotonic, of the last word that they type
    told_at: float = 0.0  # monotonic, of the last publication of it


@dataclass(slots=True)
class _Viewed:
    """One room that somebody here looks at."""

    roster: Roster = field(default_factory=Roster)
    viewers: set[str] = field(default_factory=set)  # ids of connections
    told_at: float = 0.0
    loading: asyncio.Task[None] | None = None


class Attendance:
    """Joins, leaves, typing and states of this process; rosters of its open rooms."""

    def __init__(self, hub: Hub, process: str, announce: Announce) -> None:
        self._hub = hub
        self._process = process
        self._announce = announce
        self._redis = async_client()
        self._own: dict[tuple[str, str], _Own] = {}  # (room, connection id)
        self._viewed: dict[str, _Viewed] = {}
        self._states: dict[str, str] = {}  # by connection id, where not online
        # What Redis has to be told: room by ref. A ref of ours is put, another removed.
        self._untold: dict[str, str] = {}
        self._refs: dict[str, _Own] = {}
        self._writing = (
            asyncio.Lock()
        )  # one change at a time, so that the last one wins
        self._away = False  # Redis: until the next heartbeat goes through
        self._calm_beats = 0  # beats until the whole state is looked at again
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Begin the heartbeat and the telling."""
        self._later(self._beat())
        self._later(self._tell())

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

    # Viewers

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

    async def _load(self, room: str, viewed: _Viewed) -> None:
        def on_payload(payload: bytes) -> None:
            try:
                viewed.roster.apply(presence.decode_diff(payload))
            except msgspec.DecodeError:
                logger.exception("a presence diff could not be read")

        await self._hub.listen(presence.channel(room), on_payload)
        await self._reload(room, viewed)

    async def _reload(self, room: str, viewed: _Viewed) -> None:
        """Read the state; with Redis away a new roster shows our own people only."""
        viewed.roster.expect()
        try:
            metas, dead = await presence.state(self._redis, room, self._process)
        except RedisAway as error:
            logger.warning("redis is away, presence of a room is not read: %s", error)
            if viewed.roster.loaded:
                viewed.roster.keep()
            else:
                viewed.roster.load(self._own_in(room))
            return
        viewed.roster.load(metas)
        for meta in metas.values():
            if meta.process == self._process and meta.ref not in self._refs:
                await self._tell_redis(room, meta.ref)  # a leave that went astray
        for meta in dead:
            await self._bury_one(room, meta)

    def _own_in(self, room: str) -> dict[str, Meta]:
        return {
            own.meta.ref: own.meta
            for (where, _), own in self._own.items()
            if where == room and own.meta.state != "invisible"
        }

    # Our own people

    async def join(self, room: str, connection: Connection, device: str) -> None:
        """Show the connection in the room; a second call changes nothing."""
        if (room, connection.id) in self._own:
            return
        meta = Meta(
            ref=presence.new_ref(),
            user=connection.principal.public_id,
            name=connection.principal.name,
            joined_at=datetime.now(UTC).isoformat(timespec="milliseconds"),
            process=self._process,
            state=self._states.get(connection.id, "online"),
            device=device,
        )
        own = self._own[room, connection.id] = self._refs[meta.ref] = _Own(
            connection, meta
        )
        await self._tell_redis(room, own.meta.ref)

    async def leave(self, room: str, connection: Connection) -> None:
        """Take the connection out of the room at once."""
        own = self._own.pop((room, connection.id), None)
        if own is not None:
            del self._refs[own.meta.ref]
            await self._tell_redis(room, own.meta.ref)

    def lost(self, connection: Connection, *, clean: bool) -> None:
        """Take a closed socket out of its rooms, after the time it has to come back."""
        grace_s = limits.LEAVE_GRACE_CLEAN_S if clean else limits.LEAVE_GRACE_S
        for room, own in self._owned_by(connection):
            if own.meta.typing:
                self._later(self.typing(room, connection, on=False))
            self._later(self._leave_after(grace_s, room, connection))
        self._states.pop(connection.id, None)

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

    async def _tell_redis(self, room: str, ref: str) -> None:
        """Write what is true of the ref now; with Redis away a heartbeat does it.

        Those who come while a write is under way are written together after it.
        """
        self._untold[ref] = room
        async with self._writing:
            if not self._away and ref in self._untold:
                await self._tell_untold()

    async def _tell_untold(self) -> None:
        told, self._untold = self._untold, {}
        puts: dict[str, list[Meta]] = {}
        removals: dict[str, str] = {}
        for ref, room in told.items():
            own = self._refs.get(ref)
            if own is None or own.meta.state == "invisible":
                removals[ref] = room
            else:
                puts.setdefault(room, []).append(own.meta)
        try:
            await presence.tell(self._redis, puts, removals)
        except BaseException as error:
            self._untold = told | self._untold  # also when one of many is cancelled
            if not isinstance(error, RedisAway):
                raise
            self._away = True
            logger.warning("redis is away, presence waits: %s", error)

    async def _bury_one(self, room: str, meta: Meta) -> None:
        try:
            await presence.bury(self._redis, room, meta)
        except RedisAway as error:
            logger.warning("redis is away, the dead wait: %s", error)

    # Loops

    async def _beat(self) -> None:
        while True:
            try:
                await self._beat_once()
            except RedisAway as error:
                self._away = True
                logger.warning("redis is away, no heartbeat: %s", error)
            except Exception:  # the outermost loop: without a beat we die
                logger.exception("a heartbeat failed")
            await asyncio.sleep(limits.HEARTBEAT_S)

    async def _beat_once(self) -> None:
        if not await presence.heartbeat(self._redis, self._process):
            # We are new, or Redis lost us. Everybody puts their own people back now;
            # a look before the others have done it would show them leaving.
            self._untold |= {own.meta.ref: key[0] for key, own in self._own.items()}
            self._calm_beats = CALM_BEATS
        self._away = False
        for ref, room in list(self._untold.items()):
            await self._tell_redis(room, ref)
        await self._bury()
        if self._calm_beats > 0:
            self._calm_beats -= 1
            return
        self._calm_beats = RELOAD_BEATS - 1
        await self._reload_all()

    async def _reload_all(self) -> None:
        """Compare every roster with Redis: a diff that was lost is found here."""
        for room, viewed in list(self._viewed.items()):
            if viewed.roster.loaded:
                await self._reload(room, viewed)

    async def _bury(self) -> None:
        """Take out the people of dead processes, and end typing that nobody renewed."""
        others = {
            meta.process
            for viewed in self._viewed.values()
            for meta in viewed.roster.metas.values()
        }
        # Never ourselves: a lease that ran out while we were frozen is renewed.
        alive = {self._process} | await presence.living(self._redis, others)
        for room, viewed in list(self._viewed.items()):
            for meta in list(viewed.roster.metas.values()):
                if meta.process not in alive:
                    await self._bury_one(room, meta)
        limit = time.monotonic() - limits.TYPING_TTL_S
        for (room, _), own in list(self._own.items()):
            if own.meta.typing and own.typing_at < limit:
                await self._change(room, own, typing=False)

    async def _tell(self) -> None:
        while True:
            for room, viewed in list(self._viewed.items()):
                try:
                    self._tell_one(room, viewed)
                except Exception:  # the outermost loop: the other rooms go on
                    logger.exception("the presence of a room could not be told")
            await asyncio.sleep(TICK_S)

    def _tell_one(self, room: str, viewed: _Viewed) -> None:
        if not viewed.roster.loaded or not viewed.roster.stirs:
            return
        now = time.monotonic()
        due = now - viewed.told_at >= limits.PRESENCE_INTERVAL_S
        if told := viewed.roster.told(presence=due):
            if told.joins or told.leaves:
                viewed.told_at = now
            self._announce(room, viewed.roster, told)

    def _later(self, coroutine: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
