"""A web site on loopback that says what a test wants, byte for byte."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

Say = Callable[[str, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Site:
    """Its address, the paths that it was asked for, and their heads."""

    say: Say
    url: str = ""
    asked: list[str] = field(default_factory=list)
    heads: list[str] = field(default_factory=list)
    busy: int = 0
    most_at_once: int = 0
    tasks: "set[asyncio.Task[None] | None]" = field(default_factory=set)

    async def answer(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Answer one request, and count it."""
        self.tasks.add(asyncio.current_task())
        self.busy += 1
        self.most_at_once = max(self.most_at_once, self.busy)
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            self.heads.append(head)
            self.asked.append(head.split()[1])
            await self.say(self.asked[-1], writer)
            await writer.drain()
            writer.close()
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            writer.transport.abort()
        finally:
            self.busy -= 1


@contextlib.asynccontextmanager
async def web_site(say: Say) -> AsyncIterator[Site]:
    """It runs until the block ends; `say` answers each path, then the line is cut."""
    site = Site(say)
    server = await asyncio.start_server(site.answer, "127.0.0.1", 0)
    site.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield site
    finally:
        server.close()
        tasks = [task for task in site.tasks if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0)  # the lines that were cut are closed


def page(title: str = "A page", more: str = "", *, head: str = "") -> bytes:
    """A whole answer with an HTML page; `more` are further lines of its head."""
    body = f"<html><head><title>{title}</title>{head}</head><body>x</body>".encode()
    return (
        f"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n{more}"
        f"Content-Length: {len(body)}\r\n\r\n"
    ).encode() + body


def moved(to: str, status: int = 302) -> bytes:
    """An answer that leads elsewhere."""
    return f"HTTP/1.1 {status} Moved\r\nLocation: {to}\r\n\r\n".encode()
