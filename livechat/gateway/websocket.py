"""What the hub holds of a socket: framed bytes down, counted, and a close (rule D3).

A hub that writes the same bytes to a thousand sockets frames them once and hands them
to the kernel itself; what the kernel does not take waits in the transport, in order.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from daphne.ws_protocol import WebSocketProtocol

if TYPE_CHECKING:
    from livechat.gateway.bounded_socket import BoundedSocket

SCOPE_KEY = "livechat.socket"


class RawSocket(Protocol):
    """`scope["livechat.socket"]`: a socket for those who stand outside its consumer.

    Use it on the event loop only.
    """

    address: str  # of the client, after the trusted-proxy rule

    @property
    def is_open(self) -> bool:
        """True after the handshake is accepted, until a close begins."""

    @property
    def unsent_bytes(self) -> int:
        """Bytes that wait in this process because the client takes no more."""

    def write_framed(self, data: bytes) -> None:
        """Sends `data`: one or several complete, framed, unmasked server frames.

        Never waits and never raises; on a closed socket it does nothing. A socket that
        then has more than GATEWAY_UNSENT_MAX_BYTES unsent is closed with 4008.
        """

    def close(self, code: int, reason: str = "") -> None:
        """Sends a close frame; the TCP connection ends within 2 s, come what may.

        What the application has not read yet is dropped, and it hears
        `websocket.disconnect` with this code at once. Before the handshake is accepted
        it is refused with 403 instead, or with 503 for the codes 1012 and 1013 (come
        again). A second call changes nothing.
        """


class GatewaySocket:
    """The RawSocket of a BoundedSocket; holds what the hot path reads."""

    __slots__ = ("_outflow", "_protocol", "_send", "address")

    def __init__(self, protocol: "BoundedSocket", address: str) -> None:
        self._protocol = protocol
        self._outflow = protocol.outflow
        # The socket object's own method: a descriptor's number may belong to another
        # client by now, a closed object raises.
        self._send: Callable[[bytes], int] = protocol.transport.getHandle().send
        self.address = address

    @property
    def is_open(self) -> bool:
        return bool(self._protocol.state == WebSocketProtocol.STATE_OPEN)

    @property
    def unsent_bytes(self) -> int:
        return self._outflow.unsent

    def write_framed(self, data: bytes) -> None:
        # The state and the transport are looked at only after something went through
        # the transport: a close frame does, and so does all that the kernel refused.
        if not (self._outflow.clear or self._is_clear_again()):
            if self.is_open:
                self._protocol.queue(data)
            return
        try:
            sent = self._send(data)
        except BlockingIOError:
            sent = 0
        except OSError:
            self._outflow.clear = False
            return  # the reader finds out and ends the connection
        if sent != len(data):
            self._protocol.queue(data[sent:])

    def _is_clear_again(self) -> bool:
        self._outflow.clear = self.is_open and self._outflow.is_drained
        return self._outflow.clear

    def close(self, code: int, reason: str = "") -> None:
        self._protocol.close(code, reason)
