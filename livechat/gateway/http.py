"""One HTTP request as an ASGI conversation, when head and body are within bounds."""

import asyncio
import tempfile
from io import BytesIO
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from daphne.http_protocol import WebRequest
from twisted.web import http

from livechat.gateway.addresses import client_address
from livechat.gateway.channel import BoundedChannel
from livechat.gateway.head import Head, clean_headers
from livechat.gateway.pages import Header, Refusal, page, page_headers

if TYPE_CHECKING:
    from livechat.gateway.server import GatewayServer

CHUNK_BYTES = 64 * 1024


def base_scope(head: Head, transport: Any, proxies: int) -> dict[str, Any]:
    """What HTTP and WebSocket scopes share; `client` after the trusted-proxy rule."""
    peer, host = transport.getPeer(), transport.getHost()
    address = client_address(peer.host, head.values(b"x-forwarded-for"), proxies)
    is_forwarded = bool(proxies and head.values(b"x-forwarded-for"))
    headers = clean_headers(head.headers)
    if proxies:
        headers += _from_proxy(head, address)
    return {
        "http_version": head.version.removeprefix(b"HTTP/").decode("ascii"),
        "path": unquote(head.path.decode("ascii")),
        "raw_path": head.path,
        "query_string": head.query,
        "root_path": "",
        "headers": headers,
        "client": [address, 0 if is_forwarded else peer.port],
        "server": [str(host.host), host.port],
    }


def _from_proxy(head: Head, address: str) -> list[Header]:
    scheme = forwarded_scheme(head).encode("ascii")
    return [
        (b"x-forwarded-for", address.encode("ascii")),
        (b"x-forwarded-proto", scheme),
    ]


def forwarded_scheme(head: Head) -> str:
    """`https` when the proxy nearest to us was asked by it, else `http`."""
    said = b",".join(head.values(b"x-forwarded-proto")).rpartition(b",")[2]
    return "https" if said.strip().lower() == b"https" else "http"


class BoundedRequest(WebRequest):  # type: ignore[misc]  # Daphne has no stubs
    """Daphne's answers, our reading: the body is counted and never parsed here."""

    channel: Any  # a BoundedChannel; Twisted makes it None when the client is gone

    def __init__(self, channel: BoundedChannel, queued: object = False) -> None:
        # Not Daphne's: it would enter a request in its books that we may refuse.
        http.Request.__init__(self, channel, queued, parsePOSTFormSubmission=False)
        self.server: GatewayServer = channel.server
        self.application_queue = None
        self._outflow = channel.outflow
        self._response_started = False
        self._body_is_taken = False
        self._gone: asyncio.Future[None] = self.server.loop.create_future()

    # What the channel calls -------------------------------------------------------

    def gotLength(self, length: int | None) -> None:
        small = self.channel.body_limit <= self.channel.bounds.body_max_bytes
        # Only a request with an upload ticket is worth a file; Twisted closes it.
        self.content = BytesIO() if small else tempfile.TemporaryFile()  # noqa: SIM115

    def handleContentChunk(self, data: bytes) -> None:
        if self.channel is not None and self.channel.counts_body(len(data)):
            self.content.write(data)

    def requestReceived(self, command: bytes, path: bytes, version: bytes) -> None:
        self.method, self.uri, self.clientproto = command, path, version
        self.path = path.partition(b"?")[0]
        self._body_bytes = self.content.tell()
        self.content.seek(0)
        if self.channel.head.upgrades:
            self.server.open_socket(self.channel)
        else:
            self._call_application(self.channel.head)

    def _call_application(self, head: Head) -> None:
        proxies = self.server.bounds.trusted_proxies
        scope = base_scope(head, self.transport, proxies)
        scope["type"] = "http"
        scope["method"] = head.method.decode("ascii")
        scope["scheme"] = forwarded_scheme(head) if proxies else "http"
        self.client_addr = scope["client"]
        self.server.create_application(self, scope, self.receive)

    # What the application calls ----------------------------------------------------

    async def receive(self) -> dict[str, Any]:
        """The body in pieces, then, when the client is gone or served, its leaving."""
        if self._body_is_taken or self._gone.done():
            await asyncio.wait([self._gone])
            return {"type": "http.disconnect"}
        body = self.content.read(CHUNK_BYTES)
        self._body_is_taken = self.content.tell() >= self._body_bytes
        more = not self._body_is_taken
        return {"type": "http.request", "body": body, "more_body": more}

    async def drained(self) -> None:
        """Waits until the client has taken most of what was written."""
        await self._outflow.drained()

    def handle_reply(self, message: dict[str, Any]) -> None:
        if self.channel is not None and not self.channel.persistent:
            self.setHeader(b"Connection", b"close")
        super().handle_reply(message)

    # Ends --------------------------------------------------------------------------

    @property
    def is_answered(self) -> bool:
        """True when nothing more can be said: the answer is whole or nobody listens."""
        return bool(self.finished) or self.channel is None

    def answer(self, refusal: Refusal) -> None:
        """Answers in the application's place; half an answer is cut off instead."""
        if self.is_answered:
            return
        if self._response_started:
            self.transport.abortConnection()
            return
        body = page(refusal)
        headers = page_headers(refusal, body)
        start = {"status": refusal.status, "headers": headers}
        self.handle_reply({"type": "http.response.start", **start})
        self.handle_reply({"type": "http.response.body", "body": body})

    def answer_is_late(self) -> None:
        """The application has had its time; a streaming answer may go on."""
        if not self._response_started:
            self.answer(Refusal(503, "The answer took too long; try again soon."))
            self.server.cancel_application(self)

    def application_failed(self, error_id: str) -> None:
        """The application raised, or returned without a whole answer."""
        sentence = f"Something went wrong here; try again, or report error {error_id}."
        self.answer(Refusal(500, sentence))

    def finish(self) -> None:
        http.Request.finish(self)
        self._end()

    def connectionLost(self, reason: Any) -> None:
        http.Request.connectionLost(self, reason)
        self._end()

    def _end(self) -> None:
        if not self._gone.done():
            self._gone.set_result(None)
        self.server.protocol_disconnected(self)


class GatewayFactory(http.HTTPFactory):  # type: ignore[misc]  # no stubs
    """Makes a channel for each connection that there is room for."""

    def __init__(self, server: "GatewayServer") -> None:
        super().__init__(timeout=None)
        self.server = server

    def buildProtocol(self, addr: Any) -> BoundedChannel | None:
        peer = client_address(addr.host, (), 0)
        if not self.server.counter.admit(peer):
            return None  # Twisted closes it at once: a flood is not worth a page
        channel = BoundedChannel()
        channel.factory = self
        channel.requestFactory = BoundedRequest
        channel.callLater = self.reactor.callLater
        channel.peer = peer
        return channel

    def log(self, request: Any) -> None:
        """Nothing: the application keeps the logs that it wants."""
