"""A reader that comes back with its cursor: every change once, in order."""

import asyncio
import random
import uuid
from itertools import pairwise
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from chat.models import Message, Room
from livechat.lib import limits
from tests.chat.conftest import Member
from tests.chat.shapes import check_frame
from tests.live import Client, Live

POSTS = 300
AUTHORS = POSTS // limits.MESSAGE_BURST  # nobody runs into the rate limit
RECONNECTS = 20


def fill(room: Room, author: User, count: int) -> None:
    """Write messages straight into the log, as the worker would have."""
    now = timezone.now()
    start = room.last_seq
    Message.objects.bulk_create(
        Message(
            room=room,
            seq=seq,
            changed_seq=seq,
            author=author,
            client_id=uuid.uuid4(),
            body=f"m{seq}",
            html=f"<p>m{seq}</p>",
            created_at=now,
        )
        for seq in range(start + 1, start + count + 1)
    )
    room.last_seq = room.last_changed_seq = start + count
    room.save(update_fields=["last_seq", "last_changed_seq"])


def changes(client: Client) -> list[int]:
    return [one["changed_seq"] for one in client.frames if one["type"] == "message"]


@pytest.mark.parametrize("after", [0, 1, 7, 9, 10])
async def test_a_cursor_brings_exactly_what_was_missed(
    live: Live, room: Room, member: Member, after: int
) -> None:
    bob, bobs = member(room, "Bob")
    fill(room, bob, 10)
    async with live.client(bobs) as client:
        subscribed = await client.subscribe(room.public_id, after=after)
        await client.expect("presence_state")
        assert subscribed["last_changed_seq"] == 10
        assert changes(client) == list(range(after + 1, 11))
        for frame in client.frames:
            if frame["type"] == "message":
                check_frame(frame)


@pytest.mark.parametrize(("count", "is_reset"), [(500, False), (501, True)])
async def test_more_than_500_missed_changes_are_a_reset(
    live: Live, room: Room, member: Member, count: int, is_reset: bool
) -> None:
    bob, bobs = member(room, "Bob")
    fill(room, bob, count)
    async with live.client(bobs) as client:
        await client.subscribe(room.public_id, after=0)
        await client.expect("presence_state")
        resets = [one for one in client.frames if one["type"] == "reset"]
        assert len(resets) == is_reset
        assert len(changes(client)) == (0 if is_reset else count)
        for reset in resets:
            check_frame(reset)
            assert (reset["last_seq"], reset["last_changed_seq"]) == (count, count)
        client.frames.clear()
        await client.post(room.public_id, "and on it goes")
        assert (await client.expect("message"))["changed_seq"] == count + 1


async def test_a_cursor_from_the_future_is_a_reset(
    live: Live, room: Room, member: Member
) -> None:
    """A server that was restored from a backup knows less than its clients."""
    bob, bobs = member(room, "Bob")
    fill(room, bob, 3)
    async with live.client(bobs) as client:
        await client.subscribe(room.public_id, after=4)
        assert (await client.expect("reset"))["last_changed_seq"] == 3


async def test_subscribing_again_moves_the_cursor_and_doubles_nothing(
    live: Live, room: Room, member: Member
) -> None:
    bob, bobs = member(room, "Bob")
    fill(room, bob, 5)
    async with live.client(bobs) as client:
        await client.subscribe(room.public_id, after=0)
        await client.subscribe(room.public_id, after=3)
        await client.post(room.public_id, "live")
        await client.until(lambda one: one["type"] == "message" and one["seq"] == 6)
        assert changes(client) == [1, 2, 3, 4, 5, 4, 5]
        await client.nothing_but(
            "hello", "message", "presence_state", "presence_diff", "ack", "unread"
        )
        assert changes(client) == [1, 2, 3, 4, 5, 4, 5]


class Reader:
    """A client that keeps its cursor as the protocol tells it, over many sockets."""

    def __init__(self, live: Live, token: str, room: str) -> None:
        self.live, self.token, self.room = live, token, room
        self.log: list[int] = []
        self.faults: list[str] = []

    @property
    def cursor(self) -> int:
        return self.log[-1] if self.log else 0

    async def session(self, until: int, for_s: float) -> None:
        """Read on one socket until that change has come, or for so long."""
        async with self.live.client(self.token) as client:
            await client.say("subscribe", room=self.room, after=self.cursor)
            try:
                async with asyncio.timeout(for_s):
                    while self.cursor < until:
                        frame = await client.until(self._concerns)
                        self._take(frame)
            except TimeoutError:
                pass
            for frame in client.frames:  # what came and was not yet looked at
                if self._concerns(frame):
                    self._take(frame)

    def _concerns(self, frame: dict[str, Any]) -> bool:
        return frame["type"] in {"message", "reset", "error"}

    def _take(self, frame: dict[str, Any]) -> None:
        if frame["type"] != "message":
            self.faults.append(str(frame))
        else:
            self.log.append(frame["changed_seq"])


async def test_a_reader_who_reconnects_all_the_time_has_every_change_once(
    live: Live, room: Room, member: Member
) -> None:
    tokens = [member(room, f"Author {number}")[1] for number in range(AUTHORS)]
    _, bobs = member(room, "Bob")
    readers = [Reader(live, bobs, room.public_id) for _ in range(2)]
    moments = random.Random(7)  # noqa: S311 - a schedule, not a secret

    async def write(token: str) -> None:
        async with live.client(token) as client:
            for number in range(limits.MESSAGE_BURST):
                await client.post(room.public_id, f"n{number}")

    async def write_all() -> None:
        for start in range(0, AUTHORS, 3):
            await asyncio.gather(*(write(token) for token in tokens[start : start + 3]))

    async def read(reader: Reader) -> None:
        for _ in range(RECONNECTS):
            await reader.session(POSTS, moments.uniform(0, 0.15))
        await reader.session(POSTS, 20)

    await asyncio.gather(write_all(), *(read(reader) for reader in readers))
    for reader in readers:
        assert reader.faults == []
        assert reader.log == list(range(1, POSTS + 1))


async def test_many_who_subscribe_at_once_while_others_write_miss_nothing(
    live: Live, room: Room, member: Member
) -> None:
    tokens = [member(room, f"Author {number}")[1] for number in range(8)]
    total = len(tokens) * limits.MESSAGE_BURST

    async def write(token: str) -> None:
        async with live.client(token) as client:
            for number in range(limits.MESSAGE_BURST):
                await client.post(room.public_id, f"n{number}")

    async def read(number: int) -> list[int]:
        await asyncio.sleep(number * 0.01)  # each begins at another moment
        async with live.client(tokens[number % len(tokens)]) as client:
            subscribed = await client.subscribe(room.public_id, after=0)
            await client.until(lambda one: one.get("changed_seq") == total)
            seen = [*changes(client), total]
            assert subscribed["last_changed_seq"] <= total
            return seen

    logs = await asyncio.gather(
        *(read(number) for number in range(30)), *(write(token) for token in tokens)
    )
    for log in logs:
        if log is not None:
            assert all(after == before + 1 for before, after in pairwise(log))
            assert log[0] == 1
