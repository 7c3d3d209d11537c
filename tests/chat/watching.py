"""Somebody who watches a room's people from another web process, by frames alone."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

from accounts.models import User
from chat.models import Room
from tests.live import Client, Live


class Viewer:
    """A client and the people that it knows of, by its frames alone."""

    def __init__(self, client: Client, room: Room) -> None:
        self.client, self.room = client, room.public_id
        self.refs: dict[str, dict[str, Any]] = {}
        self.typing: set[str] = set()
        self.ever_gone: set[str] = set()
        self.ever_there: set[str] = set()
        self.frames = self.count = 0

    def look(self) -> set[str]:
        """The ids of those who are there now."""
        while self.client.frames:
            self._take(self.client.frames.pop(0))
        return {meta["user"] for meta in self.refs.values()}

    def _take(self, frame: dict[str, Any]) -> None:
        kind = frame["type"]
        if kind in {"user_typing", "user_stopped_typing"}:
            change = self.typing.add if kind == "user_typing" else self.typing.discard
            change(frame["user"]["id"])
        self.count = frame.get("count", self.count)
        joins = frame.get("users") or frame.get("joins") or {}
        self.frames += kind == "presence_diff"
        self.refs |= {
            meta["ref"]: {**meta, "user": user}
            for user, person in joins.items()
            for meta in person["metas"]
        }
        self.ever_there |= joins.keys()
        for user, person in frame.get("leaves", {}).items():
            for meta in person["metas"]:
                self.refs.pop(meta["ref"], None)
            if user not in {meta["user"] for meta in self.refs.values()}:
                self.ever_gone.add(user)

    def state(self, user: User) -> set[str]:
        """The states of the person's connections."""
        self.look()
        metas = self.refs.values()
        return {one["state"] for one in metas if one["user"] == user.public_id}

    async def until(self, condition: Callable[[], bool], timeout_s: float) -> float:
        """Wait for a condition on what is seen; return the seconds it took."""
        started = time.monotonic()
        async with asyncio.timeout(timeout_s):
            while self.look() is None or not condition():  # noqa: ASYNC110 - frames
                await asyncio.sleep(0.02)
        return time.monotonic() - started

    async def shows(self, user: User, state: str) -> None:
        """Wait until the person is there in this state only."""
        await self.until(lambda: self.state(user) == {state}, 3)

    async def sees(self, user: User, timeout_s: float = 3) -> float:
        """Wait until the person is there."""
        return await self.until(lambda: user.public_id in self.look(), timeout_s)

    async def misses(self, user: User, timeout_s: float) -> float:
        """Wait until the person is gone."""
        return await self.until(lambda: user.public_id not in self.look(), timeout_s)


@contextlib.asynccontextmanager
async def inside(live: Live, token: str, room: Room) -> AsyncIterator[Client]:
    """Somebody in the room, at the first web process."""
    async with live.client(token) as client:
        await client.subscribe(room.public_id)
        yield client


async def cut(client: Client) -> None:
    """Break the connection without a close frame."""
    assert client.socket is not None
    client.socket.transport.abort()
    await client.closed()
