"""From a vetted handshake request to a socket, and the ASGI scope of it."""

from functools import partial
from typing import TYPE_CHECKING, Any

from daphne.ws_protocol import WebSocketFactory

from livechat.gateway.bounded_socket import BoundedSocket
from livechat.gateway.channel import BoundedChannel
from livechat.gateway.head import Head
from livechat.gateway.http import base_scope, forwarded_scheme
from livechat.gateway.pages import Refusal
from livechat.gateway.upgrade import fixed_attributes

if TYPE_CHECKING:
    from livechat.gateway.server import GatewayServer

TOO_MANY = Refusal(503, "Too many sockets are open from your address; close some.")


class BoundedSocketFactory(WebSocketFactory):  # type: ignore[misc]  # no stubs
    """Makes a BoundedSocket for each accepted handshake request."""

    def __init__(self, server: "GatewayServer") -> None:
        super().__init__(server, server="")  # "": no Server header names the software
        # autobahn's own timer rounds down to whole seconds: a deadline of one second
        # may pass at once.
        self._batched_timer = server.loop
        bounds = server.bounds
        self.setProtocolOptions(
            versions=[13],
            maxMessagePayloadSize=bounds.message_max_bytes,
            maxFramePayloadSize=bounds.message_max_bytes,
            failByDrop=False,
            openHandshakeTimeout=0,  # the server's sweep
            closeHandshakeTimeout=bounds.close_deadline_s,
            autoPingInterval=bounds.ping_interval_s,
            autoPingTimeout=bounds.ping_timeout_s,
            utf8validateIncoming=False,  # decoding says it, once for each message
        )
        # Read here once, and not copied to each socket.
        fixed = fixed_attributes(self)
        self.protocol = type("BoundedSocket", (BoundedSocket,), fixed)


def open_socket(server: "GatewayServer", channel: BoundedChannel) -> None:
    """Turns a connection whose handshake request was vetted into a socket."""
    proxies = server.bounds.trusted_proxies
    scope = socket_scope(channel.head, channel.transport, proxies)
    address = scope["client"][0]
    if proxies and not server.socket_counter.admit(address):
        channel.refuse(TOO_MANY)
        return
    opened = server.ws_factory.protocol()
    opened.factory = server.ws_factory
    opened.head, opened.scope, opened.address = channel.head, scope, address
    opened.on_end = partial(server.give_back, channel.peer, address)
    transport = channel.hand_over()
    transport.protocol = opened
    opened.makeConnection(transport)
    opened.ask()


def socket_scope(head: Head, transport: Any, proxies: int) -> dict[str, Any]:
    """The ASGI scope of a handshake request."""
    scope = base_scope(head, transport, proxies)
    secure = proxies and forwarded_scheme(head) == "https"
    offered = b",".join(head.values(b"sec-websocket-protocol")).decode("latin-1")
    names = [name.strip() for name in offered.split(",")]
    scope["type"] = "websocket"
    scope["scheme"] = "wss" if secure else "ws"
    scope["subprotocols"] = [name for name in names if name]
    return scope
