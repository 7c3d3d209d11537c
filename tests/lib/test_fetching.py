"""Pages of strangers: what is read of them, and what they cannot do."""

import asyncio
import gzip
import socket
import time
from collections.abc import Callable
from typing import Any

import pytest

from livechat.lib import fetching
from livechat.lib.fetching import Page, fetch
from livechat.lib.outbound import NoAnswer, NotAllowed
from tests.web_site import moved, page, web_site

KINDS = ("text/html",)
MAX_BYTES = 64 * 1024
HTML = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"


async def fetched(url: str, *trusted: str, timeout_s: float = 5.0) -> Page:
    return await fetch(
        url,
        KINDS,
        trusted=frozenset(trusted),
        timeout_s=timeout_s,
        max_bytes=MAX_BYTES,
    )


def saying(*pieces: bytes) -> Callable[[str, asyncio.StreamWriter], Any]:
    """Says this, whatever is asked for."""

    async def say(path: str, writer: asyncio.StreamWriter) -> None:
        writer.writelines(pieces)

    return say


async def test_a_page_comes_with_its_charset_and_by_a_plain_request() -> None:
    async with web_site(saying(page("Grüße"))) as site:
        found = await fetched(f"{site.url}/a?b=c#d", site.url)
    assert (found.url, found.charset) == (f"{site.url}/a?b=c", "utf-8")
    assert "Grüße" in found.body.decode()
    assert site.asked == ["/a?b=c"]
    head = site.heads[0].lower()
    assert "cookie" not in head
    assert "accept-encoding: identity" in head


async def test_chunks_are_put_together_and_reading_ends_with_the_head() -> None:
    chunks = b"5\r\n<head\r\n8;x=y\r\n></head>\r\n"
    endless = chunks + b"ffffff\r\n"
    answer = HTML + b"Transfer-Encoding: chunked\r\n\r\n"
    async with web_site(saying(answer, endless)) as site:
        assert (await fetched(site.url, site.url)).body == b"<head></head>"


async def test_a_redirect_is_followed_within_what_is_allowed() -> None:
    async def say(path: str, writer: asyncio.StreamWriter) -> None:
        writer.write(page() if path == "/%C3%BC" else moved("/ü"))

    async with web_site(say) as site:
        found = await fetched(f"{site.url}/a", site.url)
    assert found.url == f"{site.url}/%C3%BC"


@pytest.mark.parametrize(
    "to",
    [
        "http://127.0.0.1/", "http://169.254.169.254/latest/meta-data/",
        "http://[::1]/", "http://[::ffff:127.0.0.1]/", "http://[::ffff:7f00:1]/",
        "http://[64:ff9b::7f00:1]/", "http://2130706433/", "http://0x7f000001/",
        "http://0/", "http://localhost/", "https://localhost/", "//127.0.0.1/",
        "http://127.1/", "http://10.0.0.1/", "http://192.168.0.1/", "file:///etc/passwd",
        "gopher://127.0.0.1:6379/_FLUSHALL", "http://user:password@example.org/",
        "http://example.org:22/", "javascript:alert(1)", "data:text/html,x",
        "http://127.0.0.1\\@example.org/", "http://[::1", "\r\nX: y",
    ],
)  # fmt: skip
async def test_a_redirect_inwards_is_not_followed(to: str) -> None:
    async with web_site(saying(page("secret"))) as inside:
        port = inside.url.rpartition(":")[2]
        for address in (to, to.replace("127.0.0.1", f"127.0.0.1:{port}", 1)):
            async with web_site(saying(moved(address))) as site:
                with pytest.raises((NotAllowed, NoAnswer)):
                    await fetched(site.url, site.url, timeout_s=1.0)
    assert inside.asked == []


async def test_a_name_is_looked_up_once_and_called_as_looked_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A name server that says something else the second time changes nothing."""
    calls: list[str] = []
    loop = asyncio.get_running_loop()

    async def getaddrinfo(host: str, port: int, **_: Any) -> list[Any]:
        calls.append(host)
        address = "192.0.2.1" if len(calls) == 1 else "127.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    async with web_site(saying(page("secret"))) as inside:
        monkeypatch.setattr(loop, "getaddrinfo", getaddrinfo)
        port = inside.url.rpartition(":")[2]
        with pytest.raises((NotAllowed, NoAnswer)):
            await fetched("http://rebind.example/", timeout_s=0.3)
        assert calls[0] == "rebind.example"
        with pytest.raises(NotAllowed):
            await fetched(f"http://rebind.example:{port}/")
    assert inside.asked == []


async def test_a_loop_of_redirects_ends() -> None:
    async with web_site(saying(moved("/again"))) as site:
        with pytest.raises(NoAnswer):
            await fetched(site.url, site.url)
    assert len(site.asked) == fetching.REDIRECTS_MAX + 1


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"SSH-2.0-OpenSSH\r\n\r\n",
        b"HTTP/1.1 abc OK\r\n\r\n",
        b"HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\n\r\nx",
        b"HTTP/1.1 200 OK\r\n\r\n<title>of no kind</title>",
        b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n\r\nx",
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html, x\r\n\r\nx",
        b"HTTP/1.1 200 OK\r\nX: " + b"a" * 100_000 + b"\r\n\r\n",
        HTML + b"Transfer-Encoding: chunked\r\n\r\n-5\r\nabc",
        HTML + b"Transfer-Encoding: chunked\r\n\r\n0x5\r\nabcde\r\n0\r\n\r\n",
        HTML + b"Transfer-Encoding: chunked\r\n\r\n" + b"1" * 100_000,
        HTML + b"Transfer-Encoding: chunked\r\n\r\n5\r\nabc",
        HTML + b"Content-Encoding: br\r\n\r\nx",
        HTML + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(b"a" * 10_000_000),
    ],
    ids=lambda one: repr(one[:70]),
)  # fmt: skip
async def test_what_cannot_be_used_is_no_answer(answer: bytes) -> None:
    async with web_site(saying(answer)) as site:
        with pytest.raises(NoAnswer):
            await fetched(site.url, site.url)


@pytest.mark.parametrize("length", ["", "Content-Length: 999999999999999\r\n"])
async def test_a_body_without_an_end_is_cut(length: str) -> None:
    async def say(path: str, writer: asyncio.StreamWriter) -> None:
        writer.write(HTML + f"{length}\r\n".encode())
        while not writer.transport.is_closing():
            writer.write(b"a" * 65_536)
            await writer.drain()

    async with web_site(say) as site:
        found = await fetched(site.url, site.url)
    assert found.body == b"a" * MAX_BYTES


async def test_who_drips_is_left() -> None:
    async def say(path: str, writer: asyncio.StreamWriter) -> None:
        writer.write(HTML + b"\r\n")
        for _ in range(500):
            writer.write(b"a")
            await writer.drain()
            await asyncio.sleep(0.02)

    started = time.monotonic()
    async with web_site(say) as site:
        with pytest.raises(NoAnswer):
            await fetched(site.url, site.url, timeout_s=0.3)
    assert time.monotonic() - started < 2.0


async def test_only_the_named_place_inside_may_be_looked_at() -> None:
    async with web_site(saying(page())) as site:
        for url in (site.url, site.url.replace("127.0.0.1", "localhost")):
            with pytest.raises((NotAllowed, NoAnswer)):
                await fetched(url, "http://127.0.0.1:1")
    assert site.asked == []
