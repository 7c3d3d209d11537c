"""The rows of rooms, for a direct message: not there for outsiders, else unchanged."""

import pytest
from django.test import Client

from chat import access
from chat.directs import begin_direct
from chat.models import Message
from livechat.lib.markdown import render
from tests.access import matrix
from tests.access.asks import ask_of
from tests.access.matrix import Row
from tests.access.test_pages_and_api import (
    BY_THE_WORKER,
    browsers,
    cell,
    here,
    stage,
)
from tests.access.world import NOWHERE, World, snapshot
from tests.chat.pages import fill

__all__ = ("browsers", "here", "stage")

OUTSIDERS = ("ST", "EX", "BA", "RA", "SA")
REPORTS = {"room_report", "api_room_report"}
OF_THE_AUTHOR = {"message_edit", "message_delete"}
ROWS = [
    row
    for row in matrix.room_rows()
    if row.privacy == "private" and (row.name, row.method) not in BY_THE_WORKER
]


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_a_direct_message_is_not_there_for_anybody_else_and_stays_as_it_is(
    row: Row, here: World, browsers: dict[str, Client]
) -> None:
    """The site's admins are such others, and those who run other rooms."""
    room, _ = begin_direct(here.users["ME"], [here.target])
    fill(room, here.target, here.other["ME"])
    if "diagram" in row.name:
        text = "```mermaid\npie\n```"
        Message.objects.filter(room=room).update(body=text, html=render(text))
    before, found = snapshot(), {}
    for role in (*OUTSIDERS, "ME"):
        ask = ask_of(row, here, role, room.public_id)
        none = ask_of(row, here, role, NOWHERE)
        found[role] = cell(browsers[role], ask, none, before)
    own = found.pop("ME")
    assert set(found.values()) == {"·"}
    fixed = row.action in access.NOT_IN_DIRECTS - {"join"} or row.name in REPORTS
    fixed = fixed or row.name in OF_THE_AUTHOR  # who is the other one of the two
    assert own in (("N", "status 409") if fixed else ("Y", "="))


@pytest.mark.parametrize("action", sorted(access.RULES))
def test_what_its_two_may_is_what_changes_neither_its_people_nor_its_rules(
    action: str, here: World
) -> None:
    room, _ = begin_direct(here.users["ME"], [here.target])
    allowed = {
        role for role, user in here.users.items() if access.can(user, action, room)
    }
    nobody = action in access.NOT_IN_DIRECTS
    by_the_queue = action == "settle_report"
    assert allowed == ({"SA"} if by_the_queue else set() if nobody else {"ME"})
