"""P12: who is shut out hears nothing more within a second, whatever their socket does.

Each cause meets a socket that is idle, one that floods, one that subscribes again and
again, and one that does not read; at both web processes, while others talk. With Redis
down nobody talks, and the end may take longer.
"""

import asyncio
import time
from collections.abc import Sequence

from tests.chaos.bots import Bot
from tests.chaos.outbox import Intent, new_intent
from tests.chaos.scene import NEVER, Scene, settled
from tests.chaos.scenes.listeners import (
    Listener,
    Trial,
    created,
    established,
    left_of,
    listen,
)
from tests.chaos.scenes.trouble import redis_down
from tests.chaos.stage import WEBS
from tests.chaos.world import Person, Place, make_room

OF_THE_ROOM = ("removed", "banned", "private", "deleted")
OF_THE_SESSION = ("logged out", "password", "everywhere", "deactivated")
STATES = ("idle", "flooding", "resuming", "stalled")
REDIS_DOWN = (("banned", "logged out"), STATES[:2])  # causes, and sockets
TALKERS = 3
TALK_EVERY_S = 0.12
BODY_BYTES = 4000
ENDS_WITHIN_S = 1.0
ENDS_ALONE_WITHIN_S = 5.0  # with Redis down
CLOSED_WITHIN_S = 2.0  # of a socket that takes nothing: docs/protocol.md
TALK_ON_S = 1.5  # after the last cause


async def revocation(scene: Scene) -> None:
    """Each cause in a room of its own."""
    causes = OF_THE_ROOM + OF_THE_SESSION
    each = 1 + TALKERS + len(STATES)
    people = await scene.people((len(causes) + len(REDIS_DOWN[0])) * each)
    casts = [people[at : at + each] for at in range(0, len(people), each)]
    for cause in causes:
        await shut_out(scene, cause, casts.pop())
    for cause in REDIS_DOWN[0]:
        await shut_out_alone(scene, cause, casts.pop())


async def shut_out(scene: Scene, cause: str, cast: list[Person]) -> None:
    """Play one cause; the last people of the cast are shut out."""
    room, trials = await set_up(scene, cause, cast, STATES)
    talkers = [scene.bot(one, room) for one in cast[1 : 1 + TALKERS]]
    bots = [one.bot for one in trials if one.bot]
    await scene.until(lambda: all(map(settled, [*talkers, *bots])), 20)
    tasks = [asyncio.create_task(one.be_busy(room.id)) for one in bots]
    tasks.append(asyncio.create_task(talk(talkers, room)))
    await asyncio.sleep(1.0)
    for trial in trials:
        await act(scene, cause, room, cast[0], trial, trials)
    await asyncio.sleep(TALK_ON_S)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await judge(scene, cause, room, trials)
    await asyncio.gather(*(one.stop() for one in [*talkers, *bots]))
    scene.bots.clear()


async def shut_out_alone(scene: Scene, cause: str, cast: list[Person]) -> None:
    """Play one cause while Redis is down: each process has to find it by itself."""
    room, trials = await set_up(scene, cause, cast, REDIS_DOWN[1])
    bots = [one.bot for one in trials if one.bot]
    await scene.until(lambda: all(map(settled, bots)), 20)
    slowest_s = 0.0
    async with redis_down(scene):
        for trial in trials:
            await act(scene, cause, room, cast[0], trial, trials)
            bot, told = trial.bot, trial.told
            assert bot is not None and told is not None
            await scene.until(lambda: ended_at(cause, bot) > told["began"], 15)  # noqa: B023
            took_s = ended_at(cause, bot) - told["began"]
            slowest_s = max(slowest_s, took_s if took_s > 0 else NEVER)
    what = f"{cause}, with Redis down: the end, s"
    scene.measure("P12", what, slowest_s, ENDS_ALONE_WITHIN_S)
    await scene.stage.wait_healthy()
    await asyncio.gather(*(one.stop() for one in bots))
    scene.bots.clear()


async def set_up(
    scene: Scene, cause: str, cast: list[Person], states: Sequence[str]
) -> tuple[Place, list[Trial]]:
    """A room of its own, and a listener in each of these states."""
    leaving = cast[1 + TALKERS : 1 + TALKERS + len(states)]
    members = cast[: 1 + TALKERS] if cause == "private" else cast
    # Of a public room who was removed may go on reading, as anybody may.
    private = cause == "removed"
    name = f"P12 {cause} {len(states)}"
    room = await make_room(scene.hands, name, members, private=private)
    trials = []
    for number, (person, state) in enumerate(zip(leaving, states, strict=True)):
        cookie = None
        if cause in OF_THE_SESSION:
            cookie = await scene.hands.ask("session", user=person.id)
        trial = Trial(person, state, cookie)
        trials.append(await listen(scene, room, trial, WEBS[number % len(WEBS)]))
    return room, trials


async def talk(talkers: list[Bot], room: Place) -> None:
    """Long messages for ever, by one after the other."""
    while True:
        for bot in talkers:
            if len(bot.outbox) < 3:
                short = new_intent(room.id, bot.rng)
                body = short.body.ljust(BODY_BYTES, "x")
                bot.say(Intent(short.key, room.id, body))
            await asyncio.sleep(TALK_EVERY_S)


async def act(
    scene: Scene,
    cause: str,
    room: Place,
    by: Person,
    trial: Trial,
    trials: list[Trial],
) -> None:
    """Shut one person out; a cause of the room shuts out all of them at once."""
    if cause in {"private", "deleted"} and trial is not trials[0]:
        trial.told = trials[0].told
        return
    key = trial.cookie["value"] if trial.cookie else ""
    fields = {"by": by.id, "room": room.id, "user": trial.person.id, "key": key}
    if cause == "deleted":
        scene.stage.recorder.note("room_gone", room=room.id)
    trial.told = await scene.hands.ask("revoke", cause=cause, **fields)
    if trial.stalled and cause in OF_THE_SESSION:
        began = trial.told["began"]
        ports = (trial.stalled.local_address[1], trial.stalled.remote_address[1])
        await scene.until(lambda: not established(*ports), 10)
        trial.connection_s = time.monotonic() - began


async def judge(scene: Scene, cause: str, room: Place, trials: list[Trial]) -> None:
    """Measure the slowest end of all states, and what came above the number."""
    slowest_s, late = 0.0, 0
    for trial in trials:
        assert trial.told is not None
        number, numbers = int(trial.told["seq"]), tuple[int, ...]()
        if trial.bot is not None:
            numbers, ended_s = trial.bot.numbers, end_of(cause, trial.bot, trial.told)
        else:
            frames = [frame async for frame in left_of(trial)]
            numbers = tuple(frame["seq"] for frame in frames)
            last = max(map(created, frames), default=0.0)
            ended_s = max(0.0, last - trial.told["at"])
        above = sum(1 for seq in numbers if number and seq > number)
        fields = {"cause": cause, "state": trial.state, "ended_s": round(ended_s, 3)}
        fields |= {"above": above, "heard": len(numbers), "number": number}
        scene.stage.recorder.note("trial", room=room.id, **fields)
        slowest_s, late = max(slowest_s, ended_s), late + above
    what = f"{cause}: nothing more of the room after, s"
    scene.measure("P12", what, slowest_s, ENDS_WITHIN_S)
    if cause in OF_THE_ROOM and cause != "deleted":
        scene.measure("P12", f"{cause}: messages above its number", late, 0)
    if cause in OF_THE_SESSION:
        took_s = max(one.connection_s for one in trials)
        what = f"{cause}: the connection of one that does not read, s"
        scene.measure("P12", what, took_s, CLOSED_WITHIN_S + 0.5)


def end_of(cause: str, bot: Listener, told: dict[str, float]) -> float:
    """Seconds until it heard the last of its room, or until its socket closed."""
    heard_s = max(0.0, bot.heard_at - told["began"])
    if cause in OF_THE_ROOM:
        return heard_s
    closed_s = bot.closed_at - told["began"]
    return NEVER if closed_s < 0 else max(heard_s, closed_s)


def ended_at(cause: str, bot: Listener) -> float:
    """When it was told so, or its socket closed."""
    return bot.removed_at if cause in OF_THE_ROOM else bot.closed_at
