"""Presence in Redis: who is in a room, by connection, under their process's lease.

Per room one hash (field: the connection's ref, value: its meta) and one channel of
diffs. Each change is one Lua script that writes the hash and publishes the diff, so a
viewer who reads the state after subscribing misses nothing. Adding wins, removal is by
ref (an observed-remove set: Shapiro et al., 2011), so replicas need no order.
"""

import logging
import secrets
import time
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from livechat.lib import limits
from livechat.lib.redis import AsyncRedis, RedisAway, client

logger = logging.getLogger(__name__)


class Meta(msgspec.Struct, frozen=True, omit_defaults=True):
    """One connection in one room, as others see it."""

    ref: str
    user: str  # public id
    name: str
    joined_at: str  # ISO 8601
    process: str
    state: str = "online"
    typing: bool = False
    device: str = "web"


class Diff(msgspec.Struct, frozen=True, omit_defaults=True):
    """What changed: metas that came, refs that went."""

    joins: list[Meta] = []
    leaves: list[str] = []


class State(msgspec.Struct, frozen=True):
    """A room's people at one moment."""

    living: dict[str, Meta]  # by ref
    dead: list[Meta]  # whose process has no lease
    has_lease: bool  # whether who asks has one: not in a Redis that came back empty


# KEYS: hash, channel; ARGV: diff to publish, then ref and meta of each.
_PUT = """
for at = 2, #ARGV, 2 do
  redis.call('HSET', KEYS[1], ARGV[at], ARGV[at + 1])
end
redis.call('EXPIRE', KEYS[1], 86400)  -- KEPT_S
redis.call('PUBLISH', KEYS[2], ARGV[1])
return 1
"""

# KEYS: hash, channel, and for somebody else's process its lease; ARGV: diff to publish,
# refs. Nothing when the lease is renewed by now: that process puts its people back
# after that, and they must not be taken out once more.
_REMOVE = """
if KEYS[3] and redis.call('EXISTS', KEYS[3]) == 1 then return 0 end
local gone = 0
for at = 2, #ARGV do gone = gone + redis.call('HDEL', KEYS[1], ARGV[at]) end
if gone > 0 then redis.call('PUBLISH', KEYS[2], ARGV[1]) end
return gone
"""

KEPT_S = 86_400  # a room's hash after the last look at it

_encoder = msgspec.json.Encoder()
_meta_decoder = msgspec.json.Decoder(Meta)
_diff_decoder = msgspec.json.Decoder(Diff)


def channel(room: str) -> str:
    """The Redis channel of a room's diffs."""
    return f"room:{room}:presence"


def _hash(room: str) -> str:
    return f"presence:{room}"


def _hidden(room: str) -> str:
    return f"presence:{room}:hidden"


def _lease(process: str) -> str:
    return f"presence:process:{process}"


def new_ref() -> str:
    """The ref of one connection in one room."""
    return secrets.token_urlsafe(8)


async def tell(
    redis: AsyncRedis,
    puts: Mapping[str, list[Meta]],
    removals: Mapping[str, list[str]],
    hidden: Mapping[str, Mapping[str, Meta | None]] | None = None,
) -> None:
    """Write metas and remove refs, both by room; one round trip for all.

    A room's newcomers are one change and one diff, however many they are, and so are
    those who leave it. A second removal publishes nothing, and nothing ever tells of
    `hidden`: who has the room open unseen, by room and ref; None: no longer so.
    """
    pipeline = redis.pipeline(transaction=False)
    for room, metas in puts.items():
        diff = _encoder.encode(Diff(joins=metas))
        pairs = [part for one in metas for part in (one.ref, _encoder.encode(one))]
        pipeline.eval(_PUT, 2, _hash(room), channel(room), diff, *pairs)
    _remove(pipeline, removals)
    for room, refs in (hidden or {}).items():
        for ref, meta in refs.items():
            if meta is None:
                pipeline.hdel(_hidden(room), ref)
            else:
                pipeline.hset(_hidden(room), ref, _encoder.encode(meta))
        pipeline.expire(_hidden(room), KEPT_S)
    await pipeline.execute()


def _remove(pipeline: Any, removals: Mapping[str, list[str]]) -> None:
    for room, refs in removals.items():
        diff = _encoder.encode(Diff(leaves=refs))
        pipeline.eval(_REMOVE, 2, _hash(room), channel(room), diff, *refs)


async def remove_all(redis: AsyncRedis, process: str, refs: Mapping[str, str]) -> None:
    """Take all of a process's people out (room by ref) and end its lease at once."""
    pipeline = redis.pipeline(transaction=False)
    removals: dict[str, list[str]] = {}
    for ref, room in refs.items():
        removals.setdefault(room, []).append(ref)
    _remove(pipeline, removals)
    for room, gone in removals.items():  # whoever had it open unseen, too
        pipeline.hdel(_hidden(room), *gone)
    pipeline.delete(_lease(process))
    await pipeline.execute()


async def bury(redis: AsyncRedis, room: str, metas: Iterable[Meta]) -> None:
    """Take out a room's connections whose processes are dead; not of one that lives."""
    refs: dict[str, list[str]] = {}
    for meta in metas:
        refs.setdefault(meta.process, []).append(meta.ref)
    for process, dead in refs.items():
        diff = _encoder.encode(Diff(leaves=dead))
        keys = _hash(room), channel(room), _lease(process)
        await redis.eval(_REMOVE, 3, *keys, diff, *dead)


async def heartbeat(redis: AsyncRedis, process: str) -> bool:
    """Renew the process's lease; False when there was none: Redis came back empty."""
    renewed = await redis.set(
        _lease(process), str(time.time()), px=int(limits.LEASE_S * 1000), get=True
    )
    return renewed is not None


async def state(redis: AsyncRedis, room: str, own: str) -> State:
    """Who is in a room, as Redis has it.

    The process `own` lives, whether its first heartbeat has come to Redis or not.
    """
    pipeline = redis.pipeline(transaction=True)
    pipeline.exists(_lease(own))
    pipeline.hgetall(_hash(room))
    pipeline.expire(_hash(room), KEPT_S)
    has_lease, raw, _ = await pipeline.execute()
    metas = [meta for value in raw.values() if (meta := _meta(value))]
    alive = {own} | await living(redis, {meta.process for meta in metas})
    return State(
        living={meta.ref: meta for meta in metas if meta.process in alive},
        dead=[meta for meta in metas if meta.process not in alive],
        has_lease=bool(has_lease),
    )


def _meta(value: bytes) -> Meta | None:
    try:
        return _meta_decoder.decode(value)
    except msgspec.DecodeError:
        logger.exception("a connection's presence could not be read")
        return None


def present(room: str) -> dict[str, Meta]:
    """The living metas by ref, asked from a thread; none while Redis is away."""
    return _living_in(_hash(room))


def looking(room: str) -> dict[str, Meta]:
    """The same with those who have the room open unseen; for no eyes of others."""
    return _living_in(_hash(room)) | _living_in(_hidden(room))


def _living_in(key: str) -> dict[str, Meta]:
    redis: Any = client()
    try:
        raw = redis.hgetall(key)
        metas = [meta for value in raw.values() if (meta := _meta(value))]
        processes = sorted({one.process for one in metas})
        leases = redis.mget([_lease(one) for one in processes]) if metas else []
    except RedisAway as error:
        logger.warning("redis is away, a page shows nobody as online: %s", error)
        return {}
    alive = {one for one, lease in zip(processes, leases, strict=True) if lease}
    return {meta.ref: meta for meta in metas if meta.process in alive}


async def living(redis: AsyncRedis, processes: Iterable[str]) -> set[str]:
    """Those of the processes whose lease has not ended."""
    names = sorted(processes)
    if not names:
        return set()
    leases = await redis.mget([_lease(name) for name in names])
    return {name for name, lease in zip(names, leases, strict=True) if lease}


def decode_diff(payload: bytes) -> Diff:
    """The diff of one published payload."""
    return _diff_decoder.decode(payload)


def grouped(metas: Iterable[Meta]) -> dict[str, Any]:
    """the protocol's shape: {user id: {name, avatar_url, metas: [...]}}."""
    users: dict[str, Any] = {}
    for meta in metas:
        entry = users.setdefault(
            meta.user, {"name": meta.name, "avatar_url": None, "metas": []}
        )
        entry["metas"].append(
            {
                "ref": meta.ref,
                "state": meta.state,
                "typing": meta.typing,
                "joined_at": meta.joined_at,
                "device": meta.device,
            }
        )
    return users
