"""From a vetted handshake request to a socket, and the ASGI scope of it."""

from functools import partial
from typing import TYPE_CHECKING, Any

from daphne.ws_protocol import WebSocketFactory

from livechat.gateway.bounded_socket import BoundedSocket
from livechat.gateway.channel import BoundedChannel
from livechat.gateway.head import Head
from livechat.gateway.http import base_scope, forwarded_scheme
from livechat.gateway.pages import Refusal

if TYPE_CHECKING:
    from livechat.gateway.server import GatewayServer

TOO_MANY = Refusal(503, "Too many sockets are open from your address; close some.")
HANDED_ON = (
    b"host",
    b"upgrade",
    b"sec-websocket-key",
    b"sec-websocket-version",
    b"sec-websocket-protocol",
)


class BoundedSocketFactory(WebSocketFactory):  # type: ignore[misc]  # no stubs
    """Makes a BoundedSocket for each accepted handshake request."""

    protocol = BoundedSocket

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
            openHandshakeTimeout=bounds.handshake_deadline_s,
            closeHandshakeTimeout=bounds.close_deadline_s,
            autoPingInterval=bounds.ping_interval_s,
            autoPingTimeout=bounds.ping_timeout_s,
            tcpNoDelay=True,
        )


def open_socket(server: "GatewayServer", channel: BoundedChannel) -> None:
    """Turns a connection whose handshake request was vetted into a socket."""
    proxies = server.bounds.trusted_proxies
    scope = socket_scope(channel.head, channel.transport, proxies)
    address = scope["client"][0]
    if proxies and not server.socket_counter.admit(address):
        channel.refuse(TOO_MANY)
        return
    opened = server.ws_factory.buildProtocol(channel.transport.getPeer())
    opened.head, opened.scope, opened.address = channel.head, scope, address
    opened.on_end = partial(server.give_back, channel.peer, address)
    transport = channel.hand_over()
    transport.protocol = opened
    opened.makeConnection(transport)
    opened.dataReceived(_handshake_bytes(channel.head))


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


def _handshake_bytes(head: Head) -> bytes:
    """The handshake for autobahn: what it needs, and nothing that it would judge.

    No Origin (the application judges it, exactly) and no extensions (no compression).
    """
    lines = [b"GET %b HTTP/1.1" % head.target, b"Connection: Upgrade"]
    for name in HANDED_ON:
        lines += [b"%b: %b" % (name, value) for value in head.values(name)]
    return b"\r\n".join([*lines, b"", b""])
