"""P10: who does not read costs little, is let go with 4008, and loses nothing."""

import asyncio
import json
import socket

import psutil
from websockets.asyncio.client import ClientConnection, connect

from tests.chaos.outbox import Intent, new_intent
from tests.chaos.scene import Scene
from tests.chaos.stage import WEBS
from tests.chaos.world import Person, Place

READERS = 20
TALKERS = 24
FLOOD_S = 20.0
BODY_BYTES = 4000
MEMORY_MAX_MIB = 80.0


async def slow_readers(scene: Scene) -> None:
    """20 sockets stop reading while 24 people fill the room with long messages."""
    room, talkers = await scene.cast(TALKERS)
    readers = [
        await stall(scene, talkers[number].person, room) for number in range(READERS)
    ]
    web = psutil.Process(scene.stage.processes.parts[WEBS[0]].pid)
    before = highest = web.memory_info().rss
    clock = asyncio.get_running_loop().time
    ends = clock() + FLOOD_S
    while clock() < ends:
        for bot in talkers:
            if len(bot.outbox) < 4:
                bot.say(long_intent(room.id, new_intent(room.id, bot.rng)))
        await asyncio.sleep(0.33)
        highest = max(highest, web.memory_info().rss)
    more_mib = (highest - before) / 2**20
    what = f"memory of a web process under {READERS} stalled sockets, MiB"
    scene.measure("P10", what, more_mib, MEMORY_MAX_MIB)
    codes = [await close_code(one) for one in readers]
    scene.measure("P10", "stalled sockets not let go", codes.count(None), 0)
    for bot in talkers:  # they return, and C8 judges what they have
        await bot.tell(type="ping")


def long_intent(room: str, intent: Intent) -> Intent:
    """The same with a long text."""
    return Intent(intent.key, room, intent.body.ljust(BODY_BYTES, "x"))


async def stall(
    scene: Scene,
    person: Person,
    room: Place,
    web: str = WEBS[0],
    headers: dict[str, str] | None = None,
) -> ClientConnection:
    """A client that follows a room, and takes next to nothing, past the proxy."""
    port = scene.stage.ports[web]
    line = socket.socket()
    line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    await asyncio.to_thread(line.connect, ("127.0.0.1", port))
    line.setblocking(False)
    client = await connect(
        f"ws://127.0.0.1:{port}/ws/?v=1&format=json",
        sock=line,
        additional_headers=headers or {"Authorization": f"Bearer {person.token}"},
        ping_interval=None,
        proxy=None,
        compression=None,
        max_queue=1,
    )
    await client.send(json.dumps({"type": "subscribe", "room": room.id}))
    await client.recv()
    return client


async def close_code(client: ClientConnection) -> int | None:
    """Read what is left; the code it was closed with, or None if it is open."""
    try:
        async with asyncio.timeout(15):
            async for _ in client:
                pass
    except TimeoutError:
        return None
    except Exception as error:  # noqa: BLE001 - any end of the connection is one
        return getattr(getattr(error, "rcvd", None), "code", None) or 1006
    return client.close_code
