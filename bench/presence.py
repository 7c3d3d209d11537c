"""How soon somebody who looks from another web process sees who comes and who goes.

Two web processes on one Redis; the time runs from the word of the one to the frame of
the other. `make bench ARGS="--only presence"` prints it; it takes two minutes.
"""

import asyncio
import contextlib
import itertools
import json
import random
import statistics
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

from bench import servers, sides
from bench.servers import Server
from bench.sides import Ours

CROWD = 200
ROUNDS = 60
CHURN_S = 1.0  # between two people of the crowd who come or go
LIMIT_S = 60.0


@dataclass
class Socket:
    """One JSON socket and the connections that it knows of, by their refs."""

    socket: ClientConnection
    refs: dict[str, str] = field(default_factory=dict)  # to the person
    news: asyncio.Event = field(default_factory=asyncio.Event)

    async def say(self, type_: str, **fields: str) -> None:
        """Send one frame."""
        await self.socket.send(json.dumps({"type": type_, **fields}))

    async def read(self) -> None:
        """Take presence frames until the socket ends."""
        async for data in self.socket:
            frame = json.loads(data)
            for ref, _ in _refs(frame.get("leaves", {})):
                self.refs.pop(ref, None)
            self.refs |= _refs(frame.get("users") or frame.get("joins") or {})
            self.news.set()

    async def until(self, holds: Callable[["Socket"], bool]) -> float:
        """Wait for what is known; return the seconds it took. Raises: TimeoutError."""
        started = time.monotonic()
        async with asyncio.timeout(LIMIT_S):
            while not holds(self):
                self.news.clear()
                await self.news.wait()
        return time.monotonic() - started

    async def sees(self, user: str) -> float:
        """Wait until somebody is there."""
        return await self.until(lambda one: user in one.refs.values())

    async def misses(self, user: str) -> float:
        """Wait until somebody is not there."""
        return await self.until(lambda one: user not in one.refs.values())


def _refs(users: dict[str, Any]) -> set[tuple[str, str]]:
    return {(meta["ref"], who) for who, one in users.items() for meta in one["metas"]}


@dataclass
class Site:
    """A running site, its second web process, and the people of its first room."""

    ours: Ours
    server: Server
    second: int  # port
    numbers: "itertools.count[int]" = field(default_factory=itertools.count)

    @property
    def room(self) -> str:
        return self.ours.rooms[0]

    @contextlib.asynccontextmanager
    async def person(self, port: int) -> AsyncIterator[tuple[Socket, str]]:
        """The next person at a port, greeted; and their public id."""
        token = self.ours.people[next(self.numbers) % self.ours.users]["token"]
        async with connect(
            f"ws://127.0.0.1:{port}/ws/?v=1&format=json",
            additional_headers={"Authorization": f"Bearer {token}"},
            ping_interval=None,
            compression=None,
            proxy=None,
        ) as socket:
            hello = json.loads(await socket.recv())
            one = Socket(socket)
            reader = asyncio.create_task(one.read())
            yield one, hello["user"]["id"]
        reader.cancel()
        await asyncio.gather(reader, return_exceptions=True)


async def joins(site: Site, viewer: Socket) -> list[float]:
    """The seconds until the viewer saw each of ROUNDS people come."""
    took: list[float] = []
    async with site.person(site.second) as (comer, who):
        for _ in range(ROUNDS):
            await asyncio.sleep(random.uniform(0.3, 0.6))  # noqa: S311 - no secret
            await comer.say("subscribe", room=site.room)
            took.append(await viewer.sees(who))
            await comer.say("unsubscribe", room=site.room)
            await viewer.misses(who)
    return took


async def churn(site: Site, crowd: list[Socket]) -> None:
    """Let people of the crowd go and come again, one each CHURN_S."""
    for one in itertools.cycle(crowd):
        for word in ("unsubscribe", "subscribe"):
            await one.say(word, room=site.room)
            await asyncio.sleep(CHURN_S)


async def busy_joins(site: Site, viewer: Socket) -> list[float]:
    """As `joins`, in a room of CROWD people who come and go."""
    async with contextlib.AsyncExitStack() as stack:
        crowd = []
        for _ in range(CROWD):
            one, who = await stack.enter_async_context(site.person(site.server.port))
            await one.say("subscribe", room=site.room)
            crowd.append(one)
        await viewer.sees(who)
        churning = asyncio.create_task(churn(site, crowd))
        took = await joins(site, viewer)
        churning.cancel()
    await viewer.until(lambda known: len(known.refs) == 1)
    return took


Gone = Callable[[Socket], Awaitable[None]]


async def goes(site: Site, viewer: Socket, how: Gone) -> float:
    """The seconds until somebody who was seen is not seen any more."""
    async with site.person(site.second) as (one, who):
        await one.say("subscribe", room=site.room)
        await viewer.sees(who)
        await how(one)
        return await viewer.misses(who)


async def vanish(one: Socket) -> None:
    """Read nothing more: no pong, and no end of the connection."""
    one.socket.transport.pause_reading()


async def measure(site: Site) -> list[tuple[str, float, float]]:
    """What was measured, in seconds, and what it may be at most."""
    second = site.server.roots[-1]

    async def kill(_: Socket) -> None:
        second.kill()
        second.wait()

    async with site.person(site.server.port) as (viewer, own):
        await viewer.say("subscribe", room=site.room)
        await viewer.sees(own)
        quiet, busy = await joins(site, viewer), await busy_joins(site, viewer)
        return [
            ("seen in a quiet room, p50", statistics.median(quiet), 0.05),
            ("seen in a quiet room, slowest", max(quiet), 0.2),
            ("seen in a room with churn, p50", statistics.median(busy), 0.05),
            # The next frame of a room comes PRESENCE_INTERVAL_S after the last.
            ("seen in a room with churn, slowest", max(busy), 0.2),
            (
                "gone after a close",
                await goes(site, viewer, lambda one: one.socket.close()),
                1.0,
            ),
            ("gone after it vanished", await goes(site, viewer, vanish), 25.0),
            ("gone after kill -9", await goes(site, viewer, kill), 10.0),
        ]


def main() -> int:
    """Print a table; the exit status is 1 when something took too long."""
    work = servers.ROOT / "var" / "bench" / f"presence-{time.time_ns():x}"
    ours = Ours(work, CROWD + 10)
    try:
        ours.prepare()
        server = ours.start()
        try:
            found = asyncio.run(measure(Site(ours, server, _second(ours, server))))
        finally:
            server.stop()
    finally:
        sides.remove(work)
    for what, took_s, limit_s in found:
        verdict = "" if took_s <= limit_s else "  TOO LATE"
        print(f"{what:36} {took_s * 1000:8.0f} ms, meant {limit_s:g} s{verdict}")
    return 0 if all(took_s <= limit_s for _, took_s, limit_s in found) else 1


def _second(ours: Ours, server: Server) -> int:
    """Start another web process on the same site; its port."""
    port, log = servers.free_port(), Path(ours.folder) / "web2.log"
    command = servers.python("-m", "livechat.gateway", "--port", str(port))
    env = {**ours.env, "PORT": str(server.port), "SUPERVISOR_PROCESS_NAME": "web2"}
    web = servers.spawn(command, log, env)
    server.roots.append(web)
    servers.wait_for_port(port, web, log)
    return port


if __name__ == "__main__":
    sys.exit(main())
