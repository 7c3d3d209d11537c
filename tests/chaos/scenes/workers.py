"""P16, P19 and what a worker owes: nothing twice, nothing lost, nothing left behind."""

import asyncio

from livechat.lib.limits import SHARDS
from tests.chaos.bots import Bot
from tests.chaos.faults import WORKER_POINTS
from tests.chaos.scene import NEVER, Scene, settled
from tests.chaos.stage import WEBS, WORKERS
from tests.chaos.world import Place

FROZEN_S = 13.0
TAKEN_OVER_S = 10.0
AFTER_THAW_S = 4
BACK_S = 3.0
ANSWERED_S = 15.0


class Patient(Bot):
    """A client that never asks again: what was taken from it is the server's to do."""

    async def _send_due(self) -> None:
        unsent = [one for one in self.outbox.intents.values() if not one.sends]
        for intent in self.outbox.intents.values():
            intent.due_at = 0.0 if intent in unsent else NEVER
        await super()._send_due()


async def nothing_left_behind(scene: Scene) -> None:
    """Workers die at each of their lines; each intent is answered without a repeat."""
    room, bots = await scene.cast(6, Patient)
    for point in WORKER_POINTS:
        for name in WORKERS:
            part = scene.stage.processes.parts[name]
            part.extra = {"LIVECHAT_FAILPOINTS": f"{point}:kill:1"}
            scene.stage.processes.kill(name)
        await scene.until(lambda: all(map(settled, bots)), 20)
        for bot in bots:
            scene.say(bot, room)
        answered = await scene.until(lambda: not any(map(waits, bots)), 40)
        scene.measure("P1", f"answered after a death at {point}, s", answered, 30)
        await scene.stage.wait_healthy()


def waits(bot: Bot) -> bool:
    """Whether something of theirs has no answer yet."""
    return len(bot.outbox) > 0


async def frozen_writer(scene: Scene) -> None:
    """Each worker is frozen under load; another takes over, and it writes nothing."""
    first, bots = await scene.cast(4)
    people = [bot.person for bot in bots]
    rooms = [first, *[await scene.room(people) for _ in range(SHARDS // 2)]]
    for bot in bots:
        for room in rooms[1:]:
            bot.let_in(room.id)
    for name in WORKERS:
        pid = scene.stage.processes.freeze(name)
        say_everywhere(scene, rooms)
        took_s = await scene.until(lambda: not any(map(waits, bots)), 40)
        scene.measure("P16", f"taken over from {name}, s", took_s, TAKEN_OVER_S)
        left_s = max(0.0, FROZEN_S - took_s)
        await asyncio.sleep(min(left_s, FROZEN_S))
        scene.stage.processes.thaw(name, pid)
        for _ in range(AFTER_THAW_S):  # whoever reads now, writes by a lease that holds
            say_everywhere(scene, rooms)
            await asyncio.sleep(1)
        await scene.until(lambda: not any(map(waits, bots)), 20)


def say_everywhere(scene: Scene, rooms: list[Place]) -> None:
    """A message in each room, so many that each worker has some of them."""
    for number, room in enumerate(rooms):
        scene.say(scene.bots[number % len(scene.bots)], room)


async def rolling(scene: Scene) -> None:
    """Each process is ended by SIGTERM in its turn, while people talk."""
    room, bots = await scene.cast(8)
    slowest_s = 0.0
    for name in (*WEBS, *WORKERS):
        for bot in bots:
            scene.say(bot, room)
        lives = scene.stage.processes.parts[name].lives
        scene.stage.processes.terminate(name)
        slowest_s = max(slowest_s, await back(scene, bots, name))
        part = scene.stage.processes.parts[name]
        await scene.until(lambda part=part, lives=lives: part.lives > lives, 20)  # type: ignore[misc]
        await scene.stage.wait_healthy()
    scene.measure("P19", "a socket is back after SIGTERM, s", slowest_s, BACK_S + 0.5)
    unsent_s = await scene.until(lambda: not any(map(waits, bots)), 30)
    scene.measure("P19", "everything is answered after, s", unsent_s, ANSWERED_S)


async def back(scene: Scene, bots: list[Bot], web: str) -> float:
    """How long the slowest socket of a web process was away; 0 for a worker."""
    its = [bot for bot in bots if bot.web == web]
    for bot in its:
        bot.webs = tuple(one for one in WEBS if one != web)
    await scene.until(lambda: all(bot.socket is None for bot in its), 12)
    took_s = await scene.until(lambda: all(map(settled, bots)), 20)
    for bot in its:
        bot.webs = WEBS
    return took_s if its else 0.0
