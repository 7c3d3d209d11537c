"""P14: the rate holds over both processes and over kills of the worker (C18)."""

from tests.chaos.scene import Scene
from tests.chaos.stage import BURST, WORKERS

ROUNDS = 3


async def rate(scene: Scene) -> None:
    """Alice floods while the workers die; the table must show no message too many."""
    room, (alice,) = await scene.cast(1)
    for _ in range(ROUNDS):
        for _ in range(BURST + 6):
            scene.say(alice, room)
        await scene.until(lambda: len(alice.outbox) <= 2, 20)
        for worker in WORKERS:
            scene.stage.processes.kill(worker)
    await scene.stage.wait_healthy()
