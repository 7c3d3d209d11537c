"""What opens a socket: the handshake's answer, and the state that autobahn starts from.

The request was vetted (livechat/gateway/head.py), so only the answer is left to make.
autobahn would read the request a second time and format all of its options for a line
of a log that nobody keeps; a storm of new sockets pays for that above all.
"""

import base64
import hashlib
from collections import deque
from typing import Any

from autobahn.websocket.protocol import TrafficStats
from daphne.ws_protocol import WebSocketProtocol

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455 1.3
HeaderPairs = list[tuple[bytes, bytes]]

# By autobahn's names. Values that are written to are set on the socket itself then;
# the two objects are shared: nobody reads the counts, and nothing is ever queued.
STATE: dict[str, Any] = {
    "_perMessageCompress": None,
    "trackedTimings": None,
    "trafficStats": TrafficStats(),
    "state": WebSocketProtocol.STATE_CONNECTING,
    "send_state": WebSocketProtocol.SEND_STATE_GROUND,
    "data": b"",
    "send_queue": deque(maxlen=0),
    "triggered": False,
    "utf8validator": None,  # the whole message is decoded at its end
    "wasMaxFramePayloadSizeExceeded": False,
    "wasMaxMessagePayloadSizeExceeded": False,
    "closedByMe": False,
    "failedByMe": False,
    "droppedByMe": False,
    "wasClean": False,
    "wasNotCleanReason": None,
    "wasServerConnectionDropTimeout": False,
    "wasOpenHandshakeTimeout": False,
    "wasCloseHandshakeTimeout": False,
    "wasServingFlashSocketPolicyFile": False,
    "localCloseCode": None,
    "localCloseReason": None,
    "remoteCloseCode": None,
    "remoteCloseReason": None,
    "openHandshakeTimeoutCall": None,
    "closeHandshakeTimeoutCall": None,
    "autoPingTimeoutCall": None,
    "autoPingPending": None,
    "autoPingPendingCall": None,
    "autoPingPendingSeq": 0,
    "autoPingPendingSent": None,
    "inside_message": False,
    "current_frame": None,
    "websocket_version": 13,
}


def fixed_attributes(factory: Any) -> dict[str, Any]:
    """What every socket of the factory starts with: its options, and the state."""
    names = (
        *WebSocketProtocol.CONFIG_ATTRS_COMMON,
        *WebSocketProtocol.CONFIG_ATTRS_SERVER,
    )
    return {name: getattr(factory, name) for name in names} | STATE


def switching(key: bytes, subprotocol: str | None, headers: HeaderPairs) -> bytes:
    """The 101 for the client's `key` (RFC 6455 4.2.2), with the application's headers.

    Raises: ValueError, for a header that would not stay one line.
    """
    accept = base64.b64encode(hashlib.sha1(key + GUID).digest())  # noqa: S324 - the RFC's
    pairs = list(headers)
    if subprotocol is not None:
        pairs.append((b"Sec-WebSocket-Protocol", subprotocol.encode("latin-1")))
    if any(b"\r" in part or b"\n" in part for pair in pairs for part in pair):
        raise ValueError("expected headers of one line each")
    lines = [
        b"HTTP/1.1 101 Switching Protocols",
        b"Upgrade: WebSocket",
        b"Connection: Upgrade",
        *(b"%b: %b" % pair for pair in pairs),
        b"Sec-WebSocket-Accept: " + accept,
    ]
    return b"\r\n".join([*lines, b"", b""])
