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


# KEYS: hash, channel; ARGV: diff to publish, then ref and meta of each.
_PUT = """
for at = 2, #ARGV, 2 do
  redis.call('HSET', KEYS[1], ARGV[at], ARGV[at + 1])
end
redis.call('EXPIRE', KEYS[1], 86400)
redis.call('PUBLISH', KEYS[2], ARGV[1])
return 1
"""

# KEYS: hash, channel; ARGV: diff to publish, ref.
_REMOVE = """
if redis.call('HDEL', KEYS[1], ARGV[2]) == 0 then return 0 end
redis.call('PUBLISH', KEYS[2], ARGV[1])
return 1
"""

# As above for somebody else's process, unless its lease (KEYS[3]) is renewed by now: it
# puts its people back after that, and they must not be taken out once more.
_BURY = """
if redis.call('EXISTS', KEYS[3]) == 1 then return 0 end
if redis.call('HDEL', KEYS[1], ARGV[1]) == 0 then return 0 end
redis.call('PUBLISH', KEYS[2], ARGV[2])
return 1
"""

_encoder = msgspec.json.Encoder()
_meta_decoder = msgspec.json.Decoder(Meta)
_diff_decoder = msgspec.json.Decoder(Diff)


def channel(room: str) -> str:
    """The Redis channel of a room's diffs."""
    return f"room:{room}:presence"


def _hash(room: str) -> str:
    return f"presence:{room}"


def _lease(process: str) -> str:
    return f"presence:process:{process}"


def new_ref() -> str:
    """The ref of one connection in one room."""
    return secrets.token_urlsafe(8)


async def put(redis: AsyncRedis, room: str, meta: Meta) -> None:
    """Join, or change what is shown of a joined connection; publishes the diff."""
    await tell(redis, {room: [meta]}, {})


async def remove(redis: AsyncRedis, room: str, ref: str) -> None:
    """Leave; a second call publishes nothing."""
    await tell(redis, {}, {ref: room})


async def tell(
    redis: AsyncRedis, puts: Mapping[str, list[Meta]], removals: Mapping[str, str]
) -> None:
    """Write metas by room, and remove refs (room by ref); one round trip for all.

    A room's newcomers are one change and one diff, however many they are.
    """
    pipeline = redis.pipeline(transaction=False)
    for room, metas in puts.items():
        diff = _encoder.encode(Diff(joins=metas))
        pairs = [part for one in metas for part in (one.ref, _encoder.encode(one))]
        pipeline.eval(_PUT, 2, _hash(room), channel(room), diff, *pairs)
    for ref, room in removals.items():
        diff = _encoder.encode(Diff(leaves=[ref]))
        pipeline.eval(_REMOVE, 2, _hash(room), channel(room), diff, ref)
    await pipeline.execute()


async def remove_all(redis: AsyncRedis, process: str, refs: Mapping[str, str]) -> None:
    """Take all of a process's people out (room by ref) and end its lease at once."""
    pipeline = redis.pipeline(transaction=False)
    for ref, room in refs.items():
        diff = _encoder.encode(Diff(leaves=[ref]))
        pipeline.eval(_REMOVE, 2, _hash(room), channel(room), diff, ref)
    pipeline.delete(_lease(process))
    await pipeline.execute()


async def bury(redis: AsyncRedis, room: str, meta: Meta) -> None:
    """Take out a connection whose process is dead; nothing if it lives after all."""
    diff = _encoder.encode(Diff(leaves=[meta.ref]))
    keys = _hash(room), channel(room), _lease(meta.process)
    await redis.eval(_BURY, 3, *keys, meta.ref, diff)


async def heartbeat(redis: AsyncRedis, process: str) -> bool:
    """Renew the process's lease; False when there was none: Redis came back empty."""
    renewed = await redis.set(
        _lease(process), str(time.time()), px=int(limits.LEASE_S * 1000), get=True
    )
    return renewed is not None


async def state(
    redis: AsyncRedis, room: str, own: str
) -> tuple[dict[str, Meta], list[Meta]]:
    """The metas by ref whose process lives, and the metas whose process is dead.

    The process `own` lives, whether its first heartbeat has come to Redis or not.
    """
    raw: dict[bytes, bytes] = await redis.hgetall(_hash(room))
    metas = {meta.ref: meta for value in raw.values() if (meta := _meta(value))}
    alive = {own} | await living(redis, {meta.process for meta in metas.values()})
    dead = [meta for meta in metas.values() if meta.process not in alive]
    return {ref: meta for ref, meta in metas.items() if meta.process in alive}, dead


def _meta(value: bytes) -> Meta | None:
    try:
        return _meta_decoder.decode(value)
    except msgspec.DecodeError:
        logger.exception("a connection's presence could not be read")
        return None


def present(room: str) -> dict[str, Meta]:
    """The living metas by ref, asked from a thread; none while Redis is away."""
    redis: Any = client()
    try:
        raw = redis.hgetall(_hash(room))
        metas = [meta for value in raw.values() if (meta := _meta(value))]
        leases = redis.mget([_lease(one.process) for one in metas]) if metas else []
    except RedisAway as error:
        logger.warning("redis is away, a page shows nobody as online: %s", error)
        return {}
    pairs = zip(metas, leases, strict=True)
    return {meta.ref: meta for meta, lease in pairs if lease}


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
