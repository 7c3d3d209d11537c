"""P5: one key sent many times, over both web processes, with kills between."""

import asyncio

from tests.chaos.outbox import new_intent
from tests.chaos.scene import Scene, settled
from tests.chaos.scenes.presence import OnWeb1, OnWeb2
from tests.chaos.stage import WEBS, WORKERS

KEYS = 20
SENDS = 25  # of each key over each process


async def repeats(scene: Scene) -> None:
    """Each of alice's two clients sends each key many times; C1 and C2 judge."""
    people = await scene.people(1)
    room = await scene.room(people)
    clients = [scene.bot(people[0], room, make) for make in (OnWeb1, OnWeb2)]
    await scene.until(lambda: all(map(settled, clients)), 30)
    victims = [WORKERS[0], WEBS[0], WORKERS[1]]
    for number in range(KEYS):
        intent = new_intent(room.id, scene.bots[0].rng)
        for client in clients:
            client.say(intent)
        for _ in range(SENDS):
            for client in clients:
                await client.tell(
                    type="send",
                    room=room.id,
                    client_id=intent.key,
                    body=intent.body,
                    ref=intent.key,
                )
        if number % 6 == 5:
            scene.stage.processes.kill(victims[number // 6 % len(victims)])
        await asyncio.sleep(0.2)  # the rate of one person
    answered = lambda: not any(len(one.outbox) for one in clients)  # noqa: E731
    took_s = await scene.until(answered, 30)
    scene.measure("P5", f"{KEYS} keys x {2 * SENDS} answered after, s", took_s, 30)
    await scene.stage.wait_healthy()
