"""A database that does not answer: nobody hangs, and nothing queues up for later."""

import asyncio
import contextlib
import threading
import time
from collections.abc import AsyncIterator
from typing import Any, Self

import msgspec
import pytest

from accounts.models import User
from chat.consumers import RoomConsumer
from chat.models import Room
from chat.web import web_process
from livechat.lib import limits
from livechat.lib.connections import TRY_AGAIN_LATER
from livechat.lib.hub import Hub
from tests.chat.asking import cookie_of
from tests.chat.conftest import Member
from tests.chat.test_socket_late_end import Recorder, scope_of, web

__all__ = ["web"]  # a fixture

THREADS = 4
LIMIT_S = 0.3  # in place of QUESTION_TIMEOUT_S


class Socket(Recorder):
    """A socket of this process, with its consumer, spoken to as the gateway does."""

    def __init__(self) -> None:
        super().__init__()
        self.frames: list[dict[str, Any]] = []
        self.code_sent: int | None = None
        self.came = asyncio.Event()
        self._events: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    def write_framed(self, data: bytes) -> None:
        """Keep the one small JSON frame; a page's fragments are none."""
        _, brace, rest = data.partition(b"{")
        if data[:1] == b"\x81":
            with contextlib.suppress(msgspec.DecodeError):
                self.frames.append(msgspec.json.decode(brace + rest))
        self.came.set()

    async def run(self, session: str, query: bytes) -> None:
        """Live until the test is over."""
        scope = {**scope_of(session, self), "query_string": query}
        await RoomConsumer()(scope, self._events.get, self._sent)

    async def _sent(self, message: dict[str, Any]) -> None:
        if message["type"] == "websocket.close":
            self.code_sent = message["code"]

    def open(self) -> Self:
        """The handshake."""
        self._events.put_nowait({"type": "websocket.connect"})
        return self

    def say(self, type_: str, **fields: Any) -> None:
        """One frame of the client's."""
        text = msgspec.json.encode({"type": type_, **fields}).decode()
        self._events.put_nowait({"type": "websocket.receive", "text": text})

    async def hears(self, type_: str) -> dict[str, Any]:
        """The first frame of a type, taken away."""
        async with asyncio.timeout(8):
            while True:
                for at, frame in enumerate(self.frames):
                    if frame["type"] == type_:
                        return self.frames.pop(at)
                self.came.clear()
                await self.came.wait()


@contextlib.asynccontextmanager
async def standing_still(hub: Hub) -> AsyncIterator[None]:
    """All of the hub's threads wait for a database that does not answer."""
    free = threading.Event()
    stuck = [asyncio.create_task(hub.ask(free.wait, 30)) for _ in range(THREADS)]
    await asyncio.gather(*stuck, return_exceptions=True)
    try:
        yield
    finally:
        free.set()


@pytest.fixture
async def bob(room: Room, member: Member) -> tuple[User, str]:
    """Who belongs to the room, and his session."""
    user, _ = member(room, "Bob")
    return user, await asyncio.to_thread(cookie_of, user)


@contextlib.asynccontextmanager
async def opened(session: str, query: bytes) -> AsyncIterator[Socket]:
    """A socket whose consumer runs."""
    socket = Socket().open()
    running = asyncio.create_task(socket.run(session, query))
    try:
        yield socket
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_a_subscribe_is_told_to_wait_while_the_database_stands_still(
    web: None, room: Room, bob: tuple[User, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "QUESTION_TIMEOUT_S", LIMIT_S)
    process = await web_process()
    async with opened(bob[1], b"v=1&format=json") as socket:
        await socket.hears("hello")
        async with standing_still(process.hub):
            started = time.monotonic()
            socket.say("subscribe", room=room.public_id, ref="one")
            error = await socket.hears("error")
            assert time.monotonic() - started < 10 * LIMIT_S
            assert (error["code"], error["ref"]) == ("waiting", "one")
            assert error["retry_after_ms"] > 0
            socket.say("ping", ref="two")
            assert (await socket.hears("pong"))["ref"] == "two"
        monkeypatch.undo()
        socket.say("subscribe", room=room.public_id, ref="three")
        assert (await socket.hears("subscribed"))["ref"] == "three"
        await socket.hears("presence_state")
        assert room.public_id in process.hub.feeds
        assert process.hub.feeds[room.public_id].users == 1
        assert socket.code == 0


async def test_a_page_that_cannot_subscribe_is_made_to_connect_again(
    web: None, room: Room, bob: tuple[User, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "QUESTION_TIMEOUT_S", LIMIT_S)
    process = await web_process()
    async with opened(bob[1], b"v=1") as socket:
        async with asyncio.timeout(5):
            while not process.hub.connections:  # noqa: ASYNC110 - its handshake
                await asyncio.sleep(0.01)
        async with standing_still(process.hub):
            socket.say("subscribe", room=room.public_id)
            await asyncio.wait_for(socket.closed.wait(), 10 * LIMIT_S)
        assert socket.code == TRY_AGAIN_LATER


async def test_a_page_whose_way_in_breaks_is_made_to_connect_again(
    web: None, room: Room, bob: tuple[User, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise OSError(24, "Too many open files")

    monkeypatch.setattr("chat.entrances.seen", broken)
    async with opened(bob[1], b"v=1") as socket:
        socket.say("subscribe", room=room.public_id)
        await asyncio.wait_for(socket.closed.wait(), 5)
        assert socket.code == TRY_AGAIN_LATER


async def test_a_newcomer_is_told_to_come_again_while_the_database_stands_still(
    web: None, bob: tuple[User, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "QUESTION_TIMEOUT_S", LIMIT_S)
    async with standing_still((await web_process()).hub):
        socket = Socket().open()
        running = socket.run(bob[1], b"v=1&format=json")
        await asyncio.wait_for(running, 10 * LIMIT_S)
        assert socket.code_sent == TRY_AGAIN_LATER


async def test_who_waited_in_vain_is_not_asked_for_when_the_database_goes_on(
    web: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "QUESTION_TIMEOUT_S", LIMIT_S)
    hub = (await web_process()).hub
    asked: list[object] = []
    async with standing_still(hub):
        storm = [asyncio.create_task(hub.ask(asked.append, one)) for one in range(200)]
        answers = await asyncio.gather(*storm, return_exceptions=True)
        assert all(isinstance(one, TimeoutError) for one in answers)
    monkeypatch.undo()
    await hub.ask(asked.append, "after")
    assert asked == ["after"]


def test_the_limit_leaves_time_to_answer_within_five_seconds() -> None:
    assert min(5, limits.GATEWAY_HANDSHAKE_DEADLINE_S) > limits.QUESTION_TIMEOUT_S
