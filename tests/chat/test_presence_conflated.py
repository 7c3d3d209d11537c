"""Presence for who takes nothing: not queued, and told as it is once they do (D3)."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from accounts.models import User
from chat.models import Room
from chat.web import web_process
from livechat.lib import limits
from tests.chat.asking import cookie_of
from tests.chat.conftest import Member
from tests.chat.test_socket_late_end import web
from tests.chat.test_socket_resume import fill
from tests.chat.test_socket_waits import Socket, opened

__all__ = ["web"]  # a fixture

PROGRAM = b"v=1&format=json"
STATES = ("idle", "dnd")
CHANGES = 6


async def until(holds: Callable[[], bool]) -> None:
    """Wait for what is true soon."""
    async with asyncio.timeout(8):
        while not holds():  # noqa: ASYNC110 - of several kinds
            await asyncio.sleep(0.01)


@pytest.fixture
async def two(room: Room, member: Member) -> tuple[User, str, str]:
    """Bob, his session, and that of who looks at him."""
    bob, _ = member(room, "Bob")
    viewer, _ = member(room, "Viewer")
    return bob, cookie_of(bob), cookie_of(viewer)


def of_presence(socket: Socket) -> list[dict[str, Any]]:
    kinds = ("presence", "user_typing", "user_stopped_typing")
    return [one for one in socket.frames if one["type"].startswith(kinds)]


def states(frame: dict[str, Any], user: User) -> set[str]:
    return {one["state"] for one in frame["users"][user.public_id]["metas"]}


@pytest.mark.parametrize("slow", [True, False])
async def test_who_takes_nothing_gets_the_last_state_when_they_do(
    web: None, room: Room, two: tuple[User, str, str], slow: bool
) -> None:
    bob, bobs, viewers = two
    async with opened(bobs, PROGRAM) as talker, opened(viewers, PROGRAM) as viewer:
        for socket in (talker, viewer):
            socket.say("subscribe", room=room.public_id)
            await socket.hears("presence_state")
        process = await web_process()
        crowd = process.hub.feeds[room.public_id].crowd
        roster = process.attendance.viewing.roster(room.public_id)
        assert roster is not None
        await until(lambda: len(roster.names()) == 2)
        viewer.frames.clear()
        viewer.unsent_bytes = 1 if slow else 0
        for number in range(CHANGES):
            wanted, shown = STATES[number % 2], crowd.shown
            talker.say("presence", state=wanted)
            await until(lambda: roster.states()[bob.public_id] == wanted)  # noqa: B023
            await until(lambda: crowd.shown > shown)  # noqa: B023
        assert bool(of_presence(viewer)) is not slow
        if slow:
            viewer.unsent_bytes = 0
            state = await viewer.hears("presence_state")
            assert states(state, bob) == {STATES[(CHANGES - 1) % 2]}
            assert not of_presence(viewer)


class Page(Socket):
    """A page's socket, which keeps what comes as one text."""

    def __init__(self) -> None:
        super().__init__()
        self.html = b""

    def write_framed(self, data: bytes) -> None:
        """Keep it."""
        self.html += data


@pytest.fixture
def late_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """What Redis loses is not found in the time of a test."""
    monkeypatch.setattr(limits, "HEAD_POLL_S", 60)


@pytest.mark.usefixtures("late_looks", "web")
async def test_a_newcomer_ahead_of_the_feed_is_told_who_has_left(
    room: Room, two: tuple[User, str, str]
) -> None:
    """A message was committed, and its publication was lost."""
    bob, bobs, viewers = two
    here, gone = (
        f'id="person-{bob.public_id}" class="person person--{state}"'.encode()
        for state in ("online", "offline")
    )
    async with opened(bobs, PROGRAM) as leaver, opened(viewers, PROGRAM) as program:
        leaver.say("subscribe", room=room.public_id)
        await leaver.hears("presence_state")
        await asyncio.to_thread(fill, room, bob, 1)
        page = Page().open()
        running = asyncio.create_task(page.run(viewers, b"v=1&format=html"))
        for newcomer in (program, page):
            newcomer.say("subscribe", room=room.public_id, after=0)
        assert bob.public_id in (await program.hears("presence_state"))["users"]
        await until(lambda: here in page.html)
        assert len((await web_process()).hub.feeds[room.public_id].ahead) == 2
        leaver.say("unsubscribe", room=room.public_id)
        await until(lambda: gone in page.html)
        async with asyncio.timeout(8):
            while bob.public_id in (await program.hears("presence_state"))["users"]:
                pass  # it was told of other changes before
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
