"""Parts that die, freeze, lock or forget: nothing acked is lost, nothing hangs."""

import asyncio
import contextlib
import random
import shutil
import sqlite3
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Awaitable, Callable, Iterator

import psycopg
import pytest
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from accounts.models import User
from chat.models import Message, Room
from tests.environment import POSTGRES_URL, database_url
from tests.live import Client, Live

Member = Callable[[Room, str], tuple[User, str]]
HANG_S = 5.0
SEED = 21
FAULTS = 5


@pytest.fixture(scope="module", autouse=True)
def styled(unlimited: Live) -> None:
    """Pages link to their style sheets, which have to be there."""
    unlimited.manage("collectstatic", "--noinput", "--verbosity=0")


class Stubborn:
    """A client that repeats each client_id until it is acked, over any connection."""

    def __init__(self, live: Live, token: str, room: Room) -> None:
        self.live, self.token, self.room = live, token, room.public_id
        self.acked: dict[str, tuple[int, str]] = {}
        self.seen: list[int] = []
        self.reconnects = 0

    async def run(self, stop: asyncio.Event) -> None:
        """Post and listen until told to stop and all is acked."""
        while not stop.is_set():
            with contextlib.suppress(OSError, ConnectionClosed, InvalidHandshake):
                async with self.live.client(self.token) as client:
                    await self._talk(client, stop)
            self.reconnects += 1
            await asyncio.sleep(0.1)

    async def _talk(self, client: Client, stop: asyncio.Event) -> None:
        after = max(self.seen, default=0)
        await client.say("subscribe", room=self.room, after=after)
        while not stop.is_set():
            await self._post(client, str(uuid.uuid4()), f"text {len(self.acked)}")

    async def _post(self, client: Client, key: str, body: str) -> None:
        while key not in self.acked:
            assert client.socket is not None
            fields = {"room": self.room, "client_id": key, "body": body}
            await client.say("send", **fields)
            with contextlib.suppress(AssertionError):
                answer = await client.until(
                    lambda one: one["type"] == "ack" and one["client_id"] == key, 0.5
                )
                self.acked[key] = (answer["seq"], body)
            self._note(client)
            if client.close_code is not None:
                raise ConnectionError("cut")

    def _note(self, client: Client) -> None:
        for frame in client.frames:
            if frame["type"] == "message":
                self.seen.append(frame["changed_seq"])
        client.frames.clear()


def check_log(room: Room, acked: dict[str, tuple[int, str]]) -> int:
    """Every acked message is there once, under its number; returns how many."""
    rows = list(Message.objects.filter(room=room).order_by("seq"))
    assert [row.seq for row in rows] == list(range(1, len(rows) + 1))
    stored = {str(row.client_id): (row.seq, row.body) for row in rows}
    assert len(stored) == len(rows)
    assert {key: stored.get(key) for key in acked} == acked
    return len(rows)


async def _under_faults(
    live: Live, token: str, room: Room, fault: Callable[[], Awaitable[None]]
) -> Stubborn:
    moments = random.Random(SEED)  # noqa: S311 - a reproducible fault, no secret
    one, stop = Stubborn(live, token, room), asyncio.Event()
    posting = asyncio.create_task(one.run(stop))
    for _ in range(FAULTS):
        goal = len(one.acked) + 5
        async with asyncio.timeout(25):
            while len(one.acked) < goal:  # noqa: ASYNC110 - grows in another task
                await asyncio.sleep(0.02)
        await asyncio.sleep(moments.uniform(0, 0.1))
        await fault()
    goal = len(one.acked) + 5
    async with asyncio.timeout(25):
        while len(one.acked) < goal:  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.02)
    stop.set()
    await posting
    return one


async def test_killing_the_web_process_loses_and_doubles_nothing(
    faulty: Live, room: Room, member: Member
) -> None:
    _, token = member(room, "Bob")

    async def fault() -> None:
        await asyncio.to_thread(faulty.kill, "web")
        faulty.start_web()

    one = await _under_faults(faulty, token, room, fault)
    assert one.reconnects >= FAULTS
    count = check_log(room, one.acked)
    # Resumed by its own cursor each time, it saw every message once, in order.
    assert one.seen == list(range(1, len(one.seen) + 1))
    assert count - len(one.seen) <= 5


@pytest.mark.parametrize("emptied", [False, True])
async def test_killing_redis_loses_and_doubles_nothing(
    faulty: Live, room: Room, member: Member, emptied: bool
) -> None:
    _, token = member(room, "Bob")

    async def fault() -> None:
        await asyncio.to_thread(faulty.kill, "redis")
        if emptied:
            await asyncio.to_thread(shutil.rmtree, faulty.var / "redis")
        await asyncio.to_thread(faulty.start_redis)

    one = await _under_faults(faulty, token, room, fault)
    check_log(room, one.acked)
    assert one.seen == list(range(1, len(one.seen) + 1))


def _get(live: Live, path: str, token: str = "") -> tuple[int, float]:
    """The status of a page, and the seconds that it took."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    started = time.monotonic()
    request = urllib.request.Request(live.url + path, headers=headers)  # noqa: S310 - ours
    try:
        with urllib.request.urlopen(request, timeout=HANG_S) as answer:  # noqa: S310 - ours
            status = int(answer.status)
    except urllib.error.HTTPError as error:
        status = error.code
    return status, time.monotonic() - started


async def _pages_answer(live: Live, room: Room, token: str) -> None:
    api = f"/api/rooms/{room.public_id}"
    for path, given in (
        ("/accounts/login/", ""),
        ("/api/rooms", token),
        (api, token),
        (f"{api}/messages", token),
    ):
        status, took_s = await asyncio.to_thread(_get, live, path, given)
        assert (status, took_s < HANG_S) == (200, True), path


async def _subscribes_within_s(client: Client, room: Room) -> float:
    started = time.monotonic()
    await client.subscribe(room.public_id, after=0)
    return time.monotonic() - started


async def _sent_within_s(client: Client, room: Room, key: str) -> float:
    """The seconds until a message that is sent again and again is acked."""
    started = time.monotonic()
    while True:
        await client.say("send", room=room.public_id, client_id=key, body="later")
        with contextlib.suppress(AssertionError):
            await client.expect("ack", timeout_s=0.4, client_id=key)
            return time.monotonic() - started


@pytest.mark.parametrize("how", ["stopped", "frozen"])
async def test_without_redis_sends_wait_and_reading_goes_on(
    faulty: Live, room: Room, member: Member, how: str
) -> None:
    _, token = member(room, "Bob")
    async with faulty.client(token) as client, faulty.client(token) as reader:
        await reader.subscribe(room.public_id)
        await client.post(room.public_id, "before")
        if how == "frozen":
            faulty.freeze("redis")
        else:
            await asyncio.to_thread(faulty.kill, "redis")
        key, started = str(uuid.uuid4()), time.monotonic()
        await client.say("send", room=room.public_id, client_id=key, body="later")
        error = await client.expect("error", client_id=key)
        assert (error["code"], error["retry_after_ms"] > 0) == ("waiting", True)
        assert time.monotonic() - started < 2.5
        await _pages_answer(faulty, room, token)
        assert await _subscribes_within_s(client, room) < HANG_S
        if how == "frozen":
            faulty.thaw("redis")
        else:
            await asyncio.to_thread(faulty.start_redis)
        assert await _sent_within_s(client, room, key) < 4
        message = await reader.expect("message", client_id=key)
    assert message["seq"] == 2
    assert Message.objects.filter(room=room).count() == 2


@contextlib.contextmanager
def _locked(live: Live) -> Iterator[None]:
    """What every writer needs, held by somebody else: the lock, or the rooms."""
    if POSTGRES_URL:
        with psycopg.connect(database_url(live.database)) as stranger:
            stranger.execute("LOCK TABLE chat_room, chat_membership IN EXCLUSIVE MODE")
            yield
            return
    other = sqlite3.connect(live.database, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


async def test_a_locked_database_delays_and_loses_nothing(
    faulty: Live, room: Room, member: Member
) -> None:
    _, token = member(room, "Bob")
    async with faulty.client(token) as client:
        await client.subscribe(room.public_id)
        await client.post(room.public_id, "before")
        with _locked(faulty):
            keys = [str(uuid.uuid4()) for _ in range(10)]
            for key in keys:
                await client.say(
                    "send", room=room.public_id, client_id=key, body="in the lock"
                )
            locked_at = time.monotonic()
            async with contextlib.AsyncExitStack() as stack:
                # More writers than there are threads; nobody else may wait for them.
                for _ in range(6):
                    one = await stack.enter_async_context(faulty.client(token))
                    await one.say("read", room=room.public_id, seq=1)
                began_at = time.monotonic()
                other = await stack.enter_async_context(faulty.client(token))
                await other.subscribe(room.public_id, after=0)
                let_in_s = time.monotonic() - began_at
                await _pages_answer(faulty, room, token)
                await asyncio.sleep(max(0.0, 3 - (time.monotonic() - locked_at)))
        free_at = time.monotonic()
        acks = [await client.expect("ack", client_id=key) for key in keys]
        took_s = time.monotonic() - free_at
    assert let_in_s < 1.5
    assert took_s < HANG_S
    assert [ack["seq"] for ack in acks] == list(range(2, 12))


async def test_reads_of_many_are_answered_in_time_while_the_database_is_locked(
    faulty: Live, room: Room, member: Member
) -> None:
    _, token = member(room, "Bob")
    async with contextlib.AsyncExitStack() as stack:
        clients = [
            await stack.enter_async_context(faulty.client(token)) for _ in range(6)
        ]
        with _locked(faulty):
            began_at = time.monotonic()
            for one in clients:
                await one.say("read", room=room.public_id, seq=0, ref="r")
            answers = [await one.expect("error", ref="r") for one in clients]
            took_s = time.monotonic() - began_at
        assert {one["code"] for one in answers} == {"waiting"}
        await clients[0].say("read", room=room.public_id, seq=0, ref="again")
        await clients[0].expect("ack", ref="again")
    assert took_s < HANG_S
