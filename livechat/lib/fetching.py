"""Pages of the internet, read for people who named their addresses.

The rule it guards: whatever the other side does, it costs so many seconds, bytes and
steps; each step of a redirect is checked and looked up as the first one was; and what
comes is packed by nobody, so that it cannot become more than it is.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass
from urllib.parse import SplitResult, quote, urldefrag, urljoin

from livechat.lib import outbound
from livechat.lib.outbound import NoAnswer

HEAD_MAX_BYTES = 32 * 1024  # of an answer, and of a line between chunks
PIECE_BYTES = 16 * 1024
REDIRECTS_MAX = 4
REDIRECTS = frozenset({301, 302, 303, 307, 308})
SCHEMES = ("https", "http")
# What tells of a page stands before these.
ENOUGH = re.compile(rb"</head|<body", re.IGNORECASE)
ENOUGH_LENGTH = 6
CHUNK_SIZE = re.compile(rb"([0-9a-fA-F]{1,8})[ \t]*(?:;[^\r\n]*)?\r\n")
CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:-]{1,40})", re.IGNORECASE)
# Marks of addresses, which stay as they are in one that a server names.
MARKS = "%/:=&?~#+!$,;'@()*[]"


@dataclass(frozen=True, slots=True)
class Page:
    """What was found: the beginning of its bytes, and what they are said to be."""

    url: str  # where it was in the end
    charset: str  # as the server named it; "" if it did not
    body: bytes


async def fetch(
    url: str,
    kinds: Collection[str],
    *,
    trusted: frozenset[str],
    timeout_s: float,
    max_bytes: int,
) -> Page:
    """GET the page, through REDIRECTS_MAX redirects; its head is enough.

    `kinds` are the content types that are taken. The time is for all steps together.

    Raises:
        NotAllowed: the address, or one that it leads to, may not be called.
        NoAnswer: none came in time, or not one that can be used.
    """
    headers = {"Accept": ", ".join(kinds), "Accept-Encoding": "identity"}
    try:
        async with asyncio.timeout(timeout_s):
            for _ in range(REDIRECTS_MAX + 1):
                parts = outbound.checked(urldefrag(url).url, trusted, SCHEMES)
                found = await _step(parts, trusted, headers, kinds, max_bytes)
                if isinstance(found, Page):
                    return found
                url = urljoin(url, found)
    except (OSError, TimeoutError, EOFError, ValueError) as error:
        raise NoAnswer(str(error) or type(error).__name__) from error
    raise NoAnswer("it leads on and on")


async def _step(
    parts: SplitResult,
    trusted: frozenset[str],
    headers: dict[str, str],
    kinds: Collection[str],
    max_bytes: int,
) -> Page | str:
    """The page, or the address that it has moved to."""
    async with outbound.connected(parts, trusted, HEAD_MAX_BYTES) as (reader, writer):
        writer.write(outbound.request_head("GET", parts, headers))
        await writer.drain()
        status, told = outbound.parsed_head(await outbound.head_of(reader))
        if status in REDIRECTS and told.get("location"):
            return quote(told["location"].encode("latin-1"), safe=MARKS)
        _refuse(status, told, kinds)
        charset = CHARSET.search(told["content-type"])
        body = await _body(reader, told, max_bytes)
        return Page(parts.geturl(), charset[1] if charset else "", body)


def _refuse(status: int, told: dict[str, str], kinds: Collection[str]) -> None:
    """NoAnswer for all but a plain page of these kinds."""
    if status != 200:
        raise NoAnswer(f"status {status}")
    kind = told.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in kinds:
        raise NoAnswer(f"it is {kind[:60] or 'of no kind'}")
    if told.get("content-encoding", "identity").lower() not in {"", "identity"}:
        raise NoAnswer("it is packed, which was not asked for")


async def _body(
    reader: asyncio.StreamReader, told: dict[str, str], max_bytes: int
) -> bytes:
    """The body's beginning: up to the end of the page's head, or `max_bytes`."""
    body = bytearray()
    if "transfer-encoding" in told:
        pieces = _chunks(reader, max_bytes)
    else:
        length = told.get("content-length", "")
        known = int(length[:12]) if length.isascii() and length.isdigit() else max_bytes
        pieces = _pieces(reader, min(known, max_bytes))
    async for piece in pieces:
        looked_at = max(0, len(body) - ENOUGH_LENGTH)
        body += piece
        if len(body) >= max_bytes or ENOUGH.search(body, looked_at):
            break
    return bytes(body[:max_bytes])


async def _pieces(reader: asyncio.StreamReader, length: int) -> AsyncIterator[bytes]:
    """As much as there is, `length` at most."""
    while length and (piece := await reader.read(min(length, PIECE_BYTES))):
        length -= len(piece)
        yield piece


async def _chunks(reader: asyncio.StreamReader, length: int) -> AsyncIterator[bytes]:
    """A chunked body (RFC 9112, 7.1), `length` at most; what follows it is not read."""
    while length > 0:
        try:
            line = await reader.readuntil(b"\r\n")
        except asyncio.LimitOverrunError as error:
            raise NoAnswer("a chunk has no size") from error
        size = CHUNK_SIZE.fullmatch(line)
        if size is None:
            raise NoAnswer("a chunk has no size")
        left = int(size[1], 16)
        if not left:
            return
        async for piece in _pieces(reader, min(left, length)):
            length -= len(piece)
            yield piece
        await reader.readexactly(2)
