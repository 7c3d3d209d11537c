"""NUL is no text: PostgreSQL cannot even be asked for it, and nothing is there."""

import uuid

import pytest

from chat.models import Room
from tests.chat.asking import ask
from tests.chat.conftest import Member, Person
from tests.live import Live


@pytest.mark.parametrize(
    "path", ["/api/rooms/%00", "/rooms/%00/", "/me/%00.css", "/%00"]
)
def test_an_address_with_nul_is_one_that_is_not_there(
    live: Live, person: Person, path: str
) -> None:
    _, token = person("Bob")
    assert ask(live, path, token).status == 404


@pytest.mark.parametrize("query", ["after=%00", "q=%00", "%00=1", "next=/%00"])
def test_a_query_with_nul_breaks_no_page(
    live: Live, room: Room, member: Member, query: str
) -> None:
    _, token = member(room, "Bob")
    assert (
        ask(live, f"/api/rooms/{room.public_id}/messages?{query}", token).status < 500
    )
    assert ask(live, f"/accounts/login/?{query}").status < 500


def test_a_session_cookie_with_nul_is_nobodys(live: Live) -> None:
    cookie = {"Cookie": 'sessionid="aaaaaaaaaaaaaaaa\\000"'}
    assert ask(live, "/", headers=cookie).status == 302


async def test_a_frame_with_nul_is_refused(live: Live, person: Person) -> None:
    _, token = person("Bob")
    async with live.client(token) as client:
        for kind, fields in (
            ("subscribe", {}),
            ("read", {"seq": 1}),
            ("typing", {"on": True}),
            ("send", {"client_id": str(uuid.uuid4()), "body": "hi"}),
        ):
            await client.say(kind, room="\0" * 12, **fields)
            error = await client.expect("error")
            assert error["code"] == "bad_text", kind
