"""A client as an outsider would write it from docs/protocol.md; notes what it sees.

It reconnects with jitter, follows its rooms from its cursors, and repeats a message
under the same key until it is answered.
"""

import asyncio
import contextlib
import json
import random
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage

from tests.chaos import api
from tests.chaos.outbox import PATIENCE_S, Intent, Outbox, body_hash
from tests.chaos.own import Own
from tests.chaos.recorder import Recorder
from tests.chaos.reducer import (
    Effect,
    Emptied,
    Ended,
    Frame,
    Grew,
    Hole,
    Reducer,
    Shown,
)
from tests.chaos.stage import WEBS, Stage
from tests.chaos.streams import Writing, grew_fields
from tests.chaos.world import Person

TICK_S = 0.2
BACKOFF_S = (0.2, 3.0)
LATER = {"waiting": 2.0, "busy": 3.0, "storage_full": 2.0, "internal": 2.0}
BROKEN = (OSError, TimeoutError, ConnectionClosed, InvalidHandshake, InvalidMessage)


class Bot:
    """One person's program: one socket at a time, any number of rooms."""

    def __init__(
        self, stage: Stage, person: Person, rooms: list[str], rng: random.Random
    ) -> None:
        self.stage = stage
        self.person = person
        self.name = person.name  # of this screen; a person may have several
        self.rooms = set(rooms)
        self.rng = rng
        self.outbox = Outbox()
        self.own = Own()
        self.reducer = self.new_reducer()
        self.socket: ClientConnection | None = None
        self.link = 0  # which of its connections this is
        self.writings: dict[str, Writing] = {}  # by the key or ref that is asked with
        self.behind: set[str] = set()  # rooms that are not caught up on this link
        self.opened_at = 0.0
        self.web = ""
        self._task: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._tries = 0
        self._leaving = False

    new_reducer = Reducer
    webs: tuple[str, ...] = WEBS  # the processes that it connects to, by chance

    @property
    def recorder(self) -> Recorder:
        """Where it notes what it sees."""
        return self.stage.recorder

    def note(self, kind: str, **fields: Any) -> None:
        """Note something under its name."""
        self.recorder.note(kind, who=self.name, **fields)

    def start(self) -> None:
        """Connect, and again whenever the connection is lost."""
        self._task = asyncio.create_task(self._live())

    async def stop(self) -> None:
        """Leave: close the socket as a client does that has no more to say."""
        if self.socket is not None and self._task is not None:
            self._leaving = True
            with contextlib.suppress(*BROKEN):
                await asyncio.wait_for(self.socket.close(), 1)
        tasks = [one for one in (self._task, *self._tasks) if one is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # Sending

    def say(self, intent: Intent) -> None:
        """Mean to send something; it goes out now or when there is a connection."""
        intent.first_at = asyncio.get_running_loop().time()
        self.outbox.put(intent)
        self.later(self._send_due())

    def write(self, intent: Intent, stops_at: int | None) -> Writing:
        """Mean to write a message piece by piece; see `Writing`."""
        writing = self.writings[intent.key] = Writing(self, intent, stops_at)
        self.say(intent)
        self.later(writing.go())
        return writing

    async def _send_due(self) -> None:
        socket = self.socket
        if socket is None:
            return
        now = asyncio.get_running_loop().time()
        for intent in self.outbox.due(now):
            intent.sends += 1
            intent.due_at = now + PATIENCE_S
            self._note_send(intent)
            await self._put(socket, **intent.frame)

    def _note_send(self, intent: Intent) -> None:
        fields = {"key": intent.key, "room": intent.room, "link": self.link}
        fields |= {"hash": intent.hash, "user": self.person.id}
        if intent.sends > 1:
            self.note("again", **fields)
        elif intent.op in {"send", "stream"}:
            self.note("send", **fields)
        else:
            self.note("change", op=intent.op, seq=intent.seq, **fields)

    async def tell(self, **frame: Any) -> None:
        """Send a frame, unless there is no connection."""
        if self.socket is not None:
            await self._put(self.socket, **frame)

    async def _put(self, socket: ClientConnection, **frame: Any) -> None:
        with contextlib.suppress(*BROKEN):
            await socket.send(json.dumps(frame))

    def later(self, coroutine: Any) -> None:
        """Run it beside everything else, until it ends or the bot stops."""
        task = asyncio.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # Connecting

    async def _live(self) -> None:
        while not self._leaving:
            try:
                await self._connected()
                self._tries = 0
            except BROKEN as error:
                self.note("no_link", why=type(error).__name__)
            self._tries += 1
            longest = min(BACKOFF_S[1], BACKOFF_S[0] * 2**self._tries)
            await asyncio.sleep(self.rng.uniform(BACKOFF_S[0], longest))

    async def _connected(self) -> None:
        self.web = self.rng.choice(self.webs)
        port = self.stage.gates[self.web].port
        self.note("knock", web=self.web)
        async with connect(
            f"ws://127.0.0.1:{port}/ws/?v=1&format=json",
            additional_headers=self.headers(),
            open_timeout=5,
            ping_interval=4,
            ping_timeout=6,
            close_timeout=0.5,
            proxy=None,
            compression=None,
        ) as socket:
            try:
                await self._read(socket)
            finally:
                self.socket = None
                code = socket.close_code
                self.note("closed", link=self.link, web=self.web, code=code)

    def headers(self) -> dict[str, str]:
        """How it says who it is."""
        return {"Authorization": f"Bearer {self.person.token}"}

    async def _read(self, socket: ClientConnection) -> None:
        self.link += 1
        self.note("open", link=self.link, web=self.web, user=self.person.id)
        self.socket, self._tries = socket, 0
        self.opened_at = self.recorder.now()
        self.behind = set(self.rooms)
        for room in sorted(self.rooms):
            self.reducer.log(room).replay_to = -1
            await self._follow(room)
        self.outbox.all_due()
        ticking = asyncio.create_task(self._tick())
        try:
            async for data in socket:
                self._on_frame(json.loads(data))
        finally:
            ticking.cancel()

    async def _tick(self) -> None:
        while True:
            await self._send_due()
            await asyncio.sleep(TICK_S)

    async def _follow(self, room: str) -> None:
        after = self.reducer.log(room).cursor
        await self.tell(type="subscribe", room=room, after=after, ref=room)

    # Frames

    def _on_frame(self, frame: Frame) -> None:
        kind = frame["type"]
        if kind in {"message", "changed"}:
            self.heard(frame, "socket")
        elif kind == "ack":
            self._on_ack(frame)
        elif kind == "error":
            self._on_error(frame)
        else:
            self.on_other(frame)
        for effect in self.reducer.apply(frame):
            self._on_effect(effect)
        self._caught_up(frame.get("room", ""))

    def on_other(self, frame: Frame) -> None:
        """What a plain bot does not look at: presence, typing, the lobby."""

    def heard(self, frame: Frame, way: str) -> None:
        """Note that something of a room reached this person, by whatever way."""
        self.note(
            "heard",
            room=frame["room"],
            seq=frame["seq"],
            cseq=frame["changed_seq"],
            way=way,
            user=self.person.id,
        )

    def _on_ack(self, frame: Frame) -> None:
        if writing := self.writings.get(frame["ref"] or ""):
            writing.answered(frame)
        key = frame.get("client_id") or frame["ref"]
        intent = self.outbox.done(key)
        fields = {"key": key, "room": frame["room"], "seq": frame["seq"]}
        fields |= {"sends": intent.sends if intent else 0}
        if "client_id" in frame:
            self.own.add(frame["room"], frame["seq"])
            if (begun := self.writings.pop(key, None)) and not begun.seq.done():
                begun.seq.set_result(frame["seq"])
            self.note("ack", **fields, cseq=frame["changed_seq"])
            return
        if "/" in key:  # a piece or the end of a growing text
            return
        if intent is not None:
            self.own.answered(intent, acked=True)
        self.note("change_ack", **fields, cseq=frame["changed_seq"])

    def _on_error(self, frame: Frame) -> None:
        code, key = frame["code"], frame.get("client_id") or frame.get("ref") or ""
        if writing := self.writings.get(key):
            writing.answered(frame)
        intent = self.outbox.intents.get(key)
        self.note("error", code=code, key=key, message=frame["message"][:80])
        if intent is None:
            if key in self.rooms:  # the answer to a subscribe
                self.later(self._follow_later(key))
            return
        if code in LATER:
            wait_s = frame.get("retry_after_ms", LATER[code] * 1000) / 1000
            intent.due_at = asyncio.get_running_loop().time() + wait_s
            return
        self.outbox.done(key)
        if begun := self.writings.pop(key, None):
            begun.seq.cancel()
        self.own.answered(intent, acked=False)
        self.note("nack", key=key, room=intent.room, code=code, sends=intent.sends)

    async def _follow_later(self, room: str) -> None:
        await asyncio.sleep(1)
        if room in self.rooms and self.socket is not None:
            await self._follow(room)

    def _on_effect(self, effect: Effect) -> None:
        if isinstance(effect, Shown):
            self._show(effect)
        elif isinstance(effect, Hole):
            self.note("hole", room=effect.room, had=effect.cursor, came=effect.came)
            self.later(self._follow(effect.room))
        elif isinstance(effect, Grew):
            fields = {"room": effect.room, "seq": effect.seq, "offset": effect.offset}
            self.note("grew", **fields, had=effect.had, **grew_fields(effect.text))
        elif isinstance(effect, Emptied):
            self.later(self._fill(effect.room))
        elif isinstance(effect, Ended):
            self.rooms.discard(effect.room)
            self.behind.discard(effect.room)
            self.note("ended", room=effect.room, reason=effect.reason)

    def _show(self, effect: Shown) -> None:
        row = effect.row
        self.note(
            "show",
            room=effect.room,
            seq=row.seq,
            cseq=row.changed_seq,
            key=row.key,
            hash=body_hash(row.body),
            author=row.author,
            new=effect.new,
        )

    async def _fill(self, room: str) -> None:
        """Read the whole history over HTTP after a reset."""
        messages = await api.history(self, room)
        if messages is None:
            return  # the room is not ours any more
        for message in messages:
            self.heard({**message, "room": room}, "http")
        numbers = [message["seq"] for message in messages]
        self.note("replaced", room=room, seqs=[min(numbers, default=0), len(numbers)])
        for effect in self.reducer.fill(room, messages):
            self._on_effect(effect)

    def _caught_up(self, room: str) -> None:
        if room not in self.behind:
            return
        log = self.reducer.log(room)
        if 0 <= log.replay_to <= log.cursor and log.held is None:
            self.behind.discard(room)
            if not self.behind:
                self.note("caught_up", link=self.link, since=round(self.opened_at, 4))

    # Membership

    def let_in(self, room: str) -> None:
        """Follow a room that it belongs to again."""
        self.rooms.add(room)
        self.later(self._follow(room))
