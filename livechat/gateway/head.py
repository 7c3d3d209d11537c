"""A request's head, and whether the application may see it (rule D1).

Pure: bytes in, a refusal or None out. Every check runs before a byte of the body is
read, and nothing is ever answered with a redirect.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from livechat.gateway.bounds import Bounds
from livechat.gateway.pages import Header, Refusal

METHODS = frozenset({b"GET", b"HEAD", b"POST", b"PUT", b"PATCH", b"DELETE", b"OPTIONS"})
FOREIGN_METHODS = frozenset({b"TRACE", b"CONNECT"})
NAME = re.compile(rb"[-!#$%&'*+.^_`|~0-9a-zA-Z]+")
# RFC 9110 5.5 forbids the controls; stock Daphne refuses 0x85 (a line end) as well.
BAD_IN_VALUE = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f\x85]")
HOST = re.compile(rb"[-.:_\[\]0-9a-zA-Z]+")
ONLY_PROXIES_SEND = (b"forwarded", b"daphne-root-path", b"x-real-ip")
ONLY_PROXIES_PREFIXES = (b"x-forwarded-", b"x-original-", b"x-rewrite-")
SESSION_COOKIES = (b"sessionid", b"__Host-sessionid")
METHOD_OVERRIDES = (b"x-http-method", b"x-http-method-override", b"x-method-override")


@dataclass(frozen=True, slots=True)
class Head:
    """What stands before the body; names of headers are in lower case.

    `length` is the body's size in bytes, None when it comes in chunks.
    """

    method: bytes
    target: bytes
    version: bytes
    headers: tuple[Header, ...]
    length: int | None

    def values(self, name: bytes) -> list[bytes]:
        """All values of one header, as they came."""
        return [value for key, value in self.headers if key == name]

    @property
    def path(self) -> bytes:
        return self.target.partition(b"?")[0]

    @property
    def query(self) -> bytes:
        return self.target.partition(b"?")[2]

    @property
    def upgrades(self) -> bool:
        """True when the client wants a WebSocket."""
        return any(b"websocket" in value.lower() for value in self.values(b"upgrade"))


def clean_headers(headers: Sequence[Header]) -> list[Header]:
    """The headers without those that only a proxy, or an attacker, writes.

    A name with an underscore is left out too: in WSGI's spelling it is the same as the
    name with a hyphen (CVE-2015-0219).
    """
    return [
        (name, value)
        for name, value in headers
        if b"_" not in name
        and name not in ONLY_PROXIES_SEND
        and name not in METHOD_OVERRIDES
        and not name.startswith(ONLY_PROXIES_PREFIXES)
    ]


def refusal(head: Head, bounds: Bounds, body_limit: int) -> Refusal | None:
    """Why the application must not see this request; None when it may.

    `body_limit` is the largest body that this request may have, in bytes.
    """
    return (
        _first_refusal(head, (_method, _headers, _host, _framing, _coding, _cookies))
        or _target(head, bounds)
        or _query(head.query, bounds)
        or (_handshake(head) if head.upgrades else None)
        or _size(head, body_limit)
    )


def too_large(limit: int) -> Refusal:
    """The answer to a body of more than `limit` bytes."""
    return Refusal(413, f"Send at most {limit // 1024} KiB in one request.")


def _first_refusal(
    head: Head, checks: Sequence[Callable[[Head], Refusal | None]]
) -> Refusal | None:
    return next((found for check in checks if (found := check(head))), None)


def _method(head: Head) -> Refusal | None:
    if head.method in METHODS:
        return None
    allow = (b"Allow", b", ".join(sorted(METHODS)))
    if head.method in FOREIGN_METHODS:
        return Refusal(405, "Use another method, such as GET or POST.", (allow,))
    return Refusal(501, "Use a method that is known here, such as GET or POST.")


def _headers(head: Head) -> Refusal | None:
    for name, value in head.headers:
        if not NAME.fullmatch(name) or BAD_IN_VALUE.search(value):
            return Refusal(400, "Send headers without control characters.")
    return None


def _host(head: Head) -> Refusal | None:
    hosts = head.values(b"host")
    if len(hosts) != 1 or not HOST.fullmatch(hosts[0]):
        return Refusal(400, "Send exactly one Host header with the site's name.")
    return None


def _framing(head: Head) -> Refusal | None:
    codings = head.values(b"transfer-encoding")
    if codings and (len(codings) > 1 or head.version != b"HTTP/1.1"):
        return Refusal(400, "Send the body in one chunked coding, over HTTP/1.1.")
    if codings and head.values(b"content-length"):
        return Refusal(400, "Send Content-Length or Transfer-Encoding, not both.")
    if any(value.lower() != b"100-continue" for value in head.values(b"expect")):
        return Refusal(417, "Expect nothing but 100-continue.")
    return None


def _coding(head: Head) -> Refusal | None:
    if any(value.lower() != b"identity" for value in head.values(b"content-encoding")):
        return Refusal(415, "Send the body as it is, without compressing it.")
    return None


def _cookies(head: Head) -> Refusal | None:
    # Two session cookies: which of the two people is it? Neither (H29).
    pairs = b";".join(head.values(b"cookie")).split(b";")
    names = [pair.partition(b"=")[0].strip() for pair in pairs]
    if any(names.count(name) > 1 for name in SESSION_COOKIES):
        return Refusal(400, "Send one session cookie; clear the site's cookies.")
    return None


def _target(head: Head, bounds: Bounds) -> Refusal | None:
    path = unquote_to_bytes(head.path)
    if not head.target.isascii() or b"#" in head.target:
        return Refusal(400, "Ask for a path of plain ASCII, the rest percent-encoded.")
    if len(head.path) > bounds.target_max_bytes:
        return Refusal(414, "Ask for a shorter address.")
    # An absolute address, `//host` and `/\host` name another site: never follow them.
    if not head.path.startswith(b"/") or path.startswith(b"//") or b"\\" in path:
        return Refusal(404, "Nothing is here; start from the site's first page.")
    return None


def _query(query: bytes, bounds: Bounds) -> Refusal | None:
    if len(query) > bounds.target_max_bytes:
        return Refusal(414, "Ask for a shorter address.")
    if query.count(b"&") >= bounds.query_max_parameters:
        most = bounds.query_max_parameters
        return Refusal(400, f"Send at most {most} parameters in the address.")
    decoded = unquote_to_bytes(query)
    if b"\0" in decoded or not _is_utf8(decoded):
        return Refusal(400, "Send parameters as percent-encoded UTF-8 text.")
    return None


def _is_utf8(text: bytes) -> bool:
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


def _size(head: Head, body_limit: int) -> Refusal | None:
    if head.length is not None and head.length > body_limit:
        return too_large(body_limit)
    return None


def _handshake(head: Head) -> Refusal | None:
    """RFC 6455 4.2.1, and no body: its bytes would be read as frames."""
    if head.method != b"GET" or head.version != b"HTTP/1.1" or head.length != 0:
        return Refusal(400, "Open the socket with GET over HTTP/1.1, without a body.")
    if not _upgrades_once(head):
        return Refusal(400, "Open the socket with Connection: Upgrade alone.")
    if head.values(b"sec-websocket-version") != [b"13"]:
        ours = ((b"Sec-WebSocket-Version", b"13"), (b"Upgrade", b"websocket"))
        return Refusal(426, "Open the socket with WebSocket version 13.", ours)
    keys = head.values(b"sec-websocket-key")
    if len(keys) != 1 or not re.fullmatch(rb"[A-Za-z0-9+/]{21}[AQgw]==", keys[0]):
        return Refusal(400, "Open the socket with one key of 16 bytes in base64.")
    return None


def _upgrades_once(head: Head) -> bool:
    upgrades = [value.lower() for value in head.values(b"upgrade")]
    tokens = b",".join(head.values(b"connection")).lower().split(b",")
    connection = {token.strip() for token in tokens}
    return (
        upgrades == [b"websocket"]
        and b"upgrade" in connection
        and b"close" not in connection
    )
