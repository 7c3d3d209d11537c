"""What a web process has once: its hub, its attendance, and what is around them.

Answers of the room worker, control events and events of rooms come in here and go to
the sockets that they concern; none of it waits for a consumer.
"""

import asyncio
import logging
import secrets
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from channels.layers import get_channel_layer
from django.conf import settings

from chat import fanout, followers, health, lobby, people
from chat.acks import answer_to
from chat.announcing import spoken
from chat.attendance import Attendance
from chat.badges import Badges
from chat.bells import Bells
from chat.choices import Choices
from chat.endings import Endings
from chat.erasing import sweep_erased
from chat.followers import Known
from chat.inbox import Answer, answers_channel
from chat.panes import Panes
from chat.read_marks import ReadMarks
from chat.replays import Replays
from chat.roster import Roster
from chat.submissions import Submissions
from chat.sweeping import sweep
from livechat.lib import limits
from livechat.lib.connections import Connection
from livechat.lib.failpoints import failpoint
from livechat.lib.feed import Event, Feed
from livechat.lib.hub import Hub
from livechat.lib.pipe import Pipe
from livechat.lib.redis import RedisAway
from livechat.lib.storage import NoAnswer, fresh

logger = logging.getLogger(__name__)

RETRY_DELAY_S = 0.5

_answers = msgspec.msgpack.Decoder(list[Answer])


class WebProcess:
    """The hub and everything around it; made with the process's first socket."""

    def __init__(self) -> None:
        self.id = secrets.token_hex(8)
        self.submissions = Submissions(Pipe(settings.REDIS_URL))
        self.hub = Hub(
            settings.REDIS_URL,
            fanout.Log(),
            fanout.cursor_fragment,
            self._on_event,
            self._on_gone,
            spoken,
        )
        self.replays = Replays(self.hub)
        self.marks = ReadMarks(self.hub)
        self.endings = Endings(self.hub, self._remove)
        self.panes = Panes(self.hub, self._roster, self._keep)
        self.attendance = Attendance(self.hub, self.id, self.panes.announce)
        self.bells = Bells(self.hub, self.attendance.state_of)
        self.badges = Badges(self.hub, self.bells.moved)
        self.choices = Choices(self.hub, self.attendance, self.panes.refresh)
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Connect to what there is; nothing of it has to be up."""
        await self.endings.start()
        self.hub.start()
        self.attendance.start()
        await self.hub.listen(answers_channel(self.id), self._on_answers)
        await self.badges.start()
        await self.bells.start()
        await self.endings.listen()
        await self.choices.start()
        ends = self.endings.revoke(), self.endings.recheck()
        for loop in (self._control(), *ends, self._sweep(), self.choices.follow()):
            self._keep(asyncio.create_task(loop))

    def add(self, connection: Connection) -> None:
        """Know a new socket, and how its person wants to be seen."""
        self.hub.add(connection)
        self.choices.welcome(connection)
        self.bells.add(connection)

    def remove(self, connection: Connection) -> None:
        """Forget a socket that has ended."""
        self.hub.remove(connection)
        self.badges.remove(connection)
        self.bells.remove(connection)

    async def stop(self) -> None:
        """Take our people out of the rooms; the gateway closes the sockets."""
        for task in self._tasks:
            task.cancel()
        self.badges.stop()
        self.bells.stop()
        await self.panes.stop()
        await self.attendance.stop()
        health.subscribers.discard(self.hub.subscriber)
        await self.hub.stop()

    def _keep(self, task: asyncio.Task[None]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            logger.error("a task of the web process broke", exc_info=error)

    # Answers of the room worker

    def _on_answers(self, payload: bytes) -> None:
        failpoint("web.before_ack")
        for answer in _answers.decode(payload):
            if connection := self.hub.connections.get(answer.address):
                answer_to(connection, answer)
                if answer.code:
                    connection.count_error()

    # Control events

    async def _control(self) -> None:
        """Hear the control group for ever; a lost Redis is joined again."""
        layer = get_channel_layer()
        assert layer is not None  # noqa: S101 - settings always name one
        channel = await layer.new_channel("web")
        while True:
            try:
                await layer.group_add(lobby.GROUP, channel)
                while True:
                    self._on_control(await layer.receive(channel))
            except RedisAway as error:
                logger.warning("redis is away, no control events: %s", error)
            except Exception:  # the outermost loop: the next event comes
                logger.exception("a control event could not be handled")
            await asyncio.sleep(RETRY_DELAY_S)

    def _on_control(self, event: dict[str, Any]) -> None:
        json, html = event["json"].encode(), event["html"].encode()
        for connection in self._audience(event):
            if event["kind"] == "deleted":
                if connection.joining == event["room"]:
                    connection.joining = None
                self._remove(connection, event["room"])
            elif event["kind"] == "ended" and _hears_the_end(connection, event["room"]):
                continue
            connection.send(json, html)

    def _audience(self, event: dict[str, Any]) -> Iterable[Connection]:
        # Sets: a large room's members are looked up for each of our sockets.
        users = None if event["users"] is None else frozenset(event["users"])
        spared = frozenset(event.get("except_users") or ())
        for connection in list(self.hub.connections.values()):
            who = connection.principal.public_id
            if who not in spared and (users is None or who in users):
                yield connection

    def _remove(self, connection: Connection, room: str) -> None:
        """Take a socket out of a room that is no longer its person's.

        At once, so that nothing of the room can be written behind `room_removed`.
        """
        if self.hub.leave(connection, room):
            self.attendance.viewing.unview(room, connection)
            leaving = self.attendance.leave(room, connection)
            self._keep(asyncio.create_task(leaving))

    # Events of a room's log

    def _on_event(self, feed: Feed, event: Event) -> None:
        """Take out whom the event shuts out; all of them have it, and get no more."""
        room = feed.room
        concerned = [
            one
            for one in feed.crowd
            if event.kind in followers.FOR_ALL or one.principal.public_id == event.user
        ]
        gone = [one for one in concerned if not self.learn(one, room, event)]
        self.end(gone, room, event.kind, hidden=event.hidden)
        if event.kind in followers.VOICES:
            for connection in concerned:
                self.tell_voice(connection, room)
        if event.kind == "joined":
            for connection in concerned:
                self._keep(asyncio.create_task(self.show(connection, room)))
        if feed.crowd.pages and (roster := self._roster(room)):
            self.panes.refresh(room, roster)

    def _roster(self, room: str) -> Roster | None:
        return self.attendance.viewing.roster(room)

    def tell_voice(self, connection: Connection, room: str) -> None:
        """Show on a member's page whether they may write; who may not types no more."""
        known: Known | None = connection.known.get(room)
        if known is not None and known.silence:
            hush = self.attendance.typing(room, connection, on=False)
            self._keep(asyncio.create_task(hush))
        if connection.html and known is not None and known.role is not None:
            html = people.voice_fragment(room, known.silence)
            connection.send(b"", html)

    def learn(self, connection: Connection, room: str, event: Event) -> bool:
        """Keep what the event means for the socket; False when it may not follow."""
        known: Known | None = connection.known.get(room)
        if known is None:
            return False
        own = connection.principal.public_id == event.user
        known = connection.known[room] = followers.after(event, known, own=own)
        return known is not None

    def _on_gone(self, feed: Feed) -> None:
        """End a room that is not in the database any more."""
        followers_ = [*feed.crowd, *feed.ahead]
        self.end(followers_, feed.room, "deleted", hidden=True)

    def end(
        self, gone: Sequence[Connection], room: str, reason: str, *, hidden: bool
    ) -> None:
        """Take sockets out of a room; the last that they hear of it is why."""
        if not gone:
            return
        for connection in gone:  # all of them first, whatever breaks below
            connection.known[room] = None
            self.badges.lost(connection.principal.user_id, room)
            self._remove(connection, room)
        json, html = lobby.removed(room, reason, hidden=hidden)
        for connection in gone:
            connection.send(json, html)

    async def show(self, connection: Connection, room: str) -> None:
        """Show the socket's person to the others in the room, if it is still open."""
        if room in connection.feeds:  # who is gone by now would never be taken out
            await self.attendance.join(room, connection)

    # Deleted rooms

    async def _sweep(self) -> None:
        """Delete what is left of deleted rooms and people, between other writes."""
        while True:
            wait_s: float = limits.DELETE_LOOK_S
            try:
                for sweeper in (sweep, sweep_erased):
                    if await self.hub.change(fresh(sweeper)):
                        wait_s = limits.DELETE_PAUSE_S
            except NoAnswer as error:
                logger.warning(
                    "what is to be deleted waits, the database said: %r", error
                )
            except Exception:  # the outermost loop: the next look
                logger.exception("a deleted room or person could not be swept")
            await asyncio.sleep(wait_s)


def _hears_the_end(connection: Connection, room: str) -> bool:
    """Whether the room's log tells the socket that it ended, or has told it before."""
    if room in connection.feeds or connection.joining == room:
        return True
    return room in connection.known and connection.known[room] is None


_current: dict[asyncio.AbstractEventLoop, asyncio.Task[WebProcess]] = {}


async def web_process() -> WebProcess:
    """This event loop's WebProcess, started with its first caller."""
    loop = asyncio.get_running_loop()
    started = _current.get(loop)
    if started is None or (started.done() and started.exception()):
        # None yet, or the database was away: the next socket tries again.
        started = _current[loop] = asyncio.create_task(_started())
    return await asyncio.shield(started)


async def _started() -> WebProcess:
    process = WebProcess()
    try:
        await process.start()
    except BaseException:
        await process.hub.stop()
        raise
    health.subscribers.add(process.hub.subscriber)
    return process


async def stop_web_process() -> None:
    """Stop this event loop's WebProcess, if it was ever started."""
    task = _current.pop(asyncio.get_running_loop(), None)
    if task is not None:
        await (await task).stop()
