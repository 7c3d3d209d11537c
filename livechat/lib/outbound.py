"""Requests to addresses that people name: out to the internet, and never inwards.

The rule it guards: to global addresses only, looked up once and connected to as looked
up, and an end after so many seconds. What is posted goes by https and follows no
redirect; what is read (fetching.py) is checked anew at each step. Origins of `trusted`
are the exception that whoever runs the site makes for their own network.
"""

import asyncio
import contextlib
import ssl
import time
from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from functools import cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import SplitResult, urlsplit

from livechat.lib.words import marked

HEAD_MAX_BYTES = 16 * 1024  # of an answer; its body is not read
USUAL_PORTS = {"https": 443, "http": 80}
# IPv6 in which an IPv4 address is wrapped, which a gateway would take out again.
NAT64 = ip_network("64:ff9b::/96")


class NotAllowed(Exception):  # noqa: N818 - it names what is wrong, as a sentence
    """An address that we do not call; str() says why."""


class NoAnswer(Exception):  # noqa: N818 - it names what is missing
    """The other side is not there, too slow, or does not speak HTTP."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; `retry_after_s` is 0.0 where the other side named no time."""

    status: int
    retry_after_s: float = 0.0


def checked(
    url: str, trusted: frozenset[str], schemes: Collection[str] = ("https",)
) -> SplitResult:
    """The URL in its parts, if it may be called as far as its text tells.

    Raises:
        NotAllowed: it has none of these schemes with its usual port, or names an
            address inside.
    """
    try:
        parts = urlsplit(url)
        port, host = parts.port, parts.hostname or ""
    except ValueError as error:
        raise NotAllowed(marked("This is not an address.")) from error
    if not host or not url.isascii() or any(mark <= " " for mark in url):
        raise NotAllowed(marked("This is not an address."))
    if origin_of(parts) in trusted:
        return parts
    usual = USUAL_PORTS.get(parts.scheme) if parts.scheme in schemes else None
    if usual is None or (port or usual) != usual:
        raise NotAllowed(marked("Expected an address that begins with https://."))
    if parts.username is not None or parts.password is not None:
        raise NotAllowed(marked("Expected an address without a user name."))
    with contextlib.suppress(ValueError):
        if not is_global(ip_address(host)):
            raise NotAllowed(marked("This address is not on the internet."))
    return parts


def origin_of(parts: SplitResult) -> str:
    """Scheme, host and port as a browser writes an origin."""
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    usual = USUAL_PORTS.get(parts.scheme)
    port = f":{parts.port}" if parts.port not in {None, usual} else ""
    return f"{parts.scheme}://{host}{port}"


def is_global(address: IPv4Address | IPv6Address) -> bool:
    """Whether it is one machine on the internet, also by what is wrapped in it."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return is_global(address.ipv4_mapped)
        if address.sixtofour or address.teredo or address in NAT64:
            return False
    return address.is_global and not address.is_multicast


async def post(
    url: str,
    headers: dict[str, str],
    body: bytes,
    *,
    trusted: frozenset[str],
    timeout_s: float,
) -> Answer:
    """POST the body; the answer's status, whatever it is.

    Raises:
        NotAllowed: the address may not be called, or leads inside.
        NoAnswer: none came in time, or it is not HTTP.
    """
    parts = checked(url, trusted)
    try:
        async with asyncio.timeout(timeout_s):
            return await _exchange(parts, trusted, headers, body)
    except (OSError, TimeoutError, EOFError, ValueError) as error:
        raise NoAnswer(str(error) or type(error).__name__) from error


async def _exchange(
    parts: SplitResult, trusted: frozenset[str], headers: dict[str, str], body: bytes
) -> Answer:
    length = {"Content-Length": str(len(body))}
    async with connected(parts, trusted, HEAD_MAX_BYTES) as (reader, writer):
        writer.write(request_head("POST", parts, length | headers) + body)
        await writer.drain()
        return _answer(await head_of(reader))


@contextlib.asynccontextmanager
async def connected(
    parts: SplitResult, trusted: frozenset[str], limit: int
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A connection to the address that the name stands for just now, and to no other.

    `limit` is how many bytes a line or head may have. It is torn down at the end.

    Raises:
        NotAllowed: the name leads inside.
        OSError: there is no such name, or nobody listens.
    """
    tls = _tls() if parts.scheme == "https" else None
    reader, writer = await asyncio.open_connection(
        await _looked_up(parts, trusted),
        _port(parts),
        ssl=tls,
        server_hostname=parts.hostname if tls else None,
        limit=limit,
    )
    try:
        yield reader, writer
    finally:
        writer.transport.abort()  # nothing more is wanted of it, not even its goodbye


def request_head(method: str, parts: SplitResult, headers: dict[str, str]) -> bytes:
    """The head of one request, after which the other side is to close."""
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    lines = {
        "Host": origin_of(parts).partition("://")[2],
        "Connection": "close",
        "User-Agent": "livechat",
        **headers,
    }
    fields = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"{method} {target} HTTP/1.1\r\n{fields}\r\n".encode("ascii")


async def head_of(reader: asyncio.StreamReader) -> bytes:
    """The head of the answer.

    Raises:
        NoAnswer: it has more bytes than the connection's limit.
    """
    try:
        return await reader.readuntil(b"\r\n\r\n")
    except asyncio.LimitOverrunError as error:
        raise NoAnswer("the answer's head does not end") from error


async def _looked_up(parts: SplitResult, trusted: frozenset[str]) -> str:
    """The address to connect to; all that the name stands for must be allowed."""
    host, port = parts.hostname or "", _port(parts)
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, proto=6)  # TCP
    addresses = [str(one[4][0]) for one in found]
    if origin_of(parts) not in trusted:
        for address in addresses:
            if not is_global(ip_address(address.partition("%")[0])):
                raise NotAllowed(marked("This address is not on the internet."))
    return addresses[0]


def _port(parts: SplitResult) -> int:
    return parts.port or USUAL_PORTS[parts.scheme]


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()


def parsed_head(head: bytes) -> tuple[int, dict[str, str]]:
    """The status, and the headers by lower-case name, of each the first.

    Raises:
        ValueError: it is not HTTP.
    """
    first, *lines = head.decode("latin-1").split("\r\n")
    version, status = first.split(" ", 2)[:2]
    if not version.startswith("HTTP/1.") or len(status) != 3:
        raise ValueError("the answer is not HTTP")
    headers: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers.setdefault(name.lower(), value.strip())
    return int(status), headers


def _answer(head: bytes) -> Answer:
    """The answer that a head tells (ValueError: it is no HTTP)."""
    status, headers = parsed_head(head)
    return Answer(status, _seconds(headers.get("retry-after", "")))


def _seconds(retry_after: str) -> float:
    """Of a Retry-After header, which holds seconds or a date; 0.0 for neither."""
    if retry_after.isascii() and retry_after.isdigit():
        return float(retry_after[:9])
    with contextlib.suppress(ValueError):
        until = parsedate_to_datetime(retry_after)
        return max(0.0, until.timestamp() - time.time())
    return 0.0
