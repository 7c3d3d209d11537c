"""WebSocket bytes made and read by hand; guards that the load client stays cheap."""

import base64
import os
from collections.abc import Iterator

TEXT, CLOSE, PING, PONG = 0x1, 0x8, 0x9, 0xA
_FIN = 0x80
_MASKED = 0x80
# A mask protects proxies from hostile pages. Here are neither, and the mask of zeros
# is legal and leaves the payload as it is, so a frame costs no pass over its bytes.
_MASK = bytes(4)


class BrokenFrameError(Exception):
    """The server sent a frame that no server may send, or that it should not."""


def handshake(host: str, port: int, path: str, headers: list[str]) -> bytes:
    """The opening request of RFC 6455, with `headers` ("Name: value") added."""
    key = base64.b64encode(os.urandom(16)).decode()
    lines = [
        f"GET {path} HTTP/1.1",
        f"Host: {host}:{port}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Key: {key}",
        "Sec-WebSocket-Version: 13",
        *headers,
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def client_frame(payload: bytes, opcode: int = TEXT) -> bytes:
    """One whole masked frame as a client sends it."""
    return client_header(len(payload), opcode) + payload


def client_header(size_bytes: int, opcode: int = TEXT) -> bytes:
    """The bytes in front of a masked payload of `size_bytes`."""
    first = bytes([_FIN | opcode])
    if size_bytes < 126:
        return first + bytes([_MASKED | size_bytes]) + _MASK
    if size_bytes < 1 << 16:
        return first + bytes([_MASKED | 126]) + size_bytes.to_bytes(2, "big") + _MASK
    return first + bytes([_MASKED | 127]) + size_bytes.to_bytes(8, "big") + _MASK


def server_frame(payload: bytes, opcode: int = TEXT) -> bytes:
    """One whole unmasked frame as a server sends it."""
    size_bytes = len(payload)
    if size_bytes < 126:
        return bytes([_FIN | opcode, size_bytes]) + payload
    if size_bytes < 1 << 16:
        return bytes([_FIN | opcode, 126]) + size_bytes.to_bytes(2, "big") + payload
    return bytes([_FIN | opcode, 127]) + size_bytes.to_bytes(8, "big") + payload


def take_frames(held: bytearray) -> Iterator[tuple[int, bytes]]:
    """Yield (opcode, payload) of each whole frame and remove all of them from `held`.

    Raises: BrokenFrameError for a masked, compressed or continued frame.
    """
    start, whole = 0, []
    while (span := _span(held, start)) is not None:
        body, end = span
        whole.append((held[start] & 0x0F, bytes(held[body:end])))
        start = end
    del held[:start]
    yield from whole


def _span(held: bytearray, start: int) -> tuple[int, int] | None:
    """Where payload and frame end, for the frame at `start`; None until it is whole."""
    if len(held) < start + 2:
        return None
    first, size_bytes = held[start], held[start + 1]
    if first & 0xF0 != _FIN or first & 0x0F == 0 or size_bytes & _MASKED:
        raise BrokenFrameError(f"a frame began with {bytes(held[start : start + 2])!r}")
    body = start + 2
    if size_bytes >= 126:
        width = 2 if size_bytes == 126 else 8
        body += width
        if len(held) < body:
            return None
        size_bytes = int.from_bytes(held[start + 2 : body], "big")
    end = body + size_bytes
    return (body, end) if len(held) >= end else None
