"""The socket's consumer: lets a socket in, turns frames into intents, answers.

It decides nothing: access, the worker and the hub do. It never raises for what a
client sends, and what goes down to many never passes through here.
"""

import logging
import secrets
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, ClassVar, cast
from urllib.parse import parse_qs

from channels.consumer import AsyncConsumer
from django import db
from django.conf import settings
from msgspec.structs import replace

from accounts.sessions import Principal, bearer_of, cookie_of, principal_of, still_valid
from chat import fanout, intents, orders, subscriptions
from chat.acks import answer_to
from chat.answers import TOO_FAST, refused
from chat.errands import Errands
from chat.greetings import VERSION, hello, language_of
from chat.inbox import Refused, waiting
from chat.pace import Pace
from chat.reading import NO_MEMBER, NO_ROOM
from chat.web import WebProcess, web_process
from chat.writing import Writing, may_write_so, write_of
from livechat.gateway.origin import origin_allowed
from livechat.lib import limits
from livechat.lib.codec import FrameError, decode, encode
from livechat.lib.connections import TRY_AGAIN_LATER, Connection
from livechat.lib.storage import NoAnswer
from livechat.lib.words import marked

logger = logging.getLogger(__name__)

GOING_AWAY = frozenset({1000, 1001})
AGAIN_MS = 1000  # a program asks again after this, when the database was away

Event = dict[str, Any]
Receive = Callable[[], Awaitable[Event]]
Send = Callable[[Event], Awaitable[None]]


class RoomConsumer(AsyncConsumer):  # type: ignore[misc]  # channels is untyped
    """One socket: any number of rooms, presence and typing."""

    scope: Event
    web: WebProcess
    connection: Connection
    pace: Pace
    errands: Errands
    asked_at: int  # revocations that were done before we asked who this is

    async def __call__(self, scope: Event, receive: Receive, send: Send) -> None:
        """Handle the socket's events one after the other, in a plain loop.

        Channels' own loop costs two tasks and a hop to a thread for each event; nothing
        here needs them, as every question to the database has its thread already.
        """
        self.scope, self._send = scope, send
        await receive()  # websocket.connect
        if not await self._came_in():
            return
        clean, self.pace, self.errands = False, Pace(), Errands()
        try:
            await self._greet()
            while (event := await receive())["type"] == "websocket.receive":
                await self._receive(event)
            clean = event.get("code") in GOING_AWAY
        finally:
            self.pace.stop()
            self.errands.stop()
            # Also when we are cancelled: nobody may stay in a room for ever.
            self.web.attendance.lost(self.connection, clean=clean)
            for room in list(self.connection.feeds):
                self.web.attendance.viewing.unview(room, self.connection)
            self.web.remove(self.connection)

    # In

    async def _came_in(self) -> bool:
        """Whether the socket may be opened; if not, it was refused."""
        try:
            if await self._let_in():
                return True
            await self._send({"type": "websocket.close"})  # before the accept: HTTP 403
        except (db.Error, TimeoutError) as error:
            logger.warning("a socket must come again, the database said: %r", error)
            close = {"type": "websocket.close", "code": TRY_AGAIN_LATER}  # HTTP 503
            await self._send(close)
        return False

    async def _let_in(self) -> bool:
        """Whether this is somebody, from our own page or with a token."""
        raw = self.scope["query_string"].decode("latin-1")
        query = parse_qs(raw, keep_blank_values=True)
        wanted = {"v": [str(VERSION)], "format": ["html"], **query}
        page_or_program = wanted["format"] in (["html"], ["json"])
        if wanted["v"] != [str(VERSION)] or not page_or_program:
            return False
        headers = self.scope["headers"]
        bearer = bearer_of(headers)
        origins = [value for name, value in headers if name == b"origin"]
        if bearer is None and not origin_allowed(origins, settings.SITE_ORIGINS):
            return False
        self.web = await web_process()
        self.asked_at = self.web.endings.revocations.count
        whose = partial(principal_of, cookie=cookie_of(headers), bearer=bearer)
        principal = await self.web.hub.ask(whose)
        if principal is None:
            return False
        self.connection = Connection(
            secrets.token_urlsafe(9),
            self.scope["livechat.socket"],
            html=wanted["format"] == ["html"],
            principal=principal,
            language=language_of(principal, headers),
        )
        return True

    async def _greet(self) -> None:
        await self._send({"type": "websocket.accept"})
        self.web.add(self.connection)
        who: Principal = self.connection.principal
        missed = self.web.endings.revocations.count != self.asked_at
        # One that was read before the hub knew this socket has not closed it.
        if missed and not await self.web.hub.ask(still_valid, who):
            self.web.endings.let_go(self.connection)
        self.connection.send(hello(who))
        await self.web.badges.add(self.connection)

    # Frames

    async def _receive(self, event: Event) -> None:
        """Answer one frame; an error of ours is logged under an id that is told."""
        ref: str | None = None
        frame: dict[str, Any] = {}
        try:
            frame = self._decoded(event)
            ref = intents.ref_of(frame)
            intent = intents.parse(frame)
            if wait_s := self.pace.wait_s(intent):
                self._put_off(intent, wait_s, frame)
            else:
                await self._HANDLERS[type(intent)](self, intent)
        except Exception as error:  # noqa: BLE001 - told, and logged if it is ours
            about = frame or getattr(error, "frame", {})
            self._tell_error(error, {"ref": ref, **intents.named(about)})

    def _put_off(
        self, intent: intents.Intent, wait_s: float, frame: dict[str, Any]
    ) -> None:
        """Refuse a frame that came too soon; of states only the last one counts."""
        if isinstance(intent, intents.Presence):
            show = partial(self.web.attendance.show, self.connection)
            self.pace.later(wait_s, show, intent.state)
        elif not isinstance(intent, intents.Typing):  # which ends by itself
            seconds = max(1, round(wait_s + 0.49))
            told = {"ref": intents.ref_of(frame), **intents.named(frame)}
            told["retry_after_ms"] = int(wait_s * 1000) + 1
            self._refuse("rate_limited", marked(TOO_FAST, seconds), told)

    def _decoded(self, event: Event) -> dict[str, Any]:
        text = event.get("text")
        if text is None:
            raise FrameError("bad_frame", "Expected a text frame, got a binary one.")
        frame = cast(dict[str, Any], decode(text))
        return intents.from_form(frame) if self.connection.html else frame

    def _refuse(self, code: str, message: str, told: dict[str, Any]) -> None:
        """Send an error frame; too many of them within the window end the socket."""
        frame = {"type": "error", **told, "code": code, "message": message}
        html = fanout.toast(message) if self.connection.html else b""
        self.connection.send(encode(frame), html)
        self.connection.count_error()

    def _tell_error(self, error: Exception, told: dict[str, Any]) -> None:
        """Answer with what went wrong; the socket stays open."""
        if isinstance(error, FrameError):
            self._refuse(error.code, error.message, told)
        elif isinstance(error, NoAnswer):
            logger.warning("a frame waits, the database said: %r", error)
            self._make_wait(told)
        else:
            error_id = secrets.token_hex(4)
            logger.error("error %s in a frame", error_id, exc_info=error)
            sentence = marked("Something broke here (error {0}).", error_id)
            self._refuse("internal", sentence, told)

    def _make_wait(self, told: dict[str, Any]) -> None:
        """Tell that the database does not answer, which is no error of the client's.

        A page asks only when it connects, so it is made to connect again.
        """
        if self.connection.html:
            self.connection.socket.close(TRY_AGAIN_LATER, "the database is away")
            return
        told["retry_after_ms"] = AGAIN_MS
        told["message"] = "The server can look up nothing now. Try it again."
        self.connection.send(encode({"type": "error", **told, "code": "waiting"}))

    # Intents

    async def _subscribe(self, intent: intents.Subscribe) -> None:
        web, connection = self.web, self.connection
        entrance = await subscriptions.subscribe(
            web, connection, intent.room, intent.after, intent.ref
        )
        show = partial(subscriptions.show, web, connection, entrance)
        self.errands.show(intent.room, show)

    async def _unsubscribe(self, intent: intents.Unsubscribe) -> None:
        if not await subscriptions.leave(self.web, self.connection, intent.room):
            raise subscriptions.no_room()
        frame = {"type": "unsubscribed", "ref": intent.ref, "room": intent.room}
        self.connection.send(encode(frame))

    async def _post(self, intent: intents.Send) -> None:
        """Put the message into the room's inbox; its answer comes from the worker."""
        who: Principal = self.connection.principal
        if (said := orders.reworded(intent, who.name)) is not None:
            await self._write(said)
        else:  # a command, which waits for the database
            known = self.web, self.connection, intent, self._write
            self.errands.in_turn(partial(orders.obey, *known))
        await self.web.attendance.typing(intent.room, self.connection, on=False)

    async def _write(self, intent: Writing) -> None:
        """Put whatever writes into the room's inbox, and answer if it takes it not."""
        who: Principal = self.connection.principal
        if not may_write_so(intent, who):
            raise FrameError("forbidden", "Only programs write piece by piece.")
        room = await subscriptions.room_key(self.web, self.connection, intent.room)
        write = write_of(intent, room, who, (self.web.id, self.connection.id))
        try:
            if self.web.hub.redis_is_silent:
                raise waiting()
            await self.web.submissions.submit(room % limits.SHARDS, write)
        except Refused as refusal:
            answer = refused(write, None, refusal.code, str(refusal))
            wait = refusal.retry_after_ms
            answer_to(self.connection, replace(answer, retry_after_ms=wait))

    async def _read(self, intent: intents.Read) -> None:
        # Only its own answer waits for the database; a lock holds it for seconds.
        self.errands.begin(self._mark(intent))

    async def _mark(self, intent: intents.Read) -> None:
        user_id = self.connection.principal.user_id
        try:
            # A page only says what it shows; its reader marks unread over HTTP.
            stored = await self.web.marks.mark(
                user_id, intent.room, intent.seq, is_seen=self.connection.html
            )
            if stored == NO_MEMBER:
                raise FrameError("forbidden", marked("Join the room first."))
            if stored == NO_ROOM:
                raise subscriptions.no_room()
        except NoAnswer as error:
            self._tell_error(subscriptions.not_stored(error), {"ref": intent.ref})
        except Exception as error:  # noqa: BLE001 - told, and logged if it is ours
            self._tell_error(error, {"ref": intent.ref})
        else:
            frame = {"type": "ack", "ref": intent.ref, "room": intent.room}
            self.connection.send(encode({**frame, "seq": stored}))

    async def _typing(self, intent: intents.Typing) -> None:
        if intent.room not in self.connection.feeds:
            raise subscriptions.no_room()
        if not self.connection.known[intent.room].silence:
            await self.web.attendance.typing(intent.room, self.connection, on=intent.on)

    async def _presence(self, intent: intents.Presence) -> None:
        await self.web.attendance.show(self.connection, intent.state)

    async def _ping(self, intent: intents.Ping) -> None:
        # A page gets it too: it places nothing, but tells that we are there.
        pong = encode({"type": "pong", "ref": intent.ref})
        self.connection.send(pong, pong)

    _HANDLERS: ClassVar[dict[type, Callable[..., Awaitable[None]]]] = {
        intents.Subscribe: _subscribe,
        intents.Unsubscribe: _unsubscribe,
        intents.Send: _post,
        intents.Edit: _write,
        intents.Delete: _write,
        intents.React: _write,
        intents.Stream: _write,
        intents.Append: _write,
        intents.Finish: _write,
        intents.Read: _read,
        intents.Typing: _typing,
        intents.Presence: _presence,
        intents.Ping: _ping,
    }
