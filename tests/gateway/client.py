"""Raw sockets that say anything to a server, and read what it says until a deadline."""

import json
import socket
import struct
import time
from dataclasses import dataclass
from typing import Any, Self

PATIENCE_S = 6.0  # a server that says nothing for so long has failed the test
KEY = "dGhlIHNhbXBsZSBub25jZQ=="
MASK = b"\x11\x22\x33\x44"  # always the same, so that tests have stable names
GET = b"GET / HTTP/1.1\r\nHost: test\r\n\r\n"


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Client:
    """One TCP connection; `received` holds what has come and was not consumed."""

    def __init__(self, port: int, *, source: str = "", receive_buffer: int = 0) -> None:
        self.socket = socket.socket()
        self.socket.settimeout(PATIENCE_S)
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        if source:
            self.socket.bind((source, 0))
        self.socket.connect(("127.0.0.1", port))
        self.received = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.socket.close()

    def reset(self) -> None:
        """Ends the connection without a word; the server's next write fails."""
        linger = struct.pack("ii", 1, 0)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.socket.close()

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def send_until_blocked(self, data: bytes, most: int, quiet_s: float = 0.7) -> int:
        """Bytes that the server took before it took no more for `quiet_s`."""
        self.socket.settimeout(quiet_s)
        view, sent = memoryview(data), 0
        try:
            while sent < most:
                sent += self.socket.send(view[sent % len(data) :])
        except (TimeoutError, ConnectionError):
            pass
        finally:
            self.socket.settimeout(PATIENCE_S)
        return sent

    def more(self) -> bool:
        """Reads once; False at the end of the connection, however it came."""
        try:
            data = self.socket.recv(65_536)
        except ConnectionError:
            return False
        self.received += data
        return bool(data)

    def take(self, size: int) -> bytes:
        """The next `size` bytes. Raises: EOFError, TimeoutError."""
        while len(self.received) < size:
            if not self.more():
                raise EOFError(f"wanted {size} bytes, got {self.received!r}")
        taken, self.received = self.received[:size], self.received[size:]
        return taken

    def take_until(self, mark: bytes) -> bytes:
        while mark not in self.received:
            if not self.more():
                raise EOFError(f"wanted {mark!r}, got {self.received!r}")
        return self.take(self.received.index(mark) + len(mark))

    def seconds_until_end(self, patience_s: float = PATIENCE_S) -> float | None:
        """How long the server keeps the connection; None if longer than patience."""
        begun = time.monotonic()
        try:
            while (left := begun + patience_s - time.monotonic()) > 0:
                self.socket.settimeout(left)
                if not self.more():
                    return time.monotonic() - begun
        except TimeoutError:
            pass
        finally:
            self.socket.settimeout(PATIENCE_S)
        return None

    # HTTP --------------------------------------------------------------------------

    def answer(self, *, bodiless: bool = False) -> Answer:
        """The next HTTP answer. Raises: EOFError, TimeoutError."""
        head = self.take_until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        headers = {
            name.lower(): value.strip()
            for name, _, value in (line.partition(":") for line in head[1:] if line)
        }
        body = b"" if bodiless else self.take(int(headers.get("content-length", 0)))
        return Answer(int(head[0].split()[1]), headers, body)

    def ask(self, request: bytes) -> Answer:
        self.send(request)
        return self.answer()

    # WebSocket ---------------------------------------------------------------------

    def open(self, path: str = "/ws/echo", **headers: str) -> Answer:
        """Sends a handshake and returns the answer, whatever it is."""
        return self.ask(handshake(path, **headers))

    def frame(self) -> tuple[int, bytes]:
        """The next frame's opcode and payload. Raises: EOFError, TimeoutError."""
        first, size = self.take(2)
        if size == 126:
            size = int.from_bytes(self.take(2), "big")
        elif size == 127:
            size = int.from_bytes(self.take(8), "big")
        return first & 15, self.take(size)

    def say(self, payload: bytes | str, first: int = 0x81) -> None:
        self.send(masked(payload, first))

    def close_code(self) -> int | None:
        """The code of the close frame that comes; None if the connection just ends."""
        try:
            while True:
                opcode, payload = self.frame()
                if opcode == 8:
                    return int(struct.unpack("!H", payload[:2])[0])
        except EOFError:
            return None


def handshake(path: str = "/ws/echo", **headers: str) -> bytes:
    """A handshake; a header of value "" is left out. `_` in a name is written `-`."""
    wanted = {
        "Host": "test",
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Key": KEY,
        "Sec-WebSocket-Version": "13",
    }
    wanted.update({name.replace("_", "-"): value for name, value in headers.items()})
    lines = [f"{name}: {value}" for name, value in wanted.items() if value]
    return "\r\n".join([f"GET {path} HTTP/1.1", *lines, "", ""]).encode("latin-1")


def masked(payload: bytes | str, first: int = 0x81) -> bytes:
    """A client's frame; `first` is its first byte."""
    data = payload.encode() if isinstance(payload, str) else payload
    stream = (MASK * (len(data) // 4 + 1))[: len(data)]
    body = (int.from_bytes(data, "big") ^ int.from_bytes(stream, "big")).to_bytes(
        len(data), "big"
    )
    return header(len(data), first) + MASK + body


def header(size: int, first: int = 0x81) -> bytes:
    if size < 126:
        return bytes((first, 0x80 | size))
    if size < 65_536:
        return bytes((first, 0x80 | 126)) + size.to_bytes(2, "big")
    return bytes((first, 0x80 | 127)) + size.to_bytes(8, "big")
