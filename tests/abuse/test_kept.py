"""Hostile input to threads, pins, saved messages and drafts: text stays text."""

from urllib.parse import quote_from_bytes
from uuid import uuid4

import pytest

from accounts.models import User
from chat.drafts import keep_draft
from chat.models import Message, Room
from chat.own_tables import Draft, Saved
from tests.abuse.test_messages import MARKUP
from tests.chat.pages import client_of, fill, room_of
from tests.chat.test_threads import said, written

# Z3: numbers of what is not there, or far outside of what a number may be.
NUMBERS = ["0", "99", str(2**53), str(2**63), "9" * 40]
PARTS = ("thread", "pin", "saved")


@pytest.fixture
def lounge(alice: User, bob: User) -> Room:
    room = room_of(alice, bob)
    fill(room, alice, 1)
    return room


@pytest.mark.parametrize("text", MARKUP, ids=range(len(MARKUP)))
def test_markup_stays_text_in_threads_lists_and_the_box(
    lounge: Room, alice: User, text: str
) -> None:
    written(lounge, said(lounge, alice, text, 1, in_room=False))
    Message.objects.filter(room=lounge, seq=2).update(pinned_at=lounge.created_at)
    client, path = client_of(alice), f"/rooms/{lounge.public_id}"
    client.post(f"{path}/2/saved", {"on": "yes"})
    keep_draft(alice, lounge, f"</textarea>{text}", uuid4())
    for place in (f"{path}/?thread=1", f"{path}/pins", "/saved"):
        page = client.get(place).content.decode()
        for markup in ("<script>alert", "<math", "<https", '<b hx-get="/logout"'):
            assert markup not in page
        assert page.count("</textarea>") == page.count("<textarea")


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("part", PARTS)
def test_numbers_of_nothing_are_not_there(
    lounge: Room, alice: User, number: str, part: str
) -> None:
    client, here = client_of(alice), f"/rooms/{lounge.public_id}/{number}/{part}"
    form = {"on": "yes", "body": "x", "client_id": str(uuid4())}
    assert client.post(here, form).status_code == 404
    api = f"/api/rooms/{lounge.public_id}/messages/{number}/{part}"
    answer = client.get(api) if part == "thread" else client.put(api)
    assert answer.status_code in {400, 404}
    assert not Saved.objects.exists()


@pytest.mark.parametrize("part", PARTS)
def test_a_number_of_another_room_is_not_there(
    lounge: Room, alice: User, bob: User, part: str
) -> None:
    fill(lounge, alice, 5)
    other = room_of(bob, alice, name="Other")
    fill(other, bob, 1)
    form = {"on": "yes", "body": "x", "client_id": str(uuid4())}
    path = f"/rooms/{other.public_id}/5/{part}"
    assert client_of(bob).post(path, form).status_code == 404


@pytest.mark.parametrize("query", ["thread=", "thread=0", "thread=-1", "thread=x"])
def test_a_threads_address_that_makes_no_sense_breaks_nothing(
    lounge: Room, alice: User, query: str
) -> None:
    answer = client_of(alice).get(f"/rooms/{lounge.public_id}/?{query}")
    assert answer.status_code in {200, 404}


BODIES = ["\x00", "\ud800", "x" * 16_001, "e" + "\u0301" * 99]


@pytest.mark.parametrize("body", BODIES, ids=range(len(BODIES)))
def test_what_no_message_holds_is_no_draft(
    lounge: Room, alice: User, body: str
) -> None:
    raw = quote_from_bytes(body.encode("utf-8", "surrogatepass"))
    path, kind = f"/rooms/{lounge.public_id}/draft", "application/x-www-form-urlencoded"
    form = f"client_id={uuid4()}&body={raw}"
    answer = client_of(alice).generic("POST", path, form, kind)
    assert answer.status_code in {204, 422}
    assert answer.status_code == 204 or not Draft.objects.exists()
