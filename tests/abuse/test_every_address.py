"""Every address of the matrix, with hostile values in each place that takes one.

New addresses come in by themselves: the matrix has to list them, and
tests/access/asks.py their bodies.
"""

import json
import sys
from collections.abc import Iterator
from typing import Any, cast
from urllib.parse import quote, urlencode

import pytest
from django.core.cache import cache
from django.http import HttpResponse
from django.test import Client

from tests.abuse.naughty import PATH_PARTS, TEXTS, VALUES
from tests.abuse.rules import SECRET, held
from tests.access import matrix
from tests.access.asks import Ask, ask_of
from tests.access.matrix import Row
from tests.access.test_pages_and_api import BY_THE_WORKER, ON_THE_LIVE_SITE, undone
from tests.access.world import World, snapshot, world
from tests.chat.pages import client_of

QUERY = ("before", "after", "limit", "q", "page", "cursor", "next", "kind", "around")
REFUSED = range(400, 500)


def rows() -> Iterator[Row]:
    """Each method of each address once: of rooms for the public one."""
    for row in matrix.room_rows():
        if row.privacy == "public" and (row.name, row.method) not in BY_THE_WORKER:
            yield row
    for row in matrix.site_rows():
        if row.name not in ON_THE_LIVE_SITE:
            yield row


ROWS = list(rows())
READS = [row for row in ROWS if row.method == "GET"]


@pytest.fixture
def here(db: None) -> World:
    cache.clear()  # allauth counts there how often an address has asked
    return world()


@pytest.fixture
def clients(here: World) -> dict[str, Client]:
    """Those who may do the most in a room and on the site."""
    found = {role: client_of(here.users[role]) for role in ("RA", "SA")}
    for client in found.values():
        client.raise_request_exception = False
    return found


def answered(client: Client, method: str, path: str, body: Any) -> HttpResponse:
    """The answer; a dict is sent as a form, a text as JSON."""
    kind, data = "application/json", body
    if isinstance(body, dict):
        kind = "application/x-www-form-urlencoded"
        data = urlencode(body, errors="surrogatepass")
    return cast(HttpResponse, client.generic(method, path, data, kind))


def harmless(client: Client, method: str, path: str, body: Any, what: str) -> None:
    """Held against the rules, and what is refused has stored nothing."""
    before = snapshot() if method != "GET" else []
    with undone():
        status = held(lambda: answered(client, method, path, body), what, secret=SECRET)
        if status in REFUSED and before:
            assert snapshot() == before, f"{what}: refused with {status}, yet stored"


def spoilt(ask: Ask) -> Iterator[tuple[str, Any]]:
    """The body of a request with one field after another made hostile."""
    if ask.form is not None:
        for field in ask.form:
            for name, text in TEXTS.items():
                yield f"{field}: {name}", {**ask.form, field: text}
    if ask.json is not None:
        for field in ask.json:
            for name, value in {**TEXTS, **VALUES}.items():
                yield f"{field}: {name}", _json({**ask.json, field: value})
        for name, value in VALUES.items():
            yield f"for an object: {name}", _json(value)
        yield "an unknown field", _json({**ask.json, "pk": 1})
        yield "cut", _json(ask.json)[:-1]
        yield "a key twice", '{"name": "a", "name": "b"}'
        yield "deep", "[" * 5_000 + "]" * 5_000


def _json(value: Any) -> str:
    limit = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(0)
    try:
        return json.dumps(value)
    finally:
        sys.set_int_max_str_digits(limit)


def role_for(row: Row) -> str:
    """Who gets furthest with it."""
    return "RA" if row.privacy else "SA"


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_hostile_bodies(row: Row, here: World, clients: dict[str, Client]) -> None:
    role = role_for(row)
    room = here.rooms["public"].public_id
    ask = ask_of(row, here, role, room)
    for what, body in spoilt(ask):
        harmless(clients[role], row.method, ask.path, body, f"{row} {what}")


@pytest.mark.parametrize("row", READS, ids=str)
def test_hostile_queries(row: Row, here: World, clients: dict[str, Client]) -> None:
    role = role_for(row)
    path = ask_of(row, here, role, here.rooms["public"].public_id).path
    path = path.partition("?")[0]
    for name, text in TEXTS.items():
        value = quote(text[:5_000], errors="surrogatepass")
        query = "&".join(f"{key}={value}" for key in QUERY)
        harmless(clients[role], "GET", f"{path}?{query}", "", f"{row} {name}")
    twice = "&".join("before=1&before=2&q=a&q=b" for _ in range(200))
    harmless(clients[role], "GET", f"{path}?{twice}", "", f"{row} twice")


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_hostile_paths(row: Row, here: World, clients: dict[str, Client]) -> None:
    role = role_for(row)
    path = ask_of(row, here, role, here.rooms["public"].public_id).path
    parts = path.partition("?")[0].split("/")
    for at in (at for at, part in enumerate(parts) if part):
        for hostile in PATH_PARTS:
            bent = "/".join([*parts[:at], hostile, *parts[at + 1 :]])
            harmless(clients[role], row.method, bent, {}, f"{row.method} {bent}")


@pytest.mark.parametrize("row", [row for row in ROWS if row.method != "GET"], ids=str)
def test_nothing_is_done_without_the_token_of_the_page(row: Row, here: World) -> None:
    """A3: no token, a wrong one, another session's; programs have theirs instead."""
    role = role_for(row)
    client = Client(enforce_csrf_checks=True)
    client.force_login(here.users[role])
    ask = ask_of(row, here, role, here.rooms["public"].public_id)
    body = json.dumps(ask.json) if ask.json is not None else ask.form or {}
    before = snapshot()
    for token in (None, "", "x" * 32, "a" * 64):
        if token is not None:
            client.cookies["csrftoken"] = "b" * 32
        if isinstance(body, dict) and token is not None:
            body = {**body, "csrfmiddlewaretoken": token}
        assert answered(client, row.method, ask.path, body).status_code in {403, 405}
    assert snapshot() == before
