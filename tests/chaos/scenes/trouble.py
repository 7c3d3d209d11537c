"""P15: with a part missing, reading goes on, sends wait, and no request hangs."""

import asyncio
import json
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from tests.chaos.faults import disk_full, kill_redis_and_data, lock_database
from tests.chaos.outbox import Intent, new_intent
from tests.chaos.scene import Scene, settled
from tests.chaos.stage import WEBS, WORKERS
from tests.chaos.world import Person, Place

HANGS_AFTER_S = 5.0
WORKING_S = 0.5  # on top, for a machine with two busy cores
BACK_WITHIN_S = 3.0
ROUNDS = 4

Body = dict[str, str]


async def parts_missing(scene: Scene) -> None:
    """Each part is away for some seconds while alice reads and writes."""
    room, (alice, _) = await scene.cast(2)
    for name, without in TROUBLES.items():
        await scene.until(lambda: settled(alice) and not len(alice.outbox), 30)
        scene.say(alice, room)
        await scene.until(lambda: not len(alice.outbox), 20)
        async with without(scene):
            scene.say(alice, room)
            slowest_s = await ask_for_a_while(scene, alice.person, room)
        limit_s = HANGS_AFTER_S + WORKING_S
        scene.measure("P15", f"slowest request, {name}, s", slowest_s, limit_s)
        took_s = await scene.until(lambda: not len(alice.outbox), 30)
        # A client asks again every 2 s; the worker tries every half second.
        limit_s = BACK_WITHIN_S + (5 if name == "disk full" else 2)
        scene.measure("P15", f"sent once all is back, {name}, s", took_s, limit_s)
        await scene.stage.wait_healthy()


async def ask_for_a_while(scene: Scene, person: Person, room: Place) -> float:
    """The slowest of some requests, which are made at the same time."""
    slowest_s = 0.0
    for _ in range(ROUNDS):
        asked = [
            asyncio.to_thread(request, scene.stage.url(web), person, path, body)
            for web in WEBS
            for path, body in (
                ("/api/rooms", None),
                (f"/api/rooms/{room.id}/messages", None),
                (f"/api/rooms/{room.id}/messages", sent(posted(scene, person, room))),
                ("/api/rooms", {"name": f"Trouble {scene.bots[0].rng.random()}"}),
                ("/health", None),
                ("/accounts/login/", None),
            )
        ]
        for path, status, took_s in await asyncio.gather(*asked):
            slowest_s = max(slowest_s, took_s)
            fields = {"path": path, "status": status, "took_s": round(took_s, 3)}
            scene.stage.recorder.note("http", scene=scene.name, **fields)
    return slowest_s


def sent(intent: Intent) -> Body:
    """A message as the API takes it."""
    return {"body": intent.body, "client_id": intent.key}


def posted(scene: Scene, person: Person, room: Place) -> Intent:
    """A message that goes over HTTP; whether it is stored is left open."""
    intent = new_intent(room.id, scene.bots[0].rng)
    fields = {"key": intent.key, "hash": intent.hash, "room": room.id, "link": 0}
    who = {"who": f"{person.name} over HTTP", "user": person.id}
    scene.stage.recorder.note("send", **fields, **who)
    scene.stage.recorder.note("again", **fields, **who)
    return intent


def request(
    url: str, person: Person, path: str, body: Body | None
) -> tuple[str, int, float]:
    """The path, the status (0: none) and the seconds of one request."""
    data = None if body is None else json.dumps(body).encode()
    asked = urllib.request.Request(  # noqa: S310 - our own loopback address
        url + path,
        data,
        {"Authorization": f"Bearer {person.token}", "Content-Type": "application/json"},
    )
    began = time.monotonic()
    try:
        with urllib.request.urlopen(asked, timeout=20) as answer:  # noqa: S310
            answer.read()
            status = int(answer.status)
    except urllib.error.HTTPError as error:
        status = error.code
    except OSError:
        status = 0
    return path, status, time.monotonic() - began


@asynccontextmanager
async def redis_down(scene: Scene) -> AsyncIterator[None]:
    """Redis is killed and not started again until the end."""
    processes = scene.stage.processes
    processes.hold_back("redis")
    processes.kill("redis")
    try:
        yield
    finally:
        processes.let_start("redis")
        await scene.until(lambda: processes.parts["redis"].alive, 10)


@asynccontextmanager
async def redis_frozen(scene: Scene) -> AsyncIterator[None]:
    """Redis stands still."""
    pid = scene.stage.processes.freeze("redis")
    try:
        yield
    finally:
        scene.stage.processes.thaw("redis", pid)


@asynccontextmanager
async def redis_empty(scene: Scene) -> AsyncIterator[None]:
    """Redis loses everything at the beginning."""
    await kill_redis_and_data(scene.stage, "redis", scene.bots[0].rng)
    await scene.until(lambda: scene.stage.processes.parts["redis"].alive, 10)
    yield


@asynccontextmanager
async def database_locked(scene: Scene) -> AsyncIterator[None]:
    """Another process holds the write lock."""
    undo = await lock_database(scene.stage, "database", scene.bots[0].rng)
    try:
        yield
    finally:
        await undo()


@asynccontextmanager
async def no_space(scene: Scene) -> AsyncIterator[None]:
    """The workers can make no file larger."""
    undos: list[Callable[[], Awaitable[None]]] = [
        await disk_full(scene.stage, worker, scene.bots[0].rng) for worker in WORKERS
    ]
    try:
        yield
    finally:
        for undo in undos:
            await undo()


TROUBLES = {
    "redis down": redis_down,
    "redis frozen": redis_frozen,
    "redis empty": redis_empty,
    "database locked": database_locked,
    "disk full": no_space,
}
