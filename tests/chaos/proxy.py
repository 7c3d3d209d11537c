"""A TCP proxy with bad weather: latency, jitter, a narrow line, cuts and silence."""

import asyncio
import contextlib
import random
import socket
import struct
from dataclasses import dataclass

CHUNK_BYTES = 64 * 1024
LINGER_NONE = struct.pack("ii", 1, 0)  # close() sends RST


@dataclass(slots=True)
class Weather:
    """What happens to every chunk from now on; the default is a fine day."""

    latency_s: float = 0.0
    jitter_s: float = 0.0
    bytes_per_s: float = 0.0  # 0: no limit
    slice_bytes: int = 0  # 0: chunks stay whole
    silent: bool = False  # taken from nobody, given to nobody: a black hole
    refuses: bool = False  # new connections are reset


@dataclass(slots=True)
class Line:
    """One connection of a client, and ours to the server once there is one."""

    near: asyncio.StreamWriter
    far: asyncio.StreamWriter | None = None
    half_open: bool = False  # the server is gone and the client has not heard of it


class Proxy:
    """Listens on a port of loopback and carries bytes to another one."""

    def __init__(self, name: str, target: int, rng: random.Random) -> None:
        self.name = name
        self.target = target
        self.port = 0
        self.weather = Weather()
        self._rng = rng
        self._clear = asyncio.Event()
        self._clear.set()
        self._server: asyncio.Server | None = None
        self._lines: dict[asyncio.Task[None], Line] = {}

    async def start(self) -> None:
        """Listen on a free port."""
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Reset what is open and listen no longer."""
        if self._server is not None:
            self._server.close()
        self.cut()
        await asyncio.gather(*self._lines, return_exceptions=True)

    def change(self, weather: Weather) -> None:
        """Let this weather begin for old and new connections."""
        self.weather = weather
        if weather.silent:
            self._clear.clear()
        else:
            self._clear.set()

    def cut(self) -> None:
        """Reset every connection, on both sides."""
        for line in list(self._lines):
            line.cancel()

    def drop_far_side(self) -> None:
        """End the server's side only: the client's stays open and hears nothing."""
        for line in self._lines.values():
            if line.far is not None:
                line.half_open = True
                line.far.transport.abort()

    async def _carry(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        task = asyncio.current_task()
        assert task is not None
        line = self._lines[task] = Line(writer)
        try:
            await self._join(reader, line)
        except (OSError, asyncio.CancelledError):
            pass  # a broken line is what this is for
        finally:
            del self._lines[task]
            _reset(writer)
            if line.far is not None:
                _reset(line.far)

    async def _join(self, reader: asyncio.StreamReader, line: Line) -> None:
        if self.weather.refuses:
            return
        await self._clear.wait()
        far_reader, line.far = await asyncio.open_connection("127.0.0.1", self.target)
        up = asyncio.create_task(self._pump(reader, line.far, line))
        down = asyncio.create_task(self._pump(far_reader, line.near, line))
        try:
            await asyncio.wait({up, down}, return_when=asyncio.FIRST_COMPLETED)
            if not line.half_open and down.done():
                await down  # a reset goes on to the client
            await up
            if not line.half_open:
                await down
        finally:
            up.cancel()
            down.cancel()
            await asyncio.gather(up, down, return_exceptions=True)

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, line: Line
    ) -> None:
        while data := await reader.read(CHUNK_BYTES):
            for part in self._parts(data):
                await self._clear.wait()
                if wait_s := self._wait_s(len(part)):
                    await asyncio.sleep(wait_s)
                if not line.half_open:
                    writer.write(part)
                    await writer.drain()
        if not line.half_open:
            with contextlib.suppress(OSError):
                writer.write_eof()

    def _parts(self, data: bytes) -> list[bytes]:
        size = self.weather.slice_bytes or len(data)
        return [data[at : at + size] for at in range(0, len(data), size)]

    def _wait_s(self, size_bytes: int) -> float:
        weather = self.weather
        wait_s = weather.latency_s + self._rng.random() * weather.jitter_s
        if weather.bytes_per_s:
            wait_s += size_bytes / weather.bytes_per_s
        return wait_s


def _reset(writer: asyncio.StreamWriter) -> None:
    found: socket.socket | None = writer.get_extra_info("socket")
    if found is not None:
        with contextlib.suppress(OSError):
            found.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NONE)
    writer.transport.abort()
