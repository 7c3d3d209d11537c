"""A push service on loopback: it keeps what it gets and answers as it is told."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from django.db import connection

from livechat.lib.webpush import CURVE, decoded
from tests.push.browser import opened


@dataclass
class Taken:
    """One request: headers by lower-case name, and what the browser reads in it."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def told(self) -> dict[str, Any]:
        """The JSON that the service worker gets."""
        found: dict[str, Any] = json.loads(opened(self.body))
        return found


@dataclass
class Service:
    """Its address, all requests so far, the next answers (none left: 201)."""

    url: str
    taken: list[Taken] = field(default_factory=list)
    answers: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    meanwhile: Callable[[], None] = lambda: None  # done before each answer


@contextmanager
def push_service() -> Iterator[Service]:
    """It runs until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            headers = {name.lower(): value for name, value in self.headers.items()}
            body = self.rfile.read(length)
            service.taken.append(Taken(self.path, headers, body))
            service.meanwhile()
            connection.close()  # this thread's own, if that made one
            status, more = service.answers.pop(0) if service.answers else (201, {})
            self.send_response(status)
            for name, value in more.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    service = Service(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield service
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def claims_of(authorization: str) -> tuple[dict[str, Any], str]:
    """The claims of a VAPID header and the key that signed them; fails otherwise."""
    scheme, _, rest = authorization.partition(" ")
    parts = dict(one.strip().split("=", 1) for one in rest.split(","))
    assert scheme == "vapid"
    head, claims, signature = parts["t"].split(".")
    assert json.loads(decoded(head)) == {"typ": "JWT", "alg": "ES256"}
    raw = decoded(signature)
    r, s = int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")
    key = ec.EllipticCurvePublicKey.from_encoded_point(CURVE, decoded(parts["k"]))
    signed = f"{head}.{claims}".encode()
    key.verify(encode_dss_signature(r, s), signed, ec.ECDSA(SHA256()))
    found: dict[str, Any] = json.loads(decoded(claims))
    return found, parts["k"]
