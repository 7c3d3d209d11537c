"""P6 and P7: back after a cut, with all that was missed."""

import asyncio

from tests.chaos.proxy import Weather
from tests.chaos.scene import NEVER, Scene, settled
from tests.chaos.scenes.presence import OnWeb1, OnWeb2
from tests.chaos.stage import BURST, WEBS

CUTS = 6
SOCKETS = 200


async def resume(scene: Scene) -> None:
    """Alice's network is away while bob talks; she tries again and misses nothing."""
    people = await scene.people(2)
    room = await scene.room(people)
    alice, bob = scene.bot(people[0], room, OnWeb1), scene.bot(people[1], room, OnWeb2)
    gate = scene.stage.gates[WEBS[0]]
    slowest_try_s = slowest_replay_s = 0.0
    for _ in range(CUTS):
        await scene.until(lambda: settled(alice) and settled(bob), 20)
        gate.change(Weather(refuses=True))
        gate.cut()
        for _ in range(BURST // 3):
            scene.say(bob, room)
        await scene.until(lambda: not len(bob.outbox), 20)
        gate.change(Weather())
        slowest_try_s = max(
            slowest_try_s, await scene.until(lambda: alice.socket is not None, 20)
        )
        slowest_replay_s = max(
            slowest_replay_s, await scene.until(lambda: settled(alice), 20)
        )
    scene.measure("P6", "open again once the network is back, s", slowest_try_s, 3.5)
    scene.measure("P6", "caught up once the socket is open, s", slowest_replay_s, 2)


async def reconnect_storm(scene: Scene) -> None:
    """Both web processes die under 200 sockets; all come back with what they missed."""
    room, bots = await scene.cast(SOCKETS // 4)
    people = [bot.person for bot in bots]
    bots += [scene.bot(person, room) for _ in range(3) for person in people]
    await scene.until(lambda: all(map(settled, bots)), 60)
    for bot in bots[:50]:
        scene.say(bot, room)
    for web in WEBS:
        scene.stage.processes.kill(web)
    clock = asyncio.get_running_loop().time
    killed = clock()
    await scene.until(lambda: not any(map(settled, bots)), 5)
    back_s = await scene.until(lambda: all(map(settled, bots)), 60)
    took_s = NEVER if back_s == NEVER else clock() - killed
    scene.measure("P7", f"{SOCKETS} sockets are back and caught up, s", took_s, 15)
