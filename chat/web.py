"""What a web process has once: its hub, its attendance, and who must be let go.

Answers of the room worker, control events and revocations come in here and go to the
sockets that they concern; none of it waits for a consumer.
"""

import asyncio
import contextlib
import logging
import secrets
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec
from channels.layers import get_channel_layer
from django.conf import settings
from django.db import close_old_connections
from django.template.loader import get_template

from accounts import sessions
from chat import fanout, followers, lobby, people, presence
from chat.announcing import spoken
from chat.attendance import Attendance
from chat.badges import Badges
from chat.bells import Bells
from chat.choices import Choices
from chat.conflation import Conflation
from chat.erasing import sweep_erased
from chat.followers import Known
from chat.inbox import Answer, answers_channel
from chat.read_marks import ReadMarks
from chat.replays import Replays
from chat.roster import Roster, Told
from chat.submissions import Submissions
from chat.sweeping import sweep
from livechat.lib import limits
from livechat.lib.codec import encode
from livechat.lib.connections import Connection
from livechat.lib.failpoints import failpoint
from livechat.lib.feed import Event, Feed
from livechat.lib.frames import text_frame
from livechat.lib.hub import Hub
from livechat.lib.pipe import Pipe
from livechat.lib.redis import RedisAway
from livechat.lib.shared import Shared
from livechat.lib.storage import NoAnswer
from livechat.lib.words import from_mark

logger = logging.getLogger(__name__)

REVOCATION_POLL_S = 1.0
RECHECK_AT_ONCE = 500  # sessions in one question; databases bound its parameters
RETRY_DELAY_S = 0.5
SESSION_ENDED = 4001
# Events that end or begin a silence: of one person, and of everybody.
VOICES = frozenset({"muted", "unmuted", "role"}) | followers.RULES.keys()
FOR_ALL = frozenset({"private"}) | followers.RULES.keys()

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
        self.attendance = Attendance(self.hub, self.id, self._announce)
        self.bells = Bells(self.hub, self.attendance.state_of)
        self.badges = Badges(self.hub, self.bells.moved)
        viewing = self.attendance.viewing
        self.choices = Choices(self.hub, self.attendance, self.refresh_pane)
        self.conflation = Conflation(self.hub, viewing.roster, self.pane)
        self.revocations = sessions.Follower()  # what is done has closed its sockets
        self._look_again = asyncio.Event()
        self._rendered: Shared[bytes] = Shared()  # panes, by room
        self._panes: dict[str, asyncio.Task[None]] = {}
        self._stale_panes: dict[str, Roster] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Connect to what there is; nothing of it has to be up."""
        await self.hub.ask(self.revocations.start)
        self.hub.start()
        self.attendance.start()
        await self.hub.listen(answers_channel(self.id), self._on_answers)
        await self.badges.start()
        await self.bells.start()
        await self.hub.listen(sessions.CHANNEL, lambda _: self._look_again.set())
        await self.choices.start()
        loops = self._control(), self._revoke(), self._recheck(), self._sweep()
        for loop in (*loops, self.choices.follow()):
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
        await self.conflation.stop()
        await self.attendance.stop()
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
            if event.kind in FOR_ALL or one.principal.public_id == event.user
        ]
        gone = [one for one in concerned if not self.learn(one, room, event)]
        self.end(gone, room, event.kind, hidden=event.hidden)
        if event.kind in VOICES:
            for connection in concerned:
                self.tell_voice(connection, room)
        if event.kind == "joined":
            for connection in concerned:
                self._keep(asyncio.create_task(self.show(connection, room)))
        if feed.crowd.pages and (roster := self.attendance.viewing.roster(room)):
            self.refresh_pane(room, roster)

    def tell_voice(self, connection: Connection, room: str) -> None:
        """Show a member's own page whether they may write."""
        known: Known | None = connection.known.get(room)
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
            self._remove(connection, room)
        json, html = lobby.removed(room, reason, hidden=hidden)
        for connection in gone:
            connection.send(json, html)

    async def show(self, connection: Connection, room: str) -> None:
        """Show the socket's person to the others in the room, if it is still open."""
        if room in connection.feeds:  # who is gone by now would never be taken out
            await self.attendance.join(room, connection)

    # Sessions that end

    async def _revoke(self) -> None:
        """Close the sockets of ended sessions: when told, and by looking regularly."""
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._look_again.wait(), REVOCATION_POLL_S)
            self._look_again.clear()
            try:
                ended = await self.hub.look(_fresh(self.revocations.news))
            except Exception:  # the outermost loop: the next look heals
                logger.exception("revocations could not be read")
                continue
            for revocation in ended:
                self.revocations.done(revocation)
                for connection in list(self.hub.connections.values()):
                    if sessions.ends(revocation, connection.principal):
                        self._let_go_for_sure(connection)

    async def _recheck(self) -> None:
        """Look at every session again, RECHECK_S at the latest after the last look."""
        while True:
            await asyncio.sleep(limits.RECHECK_S)
            open_now = list(self.hub.connections.values())
            for batch in _batches(open_now, RECHECK_AT_ONCE):
                try:
                    who = [connection.principal for connection in batch]
                    valid = await self.hub.look(sessions.valid_among, who)
                except Exception:  # the outermost loop: the next round
                    logger.exception("sessions could not be looked at again")
                    break
                for connection in batch:
                    if connection.principal not in valid:
                        self._let_go_for_sure(connection)

    def _let_go_for_sure(self, connection: Connection) -> None:
        """Let go of one of many: whatever breaks, the others are let go as well."""
        try:
            self.let_go(connection)
        except Exception:  # its person is no longer who they were: closed in any case
            logger.exception("a socket could not be taken out of its rooms")
            connection.socket.close(SESSION_ENDED, "session ended")

    def let_go(self, connection: Connection) -> None:
        """Close a socket whose session has ended, and take it out of every room now."""
        for room in list(connection.feeds):
            self._remove(connection, room)
        connection.socket.close(SESSION_ENDED, "session ended")

    # Deleted rooms

    async def _sweep(self) -> None:
        """Delete what is left of deleted rooms and people, between other writes."""
        while True:
            wait_s: float = limits.DELETE_LOOK_S
            try:
                for sweeper in (sweep, sweep_erased):
                    if await self.hub.change(_fresh(sweeper)):
                        wait_s = limits.DELETE_PAUSE_S
            except NoAnswer as error:
                logger.warning(
                    "what is to be deleted waits, the database said: %r", error
                )
            except Exception:  # the outermost loop: the next look
                logger.exception("a deleted room or person could not be swept")
            await asyncio.sleep(wait_s)

    # Presence

    def _announce(self, room: str, roster: Roster, told: Told) -> None:
        feed = self.hub.feeds.get(room)
        if feed is None:
            return
        frames = b"".join(
            text_frame(encode(one)) for one in presence_frames(room, told)
        )
        typed = told.started or told.stopped
        line = people.typing_fragment(roster.typists()) if typed else b""
        feed.show(frames, line)
        self.conflation.watch(room)
        if feed.crowd.pages:
            self.refresh_pane(room, roster)

    def refresh_pane(self, room: str, roster: Roster) -> None:
        """Send the pane to the room; what changes meanwhile is rendered after it.

        Not too often: it names up to PEOPLE_PANE_MAX people to every page of the room,
        and each word that somebody types changes it.
        """
        if room in self._panes:
            self._stale_panes[room] = roster
            return
        task = asyncio.create_task(self._push_pane(room, roster))
        self._panes[room] = task
        self._keep(task)

    async def _push_pane(self, room: str, roster: Roster) -> None:
        latest: Roster | None = roster
        try:
            while latest is not None:
                if not await self._push_one_pane(room, latest):
                    self._stale_panes.setdefault(room, latest)
                await asyncio.sleep(limits.PANE_INTERVAL_S)
                latest = self._stale_panes.pop(room, None)
        finally:
            self._stale_panes.pop(room, None)
            self._panes.pop(room, None)

    async def _push_one_pane(self, room: str, roster: Roster) -> bool:
        """Send the pane as it is to all pages of the room; False to do it later."""
        try:
            html = await self.pane(room, roster)
        except NoAnswer as error:
            logger.warning("a pane waits, the database said: %r", error)
            return room not in self.hub.feeds
        if html and (feed := self.hub.feeds.get(room)):
            feed.show(b"", html)
            self.conflation.watch(room)
        return True

    async def pane(self, room: str, roster: Roster) -> bytes:
        """The people pane as a fragment for any viewer of the room."""

        async def render() -> bytes:
            roster.note_shown()
            return await self.hub.ask(
                people.people_fragment, room, roster.states(), roster.typists()
            )

        # A room that was left and opened again has another roster.
        return await self._rendered.ask(f"{room} {id(roster)}", render)


def _hears_the_end(connection: Connection, room: str) -> bool:
    """Whether the room's log tells the socket that it ended, or has told it before."""
    if room in connection.feeds or connection.joining == room:
        return True
    return room in connection.known and connection.known[room] is None


def _batches(connections: list[Connection], size: int) -> Iterator[list[Connection]]:
    """The connections in lists of `size` at most."""
    for at in range(0, len(connections), size):
        yield connections[at : at + size]


def _fresh(question: Any) -> Any:
    """The question on a database connection that is looked after."""

    def ask(*args: Any) -> Any:
        close_old_connections()
        return question(*args)

    return ask


def presence_frames(room: str, told: Told) -> list[dict[str, Any]]:
    """the protocol's frames of what changed in a room's presence."""
    frames: list[dict[str, Any]] = []
    if told.present:
        frames.append(
            {
                "type": "presence_diff",
                "room": room,
                "joins": presence.grouped(told.joins),
                "leaves": presence.grouped(told.leaves),
                "count": told.count,
            }
        )
    for kind, who in (
        ("user_typing", told.started),
        ("user_stopped_typing", told.stopped),
    ):
        for public_id, name in who:
            user = {"id": public_id, "name": name}
            frames.append({"type": kind, "room": room, "user": user})
    return frames


def answer_to(connection: Connection, answer: Answer) -> None:
    """Tell a socket what became of its message."""
    if answer.code:
        state = "waiting" if answer.code in {"waiting", "busy"} else "refused"
        frame: dict[str, Any] = {
            "type": "error",
            "ref": answer.ref,
            "code": answer.code,
            "message": from_mark(answer.message),
            "room": answer.room,
            **_what(answer),
        }
        if answer.retry_after_ms is not None:
            frame["retry_after_ms"] = answer.retry_after_ms
        if answer.offset is not None:
            frame["offset"] = answer.offset
    else:
        state = "sent"
        frame = {
            "type": "ack",
            "ref": answer.ref,
            **_what(answer),
            "room": answer.room,
            "seq": answer.seq,
            "changed_seq": answer.changed_seq,
        }
    html = _page_answer(answer, state) if connection.html else b""
    connection.send(encode(frame), html)


def _what(answer: Answer) -> dict[str, Any]:
    """What an answer is about: a message by its client_id, a change by its number."""
    if answer.client_id:
        return {"client_id": answer.client_id}
    return {"seq": answer.seq}


def _page_answer(answer: Answer, state: str) -> bytes:
    if answer.client_id:
        return pending_fragment(answer, state)
    return fanout.toast(from_mark(answer.message)) if answer.code else b""


def pending_fragment(answer: Answer, state: str) -> bytes:
    """The sender's pending bubble in its present state.

    A repeat of a stored message takes the bubble away: the message itself is there, or
    comes with the replay.
    """
    target = f"#p-{answer.client_id}"
    if answer.repeated:
        return fanout.partial(target, "delete", "").encode()
    context = {
        "client_id": answer.client_id,
        "state": state,
        "text": from_mark(answer.message),
        "retry_after_s": -(-(answer.retry_after_ms or 0) // 1000),
        "room": answer.room,
        "body": answer.body,
    }
    html = get_template("chat/_pending_state.html").render(context)
    return fanout.partial(target, "outerMorph", html).encode()


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
    return process


async def stop_web_process() -> None:
    """Stop this event loop's WebProcess, if it was ever started."""
    task = _current.pop(asyncio.get_running_loop(), None)
    if task is not None:
        await (await task).stop()
