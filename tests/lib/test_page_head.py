"""What pages say of themselves, also those that were made to do harm."""

import time

import pytest

from livechat.lib import page_head
from livechat.lib.page_head import Head, read_head


async def head_of(html: str | bytes, charset: str = "") -> Head | None:
    body = html if isinstance(html, bytes) else html.encode()
    return await read_head(body, charset)


async def test_open_graph_stands_before_the_title() -> None:
    found = await head_of(
        "<title>Plain</title><meta name=description content=plain>"
        "<meta property='og:title' content='A &amp; B'>"
        "<meta property='og:description' content='  two\n lines '>"
        "<META PROPERTY=og:site_name CONTENT=Site>"
    )
    assert found == Head("A & B", "two lines", "Site")


async def test_a_page_without_open_graph_has_its_title() -> None:
    html = "<head><title>\n A &lt;b&gt; title </title><meta name=Description content=x>"
    assert await head_of(html) == Head("A <b> title", "x", "")


@pytest.mark.parametrize(
    "html", ["", "<p>Nothing", "<title> </title>", "<title>\u200b</title>", "\0\0", "<"]
)
async def test_a_page_without_a_title_says_nothing(html: str) -> None:
    assert await head_of(html) is None


@pytest.mark.parametrize(
    ("body", "charset"),
    [
        ("<title>Grüße</title>".encode(), ""),
        ("<title>Grüße</title>".encode("latin-1"), "ISO-8859-1"),
        (b"<meta charset=windows-1252><title>" + "Grüße</title>".encode("cp1252"), ""),
        (b"\xff\xfe" + "<title>Grüße</title>".encode("utf-16-le"), "utf-8"),
        ("<title>Grüße</title>".encode(), "no-such-charset"),
        ("<title>Grüße</title>".encode(), "punycode"),
        ("<title>Grüße</title>".encode(), "zip"),
        ("<title>Grüße</title>".encode(), "unicode_escape"),
    ],
)
async def test_charsets_are_known_ones(body: bytes, charset: str) -> None:
    assert await head_of(body, charset) == Head("Grüße", "", "")


async def test_what_is_shown_is_short_and_hides_nothing() -> None:
    html = (
        f"<title>{'very ' * 5_000}long</title>"
        "<meta name=description content='\u202egnirts\u200b\x07 \ud7ff'>"
        f"<meta property=og:site_name content='a{chr(0x301) * 400}'>"
    )
    found = await head_of(html)
    assert found is not None
    assert len(found.title) == page_head.TITLE_MAX_LENGTH
    assert found.title.endswith("…")
    assert "\u202e" not in found.description
    assert "\x07" not in found.description
    assert found.site == ""


@pytest.mark.parametrize(
    "body",
    [
        b"<" * 500_000,
        b"<!" * 250_000,
        b"<!--" * 125_000,
        b"</" * 250_000,
        b"<a " * 170_000,
        b"<a b='" * 85_000,
        b"<meta " + b"a=b " * 125_000,
        b"<![CDATA[" * 55_000,
        b"<?" * 250_000,
        b"&" * 500_000,
        b"<title>" * 70_000,
        b"<script>" + b"</scrip" * 70_000,
        b"\xff" * 500_000,
    ],
    ids=lambda one: repr(one[:8]),
)
async def test_a_page_that_is_slow_to_read_is_given_up(body: bytes) -> None:
    started = time.monotonic()
    await head_of(body)
    assert time.monotonic() - started < page_head.TIMEOUT_S + 2
