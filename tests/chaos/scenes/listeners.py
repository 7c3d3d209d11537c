"""Who listens in a room and is to be shut out: by a client of ours, or a silent one."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from tests.chaos.bots import Bot
from tests.chaos.outbox import new_intent
from tests.chaos.reducer import Frame
from tests.chaos.scene import Scene
from tests.chaos.scenes.slow import stall
from tests.chaos.world import Person, Place


class Listener(Bot):
    """A client that notes when it last heard of its room, and what."""

    state = "idle"
    cookie: dict[str, str] | None = None
    heard_at = 0.0
    closed_at = 0.0
    removed_at = 0.0  # when it was told that the room ended for it
    numbers: tuple[int, ...] = ()

    def headers(self) -> dict[str, str]:
        """A session where there is one, as a page has it."""
        return headers_of(self.stage.url(self.web), self.cookie) or super().headers()

    def _on_frame(self, frame: Frame) -> None:
        now = time.monotonic()
        if frame["type"] == "room_removed":
            self.removed_at = now
        elif frame.get("room") and frame["type"] != "error":
            self.heard_at = now
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


async def listen(scene: Scene, room: Place, trial: Trial, web: str) -> Trial:
    """Open the person's socket at a web process, by their session if they have one."""
    person, cookie = trial.person, trial.cookie
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


async def left_of(trial: Trial) -> AsyncIterator[Frame]:
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


def established(client: int, server: int) -> bool:
    """Whether the server still holds this connection of loopback open."""
    ends = f"0100007F:{server:04X} 0100007F:{client:04X} 01"
    return ends in Path("/proc/net/tcp").read_text()
