"""What the people of a run do: they talk, flood now and then, come and go."""

import asyncio
import contextlib
import random

from tests.chaos import api
from tests.chaos.bots import Bot
from tests.chaos.outbox import Intent, new_intent
from tests.chaos.stage import BURST, Stage
from tests.chaos.streams import falls_silent_at, new_stream
from tests.chaos.world import Failed, Hands, Person, Place, World

OUTBOX_MAX = 12  # somebody who gets no answer stops writing at some point
FLOOD_EVERY_S = 15.0
GO_EVERY_S = 4.0
STREAM_EVERY_S = 1.5
CHANGES = 0.15  # of what people do: they edit or delete what they wrote


class Load:
    """Everybody's doings, until `stop`."""

    def __init__(
        self, stage: Stage, world: World, hands: Hands, bots: list[Bot]
    ) -> None:
        self.stage = stage
        self.world = world
        self.hands = hands
        self.bots = {bot.person.id: bot for bot in bots}
        self._talking: list[asyncio.Task[None]] = []
        self._going: asyncio.Task[None] | None = None
        self._stopping = asyncio.Event()

    def start(self, rng: random.Random, per_s: float) -> None:
        """Let everybody talk, at `per_s` messages in all."""
        mean_s = len(self.bots) / per_s
        for bot in self.bots.values():
            self._talking.append(asyncio.create_task(_talk(bot, mean_s)))
        self._talking.append(asyncio.create_task(self._flood(rng)))
        self._talking.append(asyncio.create_task(self._write_piecewise(rng)))
        self._going = asyncio.create_task(self._come_and_go(rng))

    async def stop(self) -> None:
        """Nobody says anything new; who was taken out of a room is let in again."""
        self._stopping.set()
        for task in self._talking:
            task.cancel()
        await asyncio.gather(*self._talking, return_exceptions=True)
        if self._going is not None:
            await self._going

    async def _flood(self, rng: random.Random) -> None:
        """Somebody sends more than the bucket holds, at once."""
        while True:
            await asyncio.sleep(FLOOD_EVERY_S)
            bot = rng.choice(list(self.bots.values()))
            if bot.rooms and bot.socket is not None:
                room = rng.choice(sorted(bot.rooms))
                for _ in range(BURST + 5):
                    bot.say(new_intent(room, bot.rng))

    async def _write_piecewise(self, rng: random.Random) -> None:
        """Somebody's program writes a message whose text comes piece by piece."""
        while True:
            await asyncio.sleep(STREAM_EVERY_S)
            bot = rng.choice(list(self.bots.values()))
            if bot.rooms and len(bot.outbox) < OUTBOX_MAX:
                intent = new_stream(rng.choice(sorted(bot.rooms)), bot.rng)
                bot.write(intent, falls_silent_at(intent, bot.rng))

    async def _come_and_go(self, rng: random.Random) -> None:
        """Somebody is taken out of a private room, tries the door, and is let in."""
        private = [room for room in self.world.rooms if room.private]
        while not self._stopping.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), GO_EVERY_S)
            room = rng.choice(private)
            others = [one for one in room.members if one.id in self.bots]
            if len(others) > 2:
                await self._out_and_in(room, rng.choice(others))

    async def _out_and_in(self, room: Place, person: Person) -> None:
        bot = self.bots[person.id]
        removed = await self._have_done("remove", room, person)
        if removed is not None:
            self._note("removed", room, person, removed["seq"])
            await self._try_the_door(bot, room)
        self._note("adding", room, person, 0)
        if await self._have_done("add", room, person) is not None:
            bot.let_in(room.id)

    def _note(self, what: str, room: Place, person: Person, seq: int) -> None:
        fields = {"user": person.id, "room": room.id, "seq": seq}
        self.stage.recorder.note("member", what=what, **fields)

    async def _have_done(
        self, do: str, room: Place, person: Person
    ) -> dict[str, int] | None:
        """Ask again until it is done: the database may be locked for a while."""
        for _ in range(30):
            with contextlib.suppress(Failed):
                by = self.world.owner.id
                done: dict[str, int] = await self.hands.ask(
                    do, by=by, room=room.id, user=person.id
                )
                return done
            await asyncio.sleep(0.5)
        return None

    async def _try_the_door(self, bot: Bot, room: Place) -> None:
        """Read over HTTP and subscribe, as one who must get nothing."""
        web = bot.rng.choice(sorted(self.stage.gates))
        url = f"{self.stage.url(web)}/api/rooms/{room.id}/messages?limit=5"
        status, found = await asyncio.to_thread(api.get, url, bot.person.token)
        if status == 200 and isinstance(found, dict):
            for message in found["messages"]:
                bot.heard({**message, "room": room.id}, "http")
        log = bot.reducer.log(room.id)
        await bot.tell(type="subscribe", room=room.id, after=log.cursor, ref="door")
        await asyncio.sleep(1.0)


async def _talk(bot: Bot, mean_s: float) -> None:
    while True:
        await asyncio.sleep(bot.rng.expovariate(1 / mean_s))
        if bot.rooms and len(bot.outbox) < OUTBOX_MAX:
            bot.say(_next(bot))


def _next(bot: Bot) -> Intent:
    """A message, or now and then a change of an earlier one."""
    change = None
    if bot.rng.random() < CHANGES:
        change = bot.own.change(bot.rooms, bot.rng)
    return change or new_intent(bot.rng.choice(sorted(bot.rooms)), bot.rng)
