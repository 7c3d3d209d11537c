"""A room that cannot be written leaves the others alone: its actor fails by itself."""

import json
import time
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
import pytest
import redis.asyncio
from django.conf import settings
from django.db import connection
from django.db.models import F

from accounts.models import User
from chat.inbox import PostIntent, stream
from chat.intake import CLAIM_IDLE_S, GROUP
from chat.models import Membership, Message, Room
from chat.worker_tables import DeadLetter
from livechat.lib.redis import AsyncRedis, client
from tests.live import Live, wait_until

Member = Callable[[Room, str], tuple[User, str]]
POISONED = 20  # intents for the broken room, all in one batch
GIVEN_UP = 3  # of them, after three tries each, before the room is mended
UNHARMED_S = 5  # a worker that pauses half a second for each of them takes 20 s


@pytest.fixture
async def store(faulty: Live) -> AsyncIterator[AsyncRedis]:
    """The site's Redis, for entries that meet in one batch."""
    asynchronous = redis.asyncio.Redis.from_url(settings.REDIS_URL)
    yield asynchronous
    await asynchronous.aclose()


def _entry(room: Room, author: User, body: str, address: str) -> bytes:
    intent = PostIntent(
        room=room.pk,
        user=author.pk,
        epoch=author.epoch,
        client_id=uuid.uuid4(),
        body=body,
        reply_to=None,
        process="",
        address=address,
        ref=None,
        public_id=room.public_id,
    )
    return msgspec.msgpack.encode(intent)


def _state(live: Live, room: Room) -> dict[str, Any]:
    (report,) = json.loads(live.manage("rooms", room.public_id, "--json"))
    (state,) = report["rooms"]
    return dict(state)


def _bodies(room: Room) -> list[str]:
    rows = Message.objects.filter(room=room).order_by("seq")
    return list(rows.values_list("body", flat=True))


async def test_a_room_that_cannot_be_written_keeps_no_other_room_waiting(
    faulty: Live, room: Room, member: Member, store: AsyncRedis
) -> None:
    broken = Room.objects.create(name="Broken")
    bob, token = member(room, "Bob")
    Membership.objects.create(room=broken, user=bob)
    async with faulty.client(token) as writer:
        await writer.post(broken.public_id, "whole")
        before = _state(faulty, broken)
        # Its counter says that the first number is free, and its table that it is not.
        Room.objects.filter(pk=broken.pk).update(last_seq=F("last_seq") - 1)
        worker = faulty.processes["worker"]
        faulty.freeze("worker")
        await _add_around(store, room, broken, bob)
        faulty.thaw("worker")
        thawed_at = time.monotonic()
        wait_until(lambda: _bodies(room) == ["first", "last"], "the batch's others")
        for number in range(3):
            await writer.post(room.public_id, f"later {number}")
        assert time.monotonic() - thawed_at < UNHARMED_S
        wait_until(lambda: DeadLetter.objects.count() >= GIVEN_UP, "some are given up")
        Room.objects.filter(pk=broken.pk).update(last_seq=F("last_seq") + 1)
        await writer.post(broken.public_id, "mended")
        answers = await store.lrange(f"answer:{broken.pk}", 0, -1)
    stored = was_answered_in_turn(broken, answers)
    assert _bodies(room)[2:] == ["later 0", "later 1", "later 2"]
    after = _state(faulty, broken)  # of another actor
    restarted = after["started_at"] > before["started_at"]
    assert (restarted, after["accepted"]) == (True, stored + 1)
    assert worker.poll() is None  # the same process all the while


def was_answered_in_turn(broken: Room, answers: list[bytes]) -> int:
    """What was not given up before the mending is stored in order; how many it is."""
    given_up = DeadLetter.objects.count()
    stored = POISONED - given_up
    expected = [True] * given_up + [False] * stored
    assert [b"internal" in one for one in answers] == expected
    kept = [f"poison {number}" for number in range(given_up, POISONED)]
    assert _bodies(broken) == ["whole", *kept, "mended"]
    return stored


async def _add_around(
    store: AsyncRedis, room: Room, broken: Room, author: User
) -> None:
    """Entries of the broken room between two of the other one."""
    async with store.pipeline(transaction=True) as entries:
        await _add(entries, room, author, "first")
        for number in range(POISONED):
            await _add(entries, broken, author, f"poison {number}")
        await _add(entries, room, author, "last")
        await entries.execute()


async def _add(entries: AsyncRedis, room: Room, author: User, body: str) -> None:
    entry = _entry(room, author, body, f"answer:{room.pk}")
    await entries.xadd(stream(room.shard), {"i": entry})


@contextmanager
def refused_by_the_table(body: str) -> Iterator[None]:
    """The database takes no message with this text."""
    doing = "SELECT RAISE(ABORT, 'not this one');"
    if connection.vendor == "postgresql":
        doing = "EXECUTE FUNCTION refuse()"
        _execute(
            "CREATE FUNCTION refuse() RETURNS trigger AS "
            "$$ BEGIN RAISE EXCEPTION 'not this one'; END $$ LANGUAGE plpgsql"
        )
    else:
        doing = f"BEGIN {doing} END"
    _execute(
        "CREATE TRIGGER refuse BEFORE INSERT ON chat_message FOR EACH ROW "
        f"WHEN (NEW.body = '{body}') {doing}"
    )
    try:
        yield
    finally:
        on = " ON chat_message" if connection.vendor == "postgresql" else ""
        _execute(f"DROP TRIGGER refuse{on}")
        if on:
            _execute("DROP FUNCTION refuse()")


def _execute(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


async def test_messages_behind_one_that_failed_for_a_moment_wait_for_it(
    faulty: Live, room: Room, member: Member, store: AsyncRedis
) -> None:
    bob, token = member(room, "Bob")
    async with faulty.client(token) as writer:
        await writer.post(room.public_id, "whole")
    failures = faulty.log("worker").count("failed")  # of other tests
    with refused_by_the_table("0"):
        async with store.pipeline(transaction=True) as entries:
            for number in range(4):
                await _add(entries, room, bob, str(number))
            await entries.execute()
        wait_until(lambda: faulty.log("worker").count("failed") > failures, "one try")
    wait_until(lambda: len(_bodies(room)) == 5, "all are stored")
    assert _bodies(room) == ["whole", *map(str, range(4))]
    assert not DeadLetter.objects.exists()


async def test_a_redis_that_is_empty_and_full_does_not_end_the_worker(
    faulty: Live, room: Room, member: Member, store: AsyncRedis
) -> None:
    _, token = member(room, "Bob")
    worker = faulty.processes["worker"]
    troubles = faulty.log("worker").count("redis is away")
    try:
        await store.config_set("maxmemory", "1mb")
        await store.flushall()
        wait_until(
            lambda: faulty.log("worker").count("redis is away") > troubles + 1,
            "it tries to make its groups, in vain",
        )
    finally:
        await store.config_set("maxmemory", "0")
    async with faulty.client(token) as writer:
        await writer.post(room.public_id, "and goes on")
    assert worker.poll() is None


def _pending(name: str) -> int:
    """How many of a stream's entries were read and not finished."""
    summary: Any = client().xpending(name, GROUP)
    return int(summary["pending"])


async def test_what_a_broken_room_was_sent_is_stored_in_order_once_it_is_mended(
    faulty: Live, room: Room, member: Member, store: AsyncRedis
) -> None:
    bob, token = member(room, "Bob")
    async with faulty.client(token) as writer:
        await writer.post(room.public_id, "whole")
        Room.objects.filter(pk=room.pk).update(last_seq=F("last_seq") - 1)
        failures = faulty.log("worker").count("failed")  # of other tests
        await _add(store, room, bob, "0")
        wait_until(lambda: faulty.log("worker").count("failed") > failures, "one try")
        async with store.pipeline(transaction=True) as entries:
            for number in range(1, 70):  # more than one read brings
                await _add(entries, room, bob, str(number))
            await entries.execute()
        name = stream(room.shard)
        wait_until(lambda: _pending(name) == 70, "the worker has read all of them")
        Room.objects.filter(pk=room.pk).update(last_seq=F("last_seq") + 1)
        mended_at = time.monotonic()
        wait_until(lambda: len(_bodies(room)) == 71, "all are stored")
        # Not only when their age lets any worker claim them.
        assert time.monotonic() - mended_at < CLAIM_IDLE_S - 2
    assert _bodies(room) == ["whole", *map(str, range(70))]
    assert not DeadLetter.objects.exists()
