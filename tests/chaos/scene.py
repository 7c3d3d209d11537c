"""What a scene has at hand: people, rooms, clients, and how it says what it found."""

import asyncio
import math
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.chaos.bots import Bot
from tests.chaos.chance import seeded
from tests.chaos.outbox import Intent, new_intent
from tests.chaos.stage import Stage
from tests.chaos.world import Hands, Person, Place, make_people, make_room

LOOK_EVERY_S = 0.02
NEVER = math.inf


@dataclass(slots=True)
class Scene:
    """One scene on a running site; what it makes carries its name."""

    name: str
    stage: Stage
    hands: Hands
    seed: int
    bots: list[Bot] = field(default_factory=list)

    async def people(self, count: int) -> list[Person]:
        """People of this scene."""
        return await make_people(self.hands, count, f"{self.name}-")

    async def room(self, members: list[Person]) -> Place:
        """A public room of theirs."""
        return await make_room(self.hands, self.name, members, private=False)

    def bot(self, person: Person, room: Place, make: type[Bot] = Bot) -> Bot:
        """Somebody's client, which follows the room."""
        rng = seeded(self.seed, self.name, person.name, len(self.bots))
        bot = make(self.stage, person, [room.id], rng)
        bot.name = f"{person.name}/{len(self.bots)}"
        self.bots.append(bot)
        bot.start()
        return bot

    async def cast(self, count: int, make: type[Bot] = Bot) -> tuple[Place, list[Bot]]:
        """A room and that many clients in it, all of them connected."""
        people = await self.people(count)
        room = await self.room(people)
        bots = [self.bot(person, room, make) for person in people]
        await self.until(lambda: all(map(settled, bots)), 30)
        return room, bots

    def say(self, bot: Bot, room: Place) -> Intent:
        """Have a client mean to send a message."""
        intent = new_intent(room.id, bot.rng)
        bot.say(intent)
        return intent

    def measure(self, promise: str, what: str, value: float, limit: float) -> None:
        """Say how it was; above the limit it is a violation."""
        shown = -1 if value == NEVER else round(value, 3)
        fields = {"promise": promise, "what": what, "value": shown, "limit": limit}
        self.stage.recorder.note("measure", scene=self.name, **fields)

    async def until(self, condition: Callable[[], bool], timeout_s: float) -> float:
        """The seconds until it holds; NEVER when it did not within the time."""
        clock = asyncio.get_running_loop().time
        began = clock()
        while not condition():
            if clock() - began > timeout_s:
                return NEVER
            await asyncio.sleep(LOOK_EVERY_S)
        return clock() - began

    async def close(self) -> None:
        """Note what is left to answer, and leave."""
        await self.until(lambda: not any(len(bot.outbox) for bot in self.bots), 30)
        for bot in self.bots:
            bot.note("outbox", left=len(bot.outbox), keys=list(bot.outbox.intents)[:5])
        await asyncio.gather(*(bot.stop() for bot in self.bots))
        self.bots.clear()


def settled(bot: Bot) -> bool:
    """Whether a client is connected and has all that there is."""
    return bot.socket is not None and not bot.behind
