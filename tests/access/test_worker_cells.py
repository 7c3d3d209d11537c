"""The cells whose yes comes from the room worker, on the running site; and the rest
that needs it to run: health and static files."""

from urllib.parse import urlencode

import pytest

from tests.access import matrix
from tests.access.asks import Ask, ask_of, outcome
from tests.access.matrix import Row
from tests.access.test_pages_and_api import BY_THE_WORKER
from tests.access.world import NOWHERE, World, snapshot
from tests.chat.asking import Reply, ask, cookie_of
from tests.live import Live

CSRF = "t" * 32


def sent(live: Live, one: Ask, token: str, session: str) -> Reply:
    """Programs send their token, browsers their cookie with the form's token."""
    if one.form is None:
        return ask(live, one.path, token, method=one.method, body=one.json)
    form = urlencode({**one.form, "csrfmiddlewaretoken": CSRF}).encode()
    headers = {
        "Cookie": f"csrftoken={CSRF}" + (session and f"; sessionid={session}"),
        "Content-Type": "application/x-www-form-urlencoded",
        "Origin": live.url,
    }
    return ask(live, one.path, method=one.method, body=form, headers=headers)


@pytest.mark.parametrize(
    "row",
    [row for row in matrix.room_rows() if (row.name, row.method) in BY_THE_WORKER],
    ids=str,
)
def test_each_role_gets_of_messages_what_the_matrix_says(
    live: Live, here: World, tokens: dict[str, str], row: Row
) -> None:
    room = here.rooms[row.privacy].public_id
    found = {}
    for role in row.cells:
        user = here.users.get(role)
        session = cookie_of(user) if user and role != "BO" else ""
        one, none = (ask_of(row, here, role, where) for where in (room, NOWHERE))
        before = snapshot()
        reply = sent(live, one, tokens[role], session)
        changed = snapshot() != before
        place = reply.headers.get("location", "")
        found[role] = outcome(reply.status, place, writes=True, changed=changed)
        assert not changed or found[role] == "Y"
        if found[role] == "·":
            other = sent(live, none, tokens[role], session)
            assert (reply.status, reply.text) == (other.status, other.text)
    assert found == row.cells


def test_everybody_may_ask_for_health_and_static_files(
    live: Live, here: World, tokens: dict[str, str]
) -> None:
    (health,) = [row for row in matrix.site_rows() if row.name == "health"]
    places = {"/health": health, "/static/js/hooks.js": matrix.group_row("static")}
    for path, row in places.items():
        status = {role: ask(live, path, tokens[role]).status for role in row.cells}
        assert set(status.values()) == {200}
        assert set(row.cells.values()) == {"Y"}
