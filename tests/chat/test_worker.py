"""The room worker as a process: killed, frozen, doubled, and fed with rubbish."""

import asyncio
import random
import time
import uuid
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable

import msgspec
import pytest
import redis.asyncio
from django.conf import settings
from django.db import connection
from django.utils import timezone

from accounts.models import User
from chat.inbox import PostIntent, stream
from chat.intake import CLAIM_IDLE_S, Intake
from chat.models import Membership, Message, Room
from chat.worker import TIDY_EVERY
from chat.worker_tables import DeadLetter, Shard
from livechat.lib import limits
from livechat.lib.pipe import Pipe
from livechat.lib.redis import AsyncRedis
from tests.chat.refusing import refusing
from tests.live import Client, Live, wait_until

Person = Callable[[str], tuple[User, str]]
Member = Callable[[Room, str], tuple[User, str]]
KILLS = 30
SEED = 20


@pytest.fixture
async def store(faulty: Live) -> AsyncIterator[AsyncRedis]:
    """The site's Redis, for what no client can do."""
    client = redis.asyncio.Redis.from_url(settings.REDIS_URL)
    yield client
    await client.aclose()


async def post_stream(
    client: Client, room: Room, until: Callable[[], bool]
) -> dict[str, str]:
    """Post until told to stop, repeating what is not acked; acked ids and texts."""
    acked: dict[str, str] = {}
    while not until():
        client_id, body = str(uuid.uuid4()), f"message {len(acked)}"
        while client_id not in acked:
            await client.say(
                "send", room=room.public_id, client_id=client_id, body=body
            )
            answer = await first_answer(client, client_id)
            if answer is not None and answer["type"] == "ack":
                acked[client_id] = body
    return acked


async def first_answer(client: Client, client_id: str) -> dict[str, object] | None:
    """The answer to a message, None when none came within a second."""
    try:
        return await client.until(
            lambda one: one.get("client_id") == client_id and one["type"] != "message",
            timeout_s=1,
        )
    except AssertionError:
        return None


def assert_log(room: Room, acked: dict[str, str]) -> None:
    """Every acked message is stored once, and the numbers have no hole."""
    rows = list(Message.objects.filter(room=room).order_by("seq"))
    assert [row.seq for row in rows] == list(range(1, len(rows) + 1))
    assert [row.changed_seq for row in rows] == [row.seq for row in rows]
    stored = {str(row.client_id): row.body for row in rows}
    assert len(stored) == len(rows)
    assert stored == acked
    room.refresh_from_db()
    assert room.last_seq == len(rows)


async def test_no_acked_message_is_lost_or_doubled_when_the_worker_is_killed(
    faulty: Live, room: Room, member: Member
) -> None:
    _, token = member(room, "Bob")
    moments = random.Random(SEED)  # noqa: S311 - a reproducible fault, no secret
    done = asyncio.Event()

    async def kill_again_and_again() -> None:
        for _ in range(KILLS):
            known = await asyncio.to_thread(Message.objects.count)
            while await asyncio.to_thread(Message.objects.count) == known:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
            await asyncio.sleep(moments.uniform(0, 0.2))
            await asyncio.to_thread(faulty.kill, "worker")
            faulty.start_worker()
        done.set()

    async with faulty.client(token) as writer, faulty.client(token) as reader:
        await reader.subscribe(room.public_id)
        killer = asyncio.create_task(kill_again_and_again())
        acked = await asyncio.wait_for(post_stream(writer, room, done.is_set), 120)
        await killer
        last = Room.objects.get(pk=room.pk).last_seq
        await reader.expect("message", seq=last)
        seen = [one["seq"] for one in reader.frames if one["type"] == "message"]
    assert seen == list(range(1, last))  # and then `last`
    assert_log(room, acked)


async def test_a_frozen_worker_is_replaced_and_writes_nothing_when_it_thaws(
    faulty: Live, room: Room, member: Member
) -> None:
    _, token = member(room, "Bob")
    keys = [str(uuid.uuid4()) for _ in range(6)]
    async with faulty.client(token) as writer:
        await writer.post(room.public_id, "0", client_id=keys[0])
        faulty.freeze("worker")
        # The frozen one's open read takes the first of these with it.
        for number in range(1, 6):
            await writer.say(
                "send", room=room.public_id, client_id=keys[number], body=str(number)
            )
        frozen_at = time.monotonic()
        faulty.start_worker("spare")
        acks = [
            await writer.expect("ack", timeout_s=14, client_id=key) for key in keys[1:]
        ]
        took_s = time.monotonic() - frozen_at
        before = faulty.log("worker").count("fenced")  # by other tests
        faulty.thaw("worker")
        wait_until(
            lambda: faulty.log("worker").count("fenced") > before,
            "it finds itself fenced",
        )
        late = await writer.post(room.public_id, "6")
    assert took_s < limits.LEASE_S + 4
    assert [ack["seq"] for ack in acks] == [2, 3, 4, 5, 6]
    assert late["seq"] == 7
    bodies = Message.objects.filter(room=room).order_by("seq").values_list("body")
    assert [body for (body,) in bodies] == [str(number) for number in range(7)]
    assert set(Shard.objects.values_list("owner", flat=True)) != {""}
    faulty.end("spare")


def holders() -> dict[str, int]:
    """How many shards each worker holds."""
    owners = Shard.objects.filter(until__gt=timezone.now()).values_list("owner")
    return Counter(owner.rpartition(":")[2] for (owner,) in owners)


async def test_two_workers_share_the_shards_and_both_write_in_order(
    faulty: Live, room: Room, member: Member
) -> None:
    bob, token = member(room, "Bob")
    others = [Room.objects.create(name=f"Room {at}") for at in range(limits.SHARDS)]
    Membership.objects.bulk_create(Membership(room=one, user=bob) for one in others)
    half = {"worker": limits.SHARDS // 2, "spare": limits.SHARDS // 2}
    acked: dict[int, list[int]] = defaultdict(list)
    async with faulty.client(token) as writer:
        faulty.start_worker("spare")
        started_at = time.monotonic()
        while holders() != half:  # posting goes on while shards change hands
            assert time.monotonic() - started_at < 20, holders()
            for one in others:
                ack = await writer.post(one.public_id, "on the move")
                acked[one.pk].append(ack["seq"])
        for number in range(5):
            for one in others:
                acked[one.pk].append(
                    (await writer.post(one.public_id, str(number)))["seq"]
                )
        faulty.kill("spare")
        killed_at = time.monotonic()
        for one in others:
            client_id = str(uuid.uuid4())
            await writer.say(
                "send", room=one.public_id, client_id=client_id, body="after"
            )
            ack = await writer.expect("ack", timeout_s=20, client_id=client_id)
            acked[one.pk].append(ack["seq"])
        took_s = time.monotonic() - killed_at
    assert took_s < limits.LEASE_S + 4
    for one in others:
        assert acked[one.pk] == list(range(1, len(acked[one.pk]) + 1))
    epochs = Message.objects.filter(room__in=others).values_list("room", "epoch")
    assert all(epoch > 0 for _, epoch in epochs)
    faulty.end("spare")


async def test_a_worker_that_is_stopped_gives_its_shards_up_at_once(
    faulty: Live, room: Room, member: Member
) -> None:
    _, token = member(room, "Bob")
    faulty.start_worker("spare")
    wait_until(lambda: holders()["spare"] == limits.SHARDS // 2, "half is its", 20)
    spare = faulty.processes["spare"]
    spare.terminate()
    assert spare.wait(10) == 0
    stopped_at = time.monotonic()
    wait_until(lambda: holders() == {"worker": limits.SHARDS}, "the rest is back", 20)
    # At the next look, with no lease to wait for.
    assert time.monotonic() - stopped_at < limits.HEARTBEAT_S + 2
    faulty.processes.pop("spare")


def _intent(where: Room, author: User, **fields: object) -> PostIntent:
    values = {
        "room": where.pk,
        "user": author.pk,
        "epoch": author.epoch,
        "client_id": uuid.uuid4(),
        "body": "by hand",
        "reply_to": None,
        "process": "",
        "address": "answer:test",
        "ref": None,
        **fields,
    }
    return PostIntent(**values)  # type: ignore[arg-type]  # a test's free fields


async def test_what_can_never_be_stored_becomes_a_dead_letter_and_harms_no_other(
    faulty: Live, room: Room, member: Member, store: AsyncRedis
) -> None:
    bob, token = member(room, "Bob")
    name = stream(room.shard)
    poison = _intent(room, bob, reply_to=None, body="arsenic", address="answer:poison")
    with refusing("arsenic"):
        async with faulty.client(token) as writer:
            async with store.pipeline(transaction=True) as entries:
                for payload in (
                    msgspec.msgpack.encode(_intent(room, bob, body="before")),
                    msgspec.msgpack.encode(poison),
                    b"\xc1 rubbish \xff",
                    b"",
                    msgspec.msgpack.encode(_intent(room, bob, body="after")),
                ):
                    entries.xadd(name, {"i": payload})
                entries.xadd(name, {"other": b"field"})
                await entries.execute()
            ack = await writer.post(room.public_id, "mine")
            answer = await store.blpop(["answer:poison"], timeout=10)
    assert ack["seq"] == 3
    bodies = Message.objects.filter(room=room).order_by("seq").values_list("body")
    assert [body for (body,) in bodies] == ["before", "after", "mine"]
    assert b"internal" in answer[1]
    wait_until(lambda: DeadLetter.objects.count() == 4, "three of rubbish, one poison")
    wait_until(lambda: faulty.log("worker").count("arsenic") == 0, "no body is logged")
    assert await store.xlen(name) == 0


async def _answer(store: AsyncRedis, key: str) -> bytes:
    """The answer; it may take as long as a takeover."""
    for _ in range(5):
        if reply := await store.blpop([key], timeout=4):
            return bytes(reply[1])
    raise AssertionError(f"no answer at {key}")


async def test_an_intent_of_nobody_or_for_no_room_is_refused_and_not_kept(
    faulty: Live, room: Room, member: Member, store: AsyncRedis
) -> None:
    bob, _ = member(room, "Bob")
    nobody = _intent(room, bob, user=10**9, address="answer:nobody")
    nowhere = _intent(room, bob, room=10**9, address="answer:nowhere")
    for intent in (nobody, nowhere):
        payload = msgspec.msgpack.encode(intent)
        await store.xadd(stream(room.shard), {"i": payload})
    assert b"forbidden" in await _answer(store, "answer:nobody")
    assert b"no_room" in await _answer(store, "answer:nowhere")
    assert not DeadLetter.objects.exists()


async def test_what_a_fenced_worker_hands_back_is_written_without_waiting_for_its_age(
    faulty: Live, room: Room, member: Member, store: AsyncRedis
) -> None:
    bob, token = member(room, "Bob")
    pipe = Pipe(settings.REDIS_URL)
    former = Intake("a former worker", pipe, recover=False)
    async with faulty.client(token) as writer:
        await writer.post(room.public_id, "the worker has taken over what it has to")
    faulty.freeze("worker")
    deadline = time.monotonic() + 10
    while (await store.info("clients"))["blocked_clients"]:  # its read has ended
        assert time.monotonic() < deadline
    payload = msgspec.msgpack.encode(_intent(room, bob, address="answer:handed"))
    await store.xadd(stream(room.shard), {"i": payload})
    try:
        entries = await former.read([room.shard])
        await former.hand_back(store, [room.shard])
    finally:
        await pipe.aclose()
        faulty.thaw("worker")
    thawed_at = time.monotonic()
    await _answer(store, "answer:handed")
    assert [entry.payload for entry in entries] == [payload]
    assert time.monotonic() - thawed_at < CLAIM_IDLE_S - 2
    assert Message.objects.filter(room=room, body="by hand").count() == 1


async def test_a_client_id_in_two_rooms_of_one_batch_keeps_each_rooms_own_text(
    faulty: Live, room: Room, member: Member, store: AsyncRedis
) -> None:
    bob, _ = member(room, "Bob")
    other = Room.objects.create(name="Other", is_private=True)
    Membership.objects.create(room=other, user=bob)
    key = uuid.uuid4()
    faulty.freeze("worker")
    for where, body in ((room, "to the lounge"), (other, "for the few")):
        intent = _intent(where, bob, client_id=key, body=body)
        payload = msgspec.msgpack.encode(intent)
        await store.xadd(stream(room.shard), {"i": payload})
    faulty.thaw("worker")
    wait_until(lambda: Message.objects.count() == 2, "both are stored")
    assert Message.objects.get(room=room).body == "to the lounge"
    assert Message.objects.get(room=other).body == "for the few"


@pytest.mark.skipif(connection.vendor != "sqlite", reason="the index is PostgreSQL's")
async def test_the_worker_merges_the_index_of_what_it_has_written(
    faulty: Live, room: Room, member: Member
) -> None:
    _, token = member(room, "Bob")
    async with faulty.client(token) as writer:
        for number in range(TIDY_EVERY + 1):
            await writer.post(room.public_id, f"message {number}")
        await asyncio.to_thread(wait_until, lambda: _parts() < TIDY_EVERY, "a merge")


def _parts() -> int:
    """How many parts of the index a search has to look at."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(DISTINCT segid) FROM search_words_idx")
        return int(cursor.fetchone()[0])
