"""What the rooms' actors are at, asked from outside while they work.

Who asks publishes to one channel, which every worker follows; each answers to the
asker's list. Nothing is told of a room but its public id, numbers and counts.
"""

import asyncio
import logging
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from django.db.models import Count

from chat.models import Room
from chat.room import Registry
from chat.room_state import RoomState
from livechat.lib import limits
from livechat.lib.redis import AsyncRedis, RedisAway, client
from livechat.lib.storage import DatabaseAway

logger = logging.getLogger(__name__)

CHANNEL = "rooms:states"
ANSWER_KEPT_S = 10  # an asker that died leaves its list for this long
RETRY_DELAY_S = 0.5
READ_S = 10.0  # then the reader looks whether its connection is still there


class Question(msgspec.Struct, frozen=True, array_like=True):
    """Who asks, and for which room (primary key; None: all of them)."""

    address: str  # the list that the answers go to
    room: int | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """One worker's answer; `actors` counts those too that `rooms` has no place for."""

    worker: str
    shards: tuple[int, ...]
    actors: int
    rooms: tuple[RoomState, ...]


def ask(room: int | None = None) -> tuple[list[Report], int]:
    """The workers' reports, and how many workers did not answer in time.

    Waits for ROOM_STATES_TIMEOUT_S at most.

    Raises:
        redis.RedisError, OSError: Redis is away.
    """
    redis: Any = client()
    question = Question(f"answer:{secrets.token_hex(8)}", room)
    asked = redis.publish(CHANNEL, msgspec.msgpack.encode(question))
    end_at = time.monotonic() + limits.ROOM_STATES_TIMEOUT_S
    reports: list[Report] = []
    while len(reports) < asked and (left_s := end_at - time.monotonic()) > 0:
        # Short blocks, below the client's own time limit; 0 would mean for ever.
        if reply := redis.blpop([question.address], timeout=min(0.5, left_s)):
            reports.append(msgspec.msgpack.decode(reply[1], type=Report))
    return sorted(reports, key=lambda one: one.worker), asked - len(reports)


async def answer_askers(
    redis_: AsyncRedis, tell: Callable[[int | None], Awaitable[Report]]
) -> None:
    """Answer whoever asks, until cancelled; the rooms' writing never waits for it."""
    while True:
        try:
            await _answer_askers(redis_, tell)
        except (*RedisAway, *DatabaseAway) as error:
            logger.warning("cannot tell of the rooms now: %s", error)
        except Exception:  # the outermost loop: the next asker is answered
            logger.exception("an asker for the rooms' states got no answer")
        await asyncio.sleep(RETRY_DELAY_S)


async def _answer_askers(
    redis_: AsyncRedis, tell: Callable[[int | None], Awaitable[Report]]
) -> None:
    async with redis_.pubsub(ignore_subscribe_messages=True) as questions:
        await questions.subscribe(CHANNEL)
        while True:
            if (one := await questions.get_message(timeout=READ_S)) is None:
                continue
            question = msgspec.msgpack.decode(one["data"], type=Question)
            answer = msgspec.msgpack.encode(await tell(question.room))
            pipeline = redis_.pipeline(transaction=False)
            pipeline.rpush(question.address, answer)
            pipeline.expire(question.address, ANSWER_KEPT_S)
            await pipeline.execute()


def report(
    worker: str, leases: Mapping[int, int], registry: Registry, room: int | None
) -> Report:
    """What one worker's actors are at; two queries, on the thread that writes."""
    actors = registry.last_used(limits.ROOM_STATES_MAX if room is None else None)
    if room is not None:
        actors = {pk: actor for pk, actor in actors.items() if pk == room}
    rooms = Room.objects.filter(pk__in=actors)
    counts = rooms.annotate(members=Count("memberships")).values_list("pk", "members")
    members = dict(counts)
    states = [
        actors[room.pk].get_state(room, members.get(room.pk, 0), leases[room.shard])
        for room in rooms
        if room.shard in leases  # an actor of a shard that was given up is idle
    ]
    states.sort(key=lambda state: state.idle_s)
    return Report(worker, tuple(sorted(leases)), len(registry), tuple(states))
