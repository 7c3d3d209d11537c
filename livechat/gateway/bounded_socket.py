"""One WebSocket: frames within bounds up, counted bytes down (rules D1, D2, D3).

autobahn reads the frames; what it would do by cutting the connection, this class does
with a close frame and an end in time.
"""

import socket
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from autobahn.util import encode_truncate
from daphne.ws_protocol import WebSocketProtocol
from twisted.internet.defer import Deferred

from livechat.gateway.head import Head
from livechat.gateway.inbox import Inbox
from livechat.gateway.outflow import Outflow
from livechat.gateway.pages import Refusal, last_answer
from livechat.gateway.upgrade import switching
from livechat.gateway.websocket import SCOPE_KEY, GatewaySocket
from livechat.lib.frames import binary_frame, text_frame

if TYPE_CHECKING:
    from livechat.gateway.server import GatewayServer

PROTOCOL_ERROR = 1002
NO_CODE_SENT = 1005
CONNECTION_LOST = 1006
BAD_TEXT = 1007
FRAGMENT_LATE = 1008
INTERNAL_ERROR = 1011
RESTART = 1012
TRY_AGAIN_LATER = 1013
TOO_SLOW = 4008
CLOSE_REASON_MAX_BYTES = 123
NOT_YOURS = Refusal(403, "You may not open this socket; sign in and try again.")
RESTARTING = Refusal(503, "The server restarts; try again in a moment.")
NOT_NOW = Refusal(503, "The server cannot open a socket now; try again in a moment.")
REFUSALS = {RESTART: RESTARTING, TRY_AGAIN_LATER: NOT_NOW}


class BoundedSocket(WebSocketProtocol):  # type: ignore[misc]  # Daphne has no stubs
    """Daphne's WebSocket with an end to everything; made by `GatewayServer`."""

    head: Head
    scope: dict[str, Any]
    address: str
    on_end: Callable[[], None]  # gives back the connection's places in the counters
    asks = False  # the application was asked whether to open, and has not answered

    def __init__(self) -> None:
        # Not autobahn's: what it makes here for each connection is in `upgrade`.
        self.is_closed = Deferred()

    # Handshake ----------------------------------------------------------------

    def makeConnection(self, transport: Any) -> None:
        self.server: GatewayServer = self.factory.server_class
        self.bounds = self.server.bounds
        self.outflow = Outflow(transport, self.bounds, self.too_slow)
        self.inbox = Inbox(self.bounds, self._room_again)
        # The kernel holds little for a slow socket, so that we see it early.
        transport.getHandle().setsockopt(
            socket.SOL_SOCKET, socket.SO_SNDBUF, self.bounds.socket_send_buffer_bytes
        )
        super().makeConnection(transport)
        transport.registerProducer(self.outflow, True)

    def connectionMade(self) -> None:
        self.transport.setTcpNoDelay(True)
        self.factory.countConnections += 1

    def ask(self) -> None:
        """Ask the application whether to open; its answer comes to `handle_reply`."""
        self.scope[SCOPE_KEY] = GatewaySocket(self, self.address)
        self.inbox.put({"type": "websocket.connect"})
        self.asks = True
        self.server.sockets.add(self)
        late_at = time.monotonic() + self.bounds.handshake_deadline_s
        self.server.opening[self] = late_at
        self.server.create_application(self, self.scope, self.inbox.get)

    def not_opened_in_time(self) -> None:
        """Refuse in the application's place; the server's sweep calls this."""
        if self.state == self.STATE_CONNECTING:
            self.failHandshake("The socket was not opened in time; try again.", 503)

    def _open(self, answer: bytes) -> None:
        self.server.opening.pop(self, None)
        self.outflow.write(answer)
        self.state = self.STATE_OPEN
        self.autoPingPendingCall = self.server.loop.call_later(
            self.autoPingInterval, self._sendAutoPing
        )
        if self.data:  # it was in a hurry; these are frames, or an error
            self.server.loop.call_soon(self._read_on)

    def failHandshake(
        self, reason: str, code: int = 400, responseHeaders: object = None
    ) -> None:
        """Refuses with an HTTP page; `reason` is one sentence for the client."""
        self.asks = False
        self.server.opening.pop(self, None)
        self.transport.write(last_answer(Refusal(code, reason)))
        self._ended(CONNECTION_LOST)
        self.wasNotCleanReason = ""
        self.dropConnection(abort=False)

    # Up: frames ---------------------------------------------------------------

    def dataReceived(self, data: bytes) -> None:
        if self.state == self.STATE_CONNECTING:
            # Before our yes: kept, and no more is read.
            self.data += data
            self.transport.pauseProducing()
        elif not self.failedByMe:
            self._dataReceived(data)
            self._note_unfinished()

    def processData(self) -> bool:
        if self.failedByMe or (self.inbox.full and self.state == self.STATE_OPEN):
            return False
        more: bool = super().processData()
        return more

    def onMessage(self, payload: bytes, isBinary: bool) -> None:
        self.server.unfinished.pop(self, None)
        if self.state != self.STATE_OPEN:
            return
        try:
            kind, content = (
                ("bytes", payload) if isBinary else ("text", str(payload, "utf-8"))
            )
        except UnicodeDecodeError:
            self._invalid_payload("text that is not UTF-8")
            return
        self.inbox.put({"type": "websocket.receive", kind: content}, len(payload))
        if self.inbox.full:
            self.transport.pauseProducing()

    def _room_again(self) -> None:
        # Not at once: the application's receive() is on the stack.
        self.server.loop.call_soon(self._read_on)

    def _read_on(self) -> None:
        if self.state == self.STATE_OPEN:
            self.consumeData()
            self._note_unfinished()
            if not self.inbox.full:
                self.transport.resumeProducing()

    def _note_unfinished(self) -> None:
        """Starts the clock of a message that has begun; our own pause stops it."""
        begun = self.state == self.STATE_OPEN and (
            self.inside_message or self.current_frame is not None or bool(self.data)
        )
        if begun and not self.inbox.full:
            self.server.unfinished.setdefault(self, time.monotonic())
        else:
            self.server.unfinished.pop(self, None)

    def onAutoPingTimeout(self) -> None:
        if self.inbox.full:
            # The pong may lie unread behind frames that the application has to take.
            self.autoPingTimeoutCall = self.server.loop.call_later(
                self.autoPingTimeout, self.onAutoPingTimeout
            )
        else:
            super().onAutoPingTimeout()

    # Down: bytes --------------------------------------------------------------

    def sendData(
        self, data: bytes, sync: bool = False, chopsize: int | None = None
    ) -> None:
        self.outflow.write(data)

    def queue(self, data: bytes) -> None:
        """Writes behind what is unsent, and judges how much that is now."""
        self.outflow.write(data)
        unsent = self.outflow.unsent
        if unsent > self.bounds.unsent_max_bytes:
            self.too_slow()
        elif unsent > self.bounds.slow_bytes:
            self.server.slow.setdefault(self, time.monotonic())

    async def drained(self) -> None:
        """Waits until the client has taken most of what was written."""
        await self.outflow.drained()

    def handle_reply(self, message: dict[str, Any]) -> None:
        """One ASGI message of the application; too late is not an error.

        Raises: ValueError, for a type that a WebSocket does not have.
        """
        kind = message["type"]
        if kind == "websocket.accept":
            self._accept(message)
        elif kind == "websocket.close":
            self.close(message.get("code") or 1000, message.get("reason") or "")
        elif kind == "websocket.send":
            self._send_message(message)
        else:
            raise ValueError(f"expected a message of a WebSocket, got {kind!r}")

    def _accept(self, message: dict[str, Any]) -> None:
        if self.asks and self.state == self.STATE_CONNECTING:
            subprotocol = message.get("subprotocol")
            if subprotocol not in {None, *self.scope["subprotocols"]}:
                raise ValueError(f"the client offered no subprotocol {subprotocol!r}")
            (key,) = self.head.values(b"sec-websocket-key")
            answer = switching(key, subprotocol, list(message.get("headers") or ()))
            self.asks = False
            self._open(answer)

    def _send_message(self, message: dict[str, Any]) -> None:
        text, data = message.get("text"), message.get("bytes")
        if self.state == self.STATE_CONNECTING:
            raise ValueError("expected websocket.accept first, got websocket.send")
        if self.state == self.STATE_OPEN:
            framed = (
                binary_frame(data or b"") if text is None else text_frame(text.encode())
            )
            self.queue(framed)

    # Ends ---------------------------------------------------------------------

    def close(self, code: int, reason: str = "") -> None:
        """See RawSocket.close."""
        if self.state == self.STATE_CONNECTING and self.asks:
            found = REFUSALS.get(code, NOT_YOURS)
            self.failHandshake(found.sentence, found.status)
        if self.state != self.STATE_OPEN:
            return
        self.sendCloseFrame(code, encode_truncate(reason, CLOSE_REASON_MAX_BYTES))
        self._ended(code)
        self.transport.resumeProducing()  # the answer to our close frame

    def too_slow(self) -> None:
        """Closes with 4008: the client takes less than it must; it resumes later."""
        self.close(TOO_SLOW, "too slow")

    def application_failed(self, error_id: str) -> None:
        """The application raised, or returned while the socket was open."""
        if self.state == self.STATE_CONNECTING:
            sentence = f"Something went wrong here; report error {error_id}."
            self.failHandshake(sentence, 500)
        else:
            self.close(INTERNAL_ERROR)

    @property
    def is_answered(self) -> bool:
        """True when the socket is closed or closing."""
        return self.state not in {self.STATE_OPEN, self.STATE_CONNECTING}

    def fail(self, code: int, reason: str) -> None:
        """Closes because of what the client sent; what follows it is not read."""
        if self.state == self.STATE_OPEN:
            self.failedByMe = True
            self.close(code, reason)
            self.data = b""
            # The rest is thrown away unread; the client sees frame, end, nothing else.
            self.transport.loseWriteConnection()
        elif self.state == self.STATE_CLOSING:
            self.dropConnection(abort=False)

    def _fail_connection(self, code: int = 1001, reason: str = "going away") -> None:
        self.fail(code, reason)

    def _protocol_violation(self, reason: str) -> bool:
        self._fail_connection(PROTOCOL_ERROR, reason)
        return True

    def _invalid_payload(self, reason: str) -> bool:
        self._fail_connection(BAD_TEXT, reason)
        return True

    def _closeConnection(self, abort: bool = False) -> None:
        if abort and not self.wasClean:
            self.transport.abortConnection()
            return
        self.transport.loseConnection()
        # It waits for unsent bytes, and a stalled client never takes them.
        self.server.loop.call_later(
            self.bounds.close_deadline_s, self.transport.abortConnection
        )

    def onClose(self, wasClean: bool, code: int | None, reason: str | None) -> None:
        if self.closedByMe or self.failedByMe:
            code = self.localCloseCode
        elif wasClean:
            code = self.remoteCloseCode or NO_CODE_SENT
        self._ended(code or CONNECTION_LOST, drop=False)
        self.outflow.end()
        self.server.forget_socket(self)
        self.on_end()
        self.server.note_end()

    def _ended(self, code: int, *, drop: bool = True) -> None:
        disconnect = {"type": "websocket.disconnect", "code": code}
        self.inbox.finish(disconnect, drop=drop)
        self.server.protocol_disconnected(self)
