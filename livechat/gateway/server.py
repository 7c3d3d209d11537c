"""The bounded Daphne: counts connections, sweeps deadlines, and ends in order.

The sweep (four times a second) is the only clock of HTTP connections; sockets that owe
something (the rest of a message, room for unsent bytes) stand in a small table each, so
that thousands of idle ones cost nothing.
"""

# First: it installs Twisted's reactor on a loop of the policy that is set by now.
import daphne.server  # isort: skip

import asyncio
import logging
import signal
import socket
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from twisted.internet import reactor
from twisted.logger import (
    FilteringLogObserver,
    LogLevel,
    LogLevelFilterPredicate,
    STDLibLogObserver,
    globalLogBeginner,
)

from livechat.gateway.addresses import ConnectionCounter
from livechat.gateway.applications import Application, Applications, Conversation
from livechat.gateway.bounded_socket import (
    FRAGMENT_LATE,
    RESTART,
    BoundedSocket,
)
from livechat.gateway.bounds import Bounds
from livechat.gateway.channel import BoundedChannel
from livechat.gateway.handshake import BoundedSocketFactory, open_socket
from livechat.gateway.http import GatewayFactory
from livechat.gateway.outflow import check_transport
from livechat.gateway.pages import Header

logger = logging.getLogger(__name__)

SWEEP_S = 0.25
BACKLOG = 1024  # connections that the kernel holds until we accept them
BodyLimit = Callable[[Sequence[Header]], int]
Hook = Callable[[], Awaitable[None]]


def listen_on(host: str, port: int, *, reuse_port: bool = False) -> socket.socket:
    """A listening socket; port 0 takes a free one. Raises: OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    family, kind, protocol, _, address = found[0]
    listener = socket.socket(family, kind, protocol)
    listener.setblocking(False)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if reuse_port:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


class GatewayServer(daphne.server.Server):  # type: ignore[misc]  # no stubs
    """Daphne's server with bounds; `run` blocks until SIGTERM or SIGINT.

    `body_limit` gets the headers (names in lower case) of each request before its body
    is read and answers with the largest body allowed, in bytes. It is the place where
    a signed upload ticket is looked at; a body above `bounds.body_max_bytes` goes to a
    temporary file instead of memory. `on_shutdown` is awaited, for
    `bounds.shutdown_hook_s` at most, before the sockets are closed.
    """

    def __init__(
        self,
        application: Application,
        *,
        bounds: Bounds | None = None,
        body_limit: BodyLimit | None = None,
        on_shutdown: Hook | None = None,
    ) -> None:
        self.bounds = bounds or Bounds()
        super().__init__(application, endpoints=["-"], server_name="")
        self.body_limit = body_limit or self._usual_body_limit
        self._on_shutdown = on_shutdown
        self.loop: asyncio.AbstractEventLoop = reactor._asyncioEventloop
        self.applications = Applications(application, self.bounds.application_close_s)
        self.channels: set[BoundedChannel] = set()
        self.sockets: set[BoundedSocket] = set()
        self.opening: dict[BoundedSocket, float] = {}  # until when
        self.slow: dict[BoundedSocket, float] = {}  # since when
        self.unfinished: dict[BoundedSocket, float] = {}  # since when
        most, each = self.bounds.max_connections, self.bounds.max_per_address
        # Behind a proxy every connection is the proxy's: there, sockets are counted.
        proxied = self.bounds.trusted_proxies > 0
        self.counter = ConnectionCounter(most if proxied else each, most)
        self.socket_counter = ConnectionCounter(each, most)
        self._stopping = False
        self._all_gone = asyncio.Event()

    def run(self, listener: socket.socket) -> None:
        """Serves what `listener` accepts, until a signal ends it."""
        check_transport()
        _log_errors_of_twisted()
        self.http_factory = GatewayFactory(self)
        self.ws_factory = BoundedSocketFactory(self)
        self._port = reactor.adoptStreamPort(
            listener.fileno(), listener.family, self.http_factory
        )
        listener.close()  # Twisted has its own duplicate
        asyncio.set_event_loop(self.loop)
        for number in (signal.SIGTERM, signal.SIGINT):
            self.loop.add_signal_handler(number, self._on_signal)
        self.loop.call_later(SWEEP_S, self._sweep)
        reactor.run(installSignalHandlers=False)

    # What channels, requests and sockets call ---------------------------------

    def create_application(
        self, protocol: Conversation, scope: dict[str, Any], receive: Any
    ) -> None:
        """Starts the application for a request or a socket."""
        self.applications.start(protocol, scope, receive)

    def protocol_disconnected(self, protocol: Conversation) -> None:
        """A request is over or a socket closes: its application should end."""
        self.applications.leave(protocol)

    def cancel_application(self, protocol: Conversation) -> None:
        """Ends an application that took too long."""
        self.applications.cancel(protocol)

    def open_socket(self, channel: BoundedChannel) -> None:
        """Makes a socket of a connection that asked for one."""
        open_socket(self, channel)

    def forget_socket(self, closed: BoundedSocket) -> None:
        """Takes a socket whose connection has ended out of all tables."""
        self.sockets.discard(closed)
        self.opening.pop(closed, None)
        self.slow.pop(closed, None)
        self.unfinished.pop(closed, None)

    def give_back(self, peer: str, address: str) -> None:
        """A socket's connection has ended; others may take its places."""
        self.counter.release(peer)
        if self.bounds.trusted_proxies:
            self.socket_counter.release(address)

    def note_end(self) -> None:
        """A connection has ended; while stopping, the last one ends the wait."""
        if self._stopping and not self.channels and not self.sockets:
            self._all_gone.set()

    def _usual_body_limit(self, headers: Sequence[Header]) -> int:
        return self.bounds.body_max_bytes

    # The sweep ----------------------------------------------------------------

    def _sweep(self) -> None:
        self.loop.call_later(SWEEP_S, self._sweep)
        now = time.monotonic()
        for channel in [each for each in self.channels if each.deadline <= now]:
            self._expire(channel)
        for opening in [each for each, end in self.opening.items() if end <= now]:
            opening.not_opened_in_time()
        self._sweep_slow(now - self.bounds.slow_s)
        self._sweep_unfinished(now - self.bounds.fragment_deadline_s)
        self.applications.sweep(now)

    def _expire(self, channel: BoundedChannel) -> None:
        try:
            channel.expire()
        except Exception:  # the outermost loop: the others' deadlines must hold
            logger.exception("A deadline could not be enforced politely.")
            channel.transport.abortConnection()

    def _sweep_slow(self, latest: float) -> None:
        for each, since in list(self.slow.items()):
            if each.outflow.unsent <= self.bounds.slow_bytes:
                del self.slow[each]
            elif since <= latest:
                del self.slow[each]
                each.too_slow()

    def _sweep_unfinished(self, latest: float) -> None:
        for each, since in list(self.unfinished.items()):
            if since <= latest:
                del self.unfinished[each]
                each.fail(FRAGMENT_LATE, "message not finished in time")

    # The end ------------------------------------------------------------------

    def _on_signal(self) -> None:
        if self._stopping:
            reactor.stop()
            return
        self._stopping = True
        self._shut_down_task = self.loop.create_task(self._shut_down())

    async def _shut_down(self) -> None:
        try:
            async with asyncio.timeout(self.bounds.shutdown_s):
                self._port.stopListening()
                await self._call_hook()
                for each in list(self.sockets):
                    each.close(RESTART, "service restart")
                for channel in list(self.channels):
                    channel.finish_up()
                self.note_end()
                await self._all_gone.wait()
        except TimeoutError:
            logger.warning("Stopped with connections open: they did not end in time.")
        await self.applications.cancel_all()
        reactor.stop()

    async def _call_hook(self) -> None:
        if self._on_shutdown is None:
            return
        try:
            async with asyncio.timeout(self.bounds.shutdown_hook_s):
                await self._on_shutdown()
        except TimeoutError:
            logger.warning("on_shutdown did not end in time; it was cancelled.")
        except Exception:  # the outermost frame of the application's own code
            logger.exception("on_shutdown raised.")


def _log_errors_of_twisted() -> None:
    """Sends Twisted's errors to `logging`, and its chatter nowhere."""
    errors = FilteringLogObserver(
        STDLibLogObserver("livechat.gateway.twisted"),
        [LogLevelFilterPredicate(LogLevel.error)],
    )
    globalLogBeginner.beginLoggingTo([errors], redirectStandardIO=False)
