"""Every address of the matrix, with hostile values in each place that takes one.

New addresses come in by themselves: the matrix has to list them, and
tests/access/asks.py their bodies.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, cast
from urllib.parse import quote, unquote, urlencode

import pytest
from django.core.cache import cache
from django.http import HttpResponse
from django.test import Client
from django.urls import Resolver404, resolve
from pytest_django.plugin import DjangoDbBlocker

from tests.abuse.naughty import PATH_PARTS, TEXTS, VALUES, json_of
from tests.abuse.rules import SECRET, held
from tests.access import matrix
from tests.access.asks import Ask, ask_of
from tests.access.matrix import Row
from tests.access.test_pages_and_api import BY_THE_WORKER, ON_THE_LIVE_SITE
from tests.access.world import (
    World,
    lasting_world,
    snapshot,
    undone,
    writes_so_far,
)
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
WRITES = [row for row in ROWS if row.method != "GET"]
# Mail programs post to the link in a mail, without a page; its code is all that counts.
WITHOUT_A_PAGE = {"digest_end"}
# Of a room's pages, of its API, of the site, of allauth; with each method.
NAMES = {"room_mute", "room_ban_end", "api_member", "api_room", "profile", "mfa_index"}
SOME_OF_ALL = [row for row in ROWS if row.name in NAMES]


@pytest.fixture(scope="module")
def stage(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[World]:
    """Made once for the file, since all is taken back."""
    with lasting_world(django_db_blocker) as here:
        yield here


@pytest.fixture
def here(stage: World, db: None) -> World:
    cache.clear()  # allauth counts there how often an address has asked
    return stage


def answered(client: Client, method: str, path: str, body: Any) -> HttpResponse:
    """The answer; a dict is sent as a form, a text as JSON."""
    kind, data = "application/json", body
    if isinstance(body, dict):
        kind = "application/x-www-form-urlencoded"
        data = urlencode(body, errors="surrogatepass")
    return cast(HttpResponse, client.generic(method, path, data, kind))


@dataclass(frozen=True, slots=True)
class Asker:
    """Somebody whose requests are held against the rules, and taken back."""

    client: Client
    before: list[object]

    def harmless(self, method: str, path: str, body: Any, what: str) -> None:
        """What is refused has stored nothing."""
        with undone():
            written = writes_so_far()
            ask = partial(answered, self.client, method, path, body)
            status = held(ask, what, secret=SECRET)
            if status in REFUSED and writes_so_far() == written != -1:
                return
            if status in REFUSED and method != "GET":
                assert snapshot() == self.before, f"{what}: {status}, yet stored"


def spoilt(ask: Ask) -> Iterator[tuple[str, Any]]:
    """The body of a request with one field after another made hostile."""
    if ask.form is not None:
        for field in ask.form:
            for name, text in TEXTS.items():
                yield f"{field}: {name}", {**ask.form, field: text}
    if ask.json is not None:
        for field in ask.json:
            for name, value in {**TEXTS, **VALUES}.items():
                yield f"{field}: {name}", json_of({**ask.json, field: value})
        for name, value in VALUES.items():
            yield f"for an object: {name}", json_of(value)
        yield "an unknown field", json_of({**ask.json, "pk": 1})
        yield "cut", json_of(ask.json)[:-1]
        yield "a key twice", '{"name": "a", "name": "b"}'
        yield "deep", "[" * 5_000 + "]" * 5_000


def role_for(row: Row) -> str:
    """Who gets furthest with it."""
    return "RA" if row.privacy else "SA"


@pytest.fixture
def asker(row: Row, here: World) -> Asker:
    """Who gets furthest with the row."""
    client = client_of(here.users[role_for(row)])
    client.raise_request_exception = False
    return Asker(client, snapshot() if row.method != "GET" else [])


def ask_for(row: Row, here: World) -> Ask:
    """The row's request as it should be, by who gets furthest with it."""
    return ask_of(row, here, role_for(row), here.rooms["public"].public_id)


@pytest.mark.parametrize("row", WRITES, ids=str)
def test_hostile_bodies(row: Row, here: World, asker: Asker) -> None:
    ask = ask_for(row, here)
    for what, body in spoilt(ask):
        asker.harmless(row.method, ask.path, body, f"{row} {what}")


@pytest.mark.parametrize("row", READS, ids=str)
def test_hostile_queries(row: Row, here: World, asker: Asker) -> None:
    path = ask_for(row, here).path.partition("?")[0]
    twice = "&".join("before=1&before=2&q=a&q=b" for _ in range(200))
    asker.harmless("GET", f"{path}?{twice}", "", f"{row} twice")
    if not looks_at_its_query(asker.client, path):
        return
    for name, text in TEXTS.items():
        value = quote(text[:5_000], errors="surrogatepass")
        query = "&".join(f"{key}={value}" for key in QUERY)
        asker.harmless("GET", f"{path}?{query}", "", f"{row} {name}")


def looks_at_its_query(client: Client, path: str) -> bool:
    """Whether anything asked for the query; Django splits it when that is done."""
    answer: Any = client.get(f"{path}?q=a")
    return "GET" in vars(answer.wsgi_request)


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_hostile_paths(row: Row, here: World, asker: Asker) -> None:
    path = ask_for(row, here).path.partition("?")[0]
    for bent in bendings(path):
        if is_an_address(bent):
            asker.harmless(row.method, bent, {}, f"{row.method} {bent}")


def bendings(path: str) -> Iterator[str]:
    """The path with one part after another made hostile."""
    parts = path.split("/")
    for at in (at for at, part in enumerate(parts) if part):
        for hostile in PATH_PARTS:
            yield "/".join([*parts[:at], hostile, *parts[at + 1 :]])


def is_an_address(path: str) -> bool:
    """Whether a view answers it; all others are one answer, which one test looks at."""
    try:
        resolve(unquote(path, errors="replace"))
    except Resolver404:
        return False
    return True


@pytest.mark.parametrize("row", SOME_OF_ALL, ids=str)
def test_hostile_paths_that_lead_nowhere(row: Row, here: World, asker: Asker) -> None:
    for bent in bendings(ask_for(row, here).path.partition("?")[0]):
        asker.harmless(row.method, bent, {}, f"{row.method} {bent}")


BY_A_PAGE = [row for row in WRITES if row.name not in WITHOUT_A_PAGE]


@pytest.mark.parametrize("row", BY_A_PAGE, ids=str)
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
