"""A server that only writes: what the load client can count is measured against it.

Each socket's first frame starts it; then the same prepared bytes go out until each
socket was sent `messages` frames, as fast as the client takes them.
"""

import asyncio
import base64
import hashlib
import sys
from typing import cast

import uvloop

from bench.bodies import Stamp, make_body
from bench.wire import server_frame

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def message(number: int) -> bytes:
    """A frame as long as ours: about 700 bytes around a body of 200."""
    body = make_body(Stamp(0, number, 1)).encode()
    return server_frame(
        b'{"type":"message","room":"Zk3vQ0aB9x","seq":1,"kind":"text","author":'
        b'{"id":12,"name":"Demo Member","bot":false},"client_id":"'
        b'0f8fad5b-d9cb-469f-a165-70867728950e","body":"' + body + b'","html":"<p>'
        b"" + body + b'</p>","reply_to":null,"attachments":[],'
        b'"created_at":"2026-01-01T00:00:00.000000Z"}'
    )


class Flood(asyncio.Protocol):
    """One socket of the flood; stops while the transport's buffer is full."""

    def __init__(self, chunks: list[bytes]) -> None:
        self.chunks = chunks
        self.next = 0
        self.open = False
        self.paused = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.transport.set_write_buffer_limits(high=1 << 17)

    def data_received(self, data: bytes) -> None:
        if self.open:
            self._pour()
            return
        self.open = True
        self.transport.write(_accept(data))

    def pause_writing(self) -> None:
        self.paused = True

    def resume_writing(self) -> None:
        self.paused = False
        self._pour()

    def _pour(self) -> None:
        # A pass through the loop between chunks: all sockets are served in turn.
        if self.paused or self.next >= len(self.chunks):
            return
        self.transport.write(self.chunks[self.next])
        self.next += 1
        asyncio.get_running_loop().call_soon(self._pour)


def _accept(request: bytes) -> bytes:
    key = request.partition(b"Sec-WebSocket-Key: ")[2].partition(b"\r\n")[0]
    digest = hashlib.sha1(key + _GUID, usedforsecurity=False).digest()
    return (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
        b"Connection: Upgrade\r\nSec-WebSocket-Accept: "
        + base64.b64encode(digest)
        + b"\r\n\r\n"
    )


async def serve(port: int, messages: int, per_write: int) -> None:
    """Listen on loopback until killed; `per_write` frames leave in one write."""
    frames = [message(number + 1) for number in range(messages)]
    chunks = [
        b"".join(frames[start : start + per_write])
        for start in range(0, messages, per_write)
    ]
    server = await asyncio.get_running_loop().create_server(
        lambda: Flood(chunks), "127.0.0.1", port, backlog=1024
    )
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve(*map(int, sys.argv[1:4])))
