"""HTTP as a program asks it: one request a call, over a real connection."""

import asyncio
import json
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any

from django.test import Client as Browser

from accounts.models import User
from tests.live import Live

TIMEOUT_S = 12


@dataclass(frozen=True)
class Reply:
    """Status, headers by lower-case name, and the body as text."""

    status: int
    headers: dict[str, str]
    text: str

    @property
    def json(self) -> Any:
        """The body, read as JSON."""
        return json.loads(self.text)


def ask(
    live: Live,
    path: str,
    token: str = "",
    *,
    method: str = "GET",
    body: Any = None,
    headers: dict[str, str] | None = None,
) -> Reply:
    """The reply to one request; `body` may be an object (sent as JSON) or bytes."""
    given = dict(headers or {})
    if token:
        given["Authorization"] = f"Bearer {token}"
    data = body
    if body is not None and not isinstance(body, bytes):
        data = json.dumps(body).encode()
        given.setdefault("Content-Type", "application/json")
    connection = HTTPConnection("127.0.0.1", live.port, timeout=TIMEOUT_S)
    try:
        connection.request(method, path, data, given)
        response = connection.getresponse()
        found = {name.lower(): value for name, value in response.getheaders()}
        return Reply(response.status, found, response.read().decode())
    finally:
        connection.close()


async def asked(live: Live, path: str, token: str = "", **options: Any) -> Reply:
    """The same from an async test, in a thread."""
    return await asyncio.to_thread(ask, live, path, token, **options)


def cookie_of(user: User) -> str:
    """The value of a session cookie, as a browser that signed in holds it."""
    browser = Browser()
    browser.force_login(user)
    return browser.cookies["sessionid"].value


def log_out(live: Live, session: str) -> Reply:
    """Log out as the page's form does: with the cookie and Django's token."""
    token = "t" * 32
    return ask(
        live,
        "/accounts/logout/",
        method="POST",
        body=f"csrfmiddlewaretoken={token}".encode(),
        headers={
            "Cookie": f"sessionid={session}; csrftoken={token}",
            "Content-Type": "application/x-www-form-urlencoded",
            "Origin": live.url,
        },
    )
