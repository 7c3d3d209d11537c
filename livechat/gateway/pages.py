"""The gateway's own answers: one sentence that says what to do."""

import html
from dataclasses import dataclass
from http import HTTPStatus

Header = tuple[bytes, bytes]


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer of the gateway itself; `sentence` is plain text."""

    status: int
    sentence: str
    headers: tuple[Header, ...] = ()


def phrase(status: int) -> str:
    """The standard's words for a status, `Error` for one that it does not know."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"


def page(refusal: Refusal) -> bytes:
    """The refusal as a small complete HTML page in UTF-8."""
    title = html.escape(f"{refusal.status} {phrase(refusal.status)}")
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        f"<title>{title}</title><h1>{title}</h1>"
        f"<p>{html.escape(refusal.sentence)}</p></html>\n"
    ).encode()


def page_headers(refusal: Refusal, body: bytes) -> list[Header]:
    """The headers that go with `page`; none of them names the server's software."""
    return [
        (b"Content-Type", b"text/html; charset=utf-8"),
        (b"Content-Length", b"%d" % len(body)),
        (b"Cache-Control", b"no-store"),
        (b"X-Content-Type-Options", b"nosniff"),
        (b"Content-Security-Policy", b"default-src 'none'; frame-ancestors 'none'"),
        *refusal.headers,
    ]


def last_answer(refusal: Refusal, *, with_body: bool = True) -> bytes:
    """The refusal as the bytes of an HTTP/1.1 answer after which we close."""
    body = page(refusal)
    lines = [f"HTTP/1.1 {refusal.status} {phrase(refusal.status)}".encode()]
    lines += [b"%b: %b" % header for header in page_headers(refusal, body)]
    lines += [b"Connection: close", b"", body if with_body else b""]
    return b"\r\n".join(lines)
