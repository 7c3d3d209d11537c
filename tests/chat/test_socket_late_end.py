"""A session that ends in the very moment in which its socket is let in."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
from django.conf import settings

from accounts.sessions import end_all_sessions, end_session, principal_of
from chat.consumers import RoomConsumer
from chat.endings import SESSION_ENDED
from chat.models import Room
from chat.subscriptions import subscribe
from chat.web import stop_web_process, web_process
from livechat.lib.connections import Connection
from tests.chat.asking import cookie_of
from tests.chat.conftest import Member, Person
from tests.live import Live


class Recorder:
    """A socket's lower end that keeps the code of its close."""

    def __init__(self) -> None:
        self.closed = asyncio.Event()
        self.code = 0
        self.unsent_bytes = 0

    def write_framed(self, data: bytes) -> None:
        """Nobody reads."""

    def close(self, code: int, reason: str = "") -> None:
        """Keep the code."""
        self.code = code
        self.closed.set()


def scope_of(session: str, socket: Recorder) -> dict[str, Any]:
    """The handshake of a program that holds a session's cookie."""
    cookie = f"{settings.SESSION_COOKIE_NAME}={session}".encode()
    origin = min(settings.SITE_ORIGINS).encode()
    return {
        "query_string": b"v=1&format=json",
        "headers": [(b"cookie", cookie), (b"origin", origin)],
        "livechat.socket": socket,
    }


@pytest.fixture
async def web(live: Live) -> AsyncIterator[None]:
    """A web process within the test."""
    await web_process()
    yield
    await stop_web_process()


@pytest.mark.parametrize("ended", [True, False])
async def test_a_log_out_between_the_check_and_the_accept_closes_the_socket(
    web: None, person: Person, ended: bool
) -> None:
    (bob, _), (ann, _) = person("Bob"), person("Ann")
    key = cookie_of(bob)
    whose = key if ended else cookie_of(ann)
    process, socket, welcomed = await web_process(), Recorder(), asyncio.Event()
    events = iter([{"type": "websocket.connect"}])

    async def receive() -> dict[str, Any]:
        if event := next(events, None):
            return event
        welcomed.set()
        await socket.closed.wait()
        return {"type": "websocket.disconnect", "code": SESSION_ENDED}

    async def send(message: dict[str, Any]) -> None:
        """The accept takes so long that the end of the session is read meanwhile."""
        assert message["type"] == "websocket.accept"
        before = process.endings.revocations.count
        await asyncio.to_thread(end_session, whose)
        async with asyncio.timeout(5):
            while process.endings.revocations.count == before:  # noqa: ASYNC110
                await asyncio.sleep(0.01)

    consumer = RoomConsumer()(scope_of(key, socket), receive, send)
    running = asyncio.create_task(consumer)
    await asyncio.wait_for(welcomed.wait(), 5)
    assert socket.code == (SESSION_ENDED if ended else 0)
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running


async def test_a_socket_that_cannot_be_taken_out_is_closed_and_so_are_later_ones(
    web: None, room: Room, member: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = await web_process()
    sockets = []
    for name in ("Bob", "Ann"):
        user, _ = member(room, name)
        who = await asyncio.to_thread(principal_of, cookie=cookie_of(user), bearer=None)
        socket = Recorder()
        connection = Connection(name, socket, html=False, principal=who)
        process.hub.add(connection)
        await subscribe(process, connection, room.public_id, None, None)
        sockets.append((user, socket))

    def broken(room: str, connection: Connection) -> None:
        raise RuntimeError("what a template or a table may say")

    monkeypatch.setattr(process.attendance.viewing, "unview", broken)
    for user, socket in sockets:  # one revocation after the other
        await asyncio.to_thread(end_all_sessions, user)
        await asyncio.wait_for(socket.closed.wait(), 5)
        assert socket.code == SESSION_ENDED
