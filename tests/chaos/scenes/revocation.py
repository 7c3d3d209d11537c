"""P12: who is shut out hears nothing more within a second, whatever their socket does.

Each cause meets a socket that is idle, one that floods, one that subscribes again and
again, and one that does not read; at both web processes, while others talk.
"""

import asyncio
import json
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from tests.chaos.bots import Bot
from tests.chaos.outbox import Intent, new_intent
from tests.chaos.reducer import Frame
from tests.chaos.scene import Scene, settled
from tests.chaos.scenes.slow import stall
from tests.chaos.stage import WEBS
from tests.chaos.world import Person, Place, make_room

OF_THE_ROOM = ("removed", "banned", "private", "deleted")
OF_THE_SESSION = ("logged out", "password", "everywhere", "deactivated")
STATES = ("idle", "flooding", "resuming", "stalled")
TALKERS = 3
TALK_EVERY_S = 0.12
BODY_BYTES = 4000
ENDS_WITHIN_S = 1.0
CLOSED_WITHIN_S = 2.0  # of a socket that takes nothing: docs/protocol.md
TALK_ON_S = 1.5  # after the last cause


class Listener(Bot):
    """A client that notes when it last heard of its room, and what."""

    state = "idle"
    cookie: dict[str, str] | None = None
    heard_at = 0.0
    closed_at = 0.0
    numbers: tuple[int, ...] = ()

    def headers(self) -> dict[str, str]:
        """A session where there is one, as a page has it."""
        return headers_of(self.stage.url(self.web), self.cookie) or super().headers()

    def _on_frame(self, frame: Frame) -> None:
        if frame.get("room") and frame["type"] not in {"error", "room_removed"}:
            self.heard_at = time.monotonic()
        super()._on_frame(frame)

    def heard(self, frame: Frame, way: str) -> None:
        """Keep its number."""
        self.numbers += (frame["seq"],)
        super().heard(frame, way)

    async def _read(self, socket: ClientConnection) -> None:
        try:
            await super()._read(socket)
        finally:
            self.closed_at = time.monotonic()

    async def be_busy(self, room: str) -> None:
        """Do for ever what its state says."""
        while True:
            if self.state == "flooding":
                await self.tell(type="ping")
                if room in self.rooms and not len(self.outbox):
                    self.say(new_intent(room, self.rng))
            elif self.state == "resuming":
                await self.tell(type="subscribe", room=room, after=0, ref="again")
            await asyncio.sleep(0.1)


def headers_of(origin: str, cookie: dict[str, str] | None) -> dict[str, str]:
    """What a page sends; nothing without a session."""
    if cookie is None:
        return {}
    return {"Origin": origin, "Cookie": f"{cookie['name']}={cookie['value']}"}


@dataclass(slots=True)
class Trial:
    """One person who is shut out: by a client of ours, or one that does not read."""

    person: Person
    state: str
    cookie: dict[str, str] | None
    bot: Listener | None = None
    stalled: ClientConnection | None = None
    told: dict[str, float] | None = None  # when the cause began, and its number
    connection_s: float = 0.0  # until a stalled one's connection ended


async def revocation(scene: Scene) -> None:
    """Each cause in a room of its own."""
    people = await scene.people(
        len(OF_THE_ROOM + OF_THE_SESSION) * (1 + TALKERS + len(STATES))
    )
    for cause in OF_THE_ROOM + OF_THE_SESSION:
        cast = [people.pop() for _ in range(1 + TALKERS + len(STATES))]
        await shut_out(scene, cause, cast)


async def shut_out(scene: Scene, cause: str, cast: list[Person]) -> None:
    """Play one cause; the last people of the cast are shut out."""
    staying, leaving = cast[: 1 + TALKERS], cast[1 + TALKERS :]
    members = staying if cause == "private" else cast
    # Of a public room who was removed may go on reading, as anybody may.
    private = cause == "removed"
    room = await make_room(scene.hands, f"P12 {cause}", members, private=private)
    talkers = [scene.bot(one, room) for one in staying[1:]]
    trials = [
        await listen(scene, cause, room, person, number)
        for number, person in enumerate(leaving)
    ]
    bots = [one.bot for one in trials if one.bot]
    await scene.until(lambda: all(map(settled, [*talkers, *bots])), 20)
    tasks = [asyncio.create_task(one.be_busy(room.id)) for one in bots]
    tasks.append(asyncio.create_task(talk(talkers, room)))
    await asyncio.sleep(1.0)
    for trial in trials:
        await act(scene, cause, room, staying[0], trial, trials)
    await asyncio.sleep(TALK_ON_S)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await judge(scene, cause, room, trials)
    await asyncio.gather(*(one.stop() for one in [*talkers, *bots]))
    scene.bots.clear()


async def listen(
    scene: Scene, cause: str, room: Place, person: Person, number: int
) -> Trial:
    """Open the person's socket, by a session where the cause ends one."""
    cookie = None
    if cause in OF_THE_SESSION:
        cookie = await scene.hands.ask("session", user=person.id)
    web = WEBS[number % len(WEBS)]
    trial = Trial(person, STATES[number], cookie)
    if trial.state == "stalled":
        headers = headers_of(scene.stage.url(web), cookie)
        trial.stalled = await stall(scene, person, room, web, headers)
        return trial
    made = type("Here", (Listener,), {"webs": (web,)})
    bot = scene.bot(person, room, made)
    assert isinstance(bot, Listener)
    bot.cookie, bot.state = cookie, trial.state
    trial.bot = bot
    return trial


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


def established(client: int, server: int) -> bool:
    """Whether the server still holds this connection of loopback open."""
    ends = f"0100007F:{server:04X} 0100007F:{client:04X} 01"
    return ends in Path("/proc/net/tcp").read_text()


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
    return float("inf") if closed_s < 0 else max(heard_s, closed_s)


async def left_of(trial: Trial) -> Any:
    """The messages that a stalled client finds when it reads at last."""
    assert trial.stalled is not None
    try:
        while True:
            data = await asyncio.wait_for(trial.stalled.recv(), 1.0)
            frame = json.loads(data)
            if frame["type"] in {"message", "changed"}:
                yield frame
    except (TimeoutError, ConnectionClosed):
        await trial.stalled.close()


def created(frame: Frame) -> float:
    """When a message was stored, in seconds since 1970."""
    return datetime.fromisoformat(frame["created_at"]).timestamp()
