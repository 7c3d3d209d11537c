"""P17: a growing message is final soon, whoever dies with the program that wrote it."""

from tests.chaos import table
from tests.chaos.scene import Scene
from tests.chaos.stage import WEBS, WORKERS
from tests.chaos.streams import new_stream

FINAL_S = 15.0
DEATHS: tuple[tuple[str, ...], ...] = ((), WORKERS, WEBS)


async def growing(scene: Scene) -> None:
    """Programs die in the middle of their texts: alone, with all workers, all webs."""
    room, bots = await scene.cast(4)
    for names in DEATHS:
        writings = [bot.write(new_stream(room.id, bot.rng), 60) for bot in bots]
        await scene.until(lambda all_=writings: all(one.has_ended for one in all_), 20)  # type: ignore[misc]
        for name in names:
            scene.stage.processes.kill(name)
        final_s = await scene.until(lambda: not table.growing(scene.stage.database), 30)
        whom = " and all of ".join(["its program", *(names[:1])])
        scene.measure("P17", f"final after the death of {whom}, s", final_s, FINAL_S)
        await scene.stage.wait_healthy()
