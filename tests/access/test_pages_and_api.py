"""Each cell of each address, asked for real; what is refused changes nothing.

Addresses whose yes needs the room worker are in test_worker_cells.py.
"""

import copy
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast
from urllib.parse import urlencode

import pytest
from django.contrib.auth import SESSION_KEY
from django.core.cache import cache
from django.http import HttpResponse
from django.test import Client
from pytest_django.plugin import DjangoDbBlocker

from accounts.models import Token
from chat import access
from tests.access import matrix
from tests.access.asks import Ask, ask_of, none_of, outcome
from tests.access.matrix import METHODS, Row
from tests.access.world import (
    NOWHERE,
    World,
    lasting_world,
    snapshot,
    undone,
    writes_so_far,
)
from tests.chat.pages import client_of

BY_THE_WORKER = {
    ("room_messages", "POST"),
    ("message_edit", "POST"),
    ("message_delete", "POST"),
    ("message_reply", "POST"),
    ("message_thread", "POST"),
    ("message_reactions", "POST"),
    ("api_messages", "POST"),
    ("api_message", "PATCH"),
    ("api_message", "DELETE"),
    ("api_message_links", "DELETE"),
    ("message_cards_end", "POST"),
    ("api_reactions", "POST"),
    ("api_reaction", "DELETE"),
}
ON_THE_LIVE_SITE = {"health"}
WRITES = METHODS - {"GET"}
ROOM_ROWS = [
    row for row in matrix.room_rows() if (row.name, row.method) not in BY_THE_WORKER
]

SITE_ROWS = [row for row in matrix.site_rows() if row.name not in ON_THE_LIVE_SITE]


@dataclass(frozen=True, slots=True)
class Stage:
    """Who and what there is, with a client of each role, and all rows of it."""

    here: World
    browsers: dict[str, Client]
    before: list[object]


@pytest.fixture(scope="module")
def stage(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Stage]:
    """Made once for the file, since each ask is taken back; gone with the file."""
    with lasting_world(django_db_blocker) as here:
        yield Stage(here, clients(here), snapshot())


def clients(here: World) -> dict[str, Client]:
    """A client of each role; the bot's sends its token."""
    found = {"AN": Client()}
    for role, user in here.users.items():
        if role == "BO":
            bearer = f"Bearer {Token.issue(user)}"
            found[role] = Client(headers={"Authorization": bearer})
        else:
            found[role] = client_of(user)
    return found


@pytest.fixture
def here(stage: Stage, db: None) -> World:
    return stage.here


@pytest.fixture
def before(stage: Stage) -> list[object]:
    return stage.before


@pytest.fixture
def browsers(stage: Stage) -> dict[str, Client]:
    """They keep no cookie of another test."""
    cache.clear()  # allauth counts there how often an address has asked
    return copy.deepcopy(stage.browsers)


def sent(client: Client, ask: Ask) -> HttpResponse:
    """The answer, with all that the request did taken back."""
    with undone():
        return answered(client, ask)


def answered(client: Client, ask: Ask) -> HttpResponse:
    if ask.json is not None:
        kind, body = "application/json", json.dumps(ask.json)
    else:
        kind, body = "application/x-www-form-urlencoded", urlencode(ask.form or {})
    return cast(HttpResponse, client.generic(ask.method, ask.path, body, kind))


def cell(client: Client, ask: Ask, none: Ask, before: list[object]) -> str:
    """The outcome; what is not there is compared with the ask for `none`."""
    with undone():
        written = writes_so_far()
        answer = answered(client, ask)
        writes = ask.method in WRITES
        # Counting is for free, while a snapshot costs as much as the answer.
        same = writes_so_far() == written != -1
        changed = writes and not same and snapshot() != before
    location = answer.headers.get("Location", "")
    found = outcome(answer.status_code, location, writes=writes, changed=changed)
    assert not changed or found == "Y", f"refused, yet something changed: {ask}"
    if found == "·":
        looks_like_none(answer, sent(client, none))
    if found == "N":
        says_why(answer)
    return found


def looks_like_none(theirs: HttpResponse, none: HttpResponse) -> None:
    assert (theirs.status_code, theirs.content) == (none.status_code, none.content)
    assert theirs.headers.items() == none.headers.items()


def says_why(answer: HttpResponse) -> None:
    text = answer.content.decode()
    assert "not allowed" in text or "may not" in text, text


@pytest.mark.parametrize("row", ROOM_ROWS, ids=str)
def test_each_role_gets_of_a_room_what_the_matrix_says(
    row: Row, here: World, browsers: dict[str, Client], before: list[object]
) -> None:
    """And a room that is not theirs answers like none, to the letter."""
    room = here.rooms[row.privacy].public_id
    found = {}
    for role, client in browsers.items():
        ask, none = (ask_of(row, here, role, where) for where in (room, NOWHERE))
        found[role] = cell(client, ask, none, before)
    assert found == row.cells


@pytest.mark.parametrize("row", SITE_ROWS, ids=str)
def test_each_role_gets_of_the_site_what_the_matrix_says(
    row: Row, here: World, browsers: dict[str, Client], before: list[object]
) -> None:
    """And a page that is not theirs answers like none, to the letter."""
    none = none_of(row) or Ask("GET", "/nothing/here/")
    found = {
        role: cell(client, ask_of(row, here, role), none, before)
        for role, client in browsers.items()
    }
    assert found == row.cells


@pytest.mark.parametrize("row", matrix.entrance_rows(), ids=str)
def test_each_role_gets_of_the_entrance_what_the_matrix_says(
    row: Row, here: World, browsers: dict[str, Client]
) -> None:
    found = {
        role: entrance_cell(client, Ask(row.method, ask_of(row, here, role).path))
        for role, client in browsers.items()
    }
    assert found == row.cells


def entrance_cell(client: Client, ask: Ask) -> str:
    with undone():
        before = client.session.get(SESSION_KEY)
        answer = answered(client, ask)
        changed = client.session.get(SESSION_KEY) != before
    location = answer.headers.get("Location", "")
    return outcome(answer.status_code, location, writes=False, changed=changed)


def test_each_role_gets_of_the_admin_what_the_matrix_says(
    here: World, browsers: dict[str, Client]
) -> None:
    cells = matrix.group_row("admin").cells
    for path in admin_paths(here):
        found = {}
        for role, client in browsers.items():
            with undone():
                end = client.get(path, follow=True)
                last = end.redirect_chain[-1][0] if end.redirect_chain else ""
                found[role] = outcome(
                    end.status_code, last, writes=False, changed=False
                )
        assert found == cells, path


def admin_paths(here: World) -> list[str]:
    """An address of each pattern of the admin that shows something by GET."""
    room, user = here.rooms["private"].pk, here.users["ME"].pk
    return [
        "/admin/",
        "/admin/accounts/",
        "/admin/accounts/user/",
        f"/admin/accounts/user/{user}/change/",
        f"/admin/accounts/user/{user}/history/",
        "/admin/accounts/bot/",
        "/admin/accounts/bot/add/",
        "/admin/accounts/community/",
        "/admin/accounts/invite/",
        "/admin/accounts/invite/add/",
        "/admin/accounts/token/",
        "/admin/chat/",
        "/admin/chat/room/",
        f"/admin/chat/room/{room}/change/",
        f"/admin/chat/room/{room}/history/",
        f"/admin/chat/room/{room}/delete/",
        "/admin/jsi18n/",
    ]


@pytest.mark.parametrize(
    "row",
    [row for row in matrix.room_rows() + matrix.intent_rows() if row.action],
    ids=lambda row: f"{row}-{row.action}",
)
def test_access_can_says_what_the_matrix_says(row: Row, here: World) -> None:
    room = here.rooms[row.privacy]
    found = {
        role: access.can(user, row.action, room) for role, user in here.users.items()
    }
    allowed = {role for role, one in row.cells.items() if one == "Y"}
    wanted = {role: role in allowed | matrix.beyond(row) for role in here.users}
    if row.cells["BO"] == "L":  # pages take no token; the API's row is about bots
        del found["BO"], wanted["BO"]
    assert found == wanted
