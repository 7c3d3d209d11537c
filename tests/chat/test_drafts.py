"""Drafts: kept for their author on every device, and gone once they are sent."""

import json
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.test import Client

from accounts.models import User
from chat.changes import TooManyChanges
from chat.drafts import draft_of, keep_draft
from chat.models import Message, Room
from chat.own_tables import Draft
from livechat.lib import limits
from livechat.lib.text import BadText, TooLong
from tests.chat.pages import client_of, fill, room_of


@pytest.fixture
def lounge(alice: User, bob: User) -> Room:
    return room_of(alice, bob)


def kept(user: User, room: Room, body: str, key: UUID | None = None) -> str:
    """What is begun after this was posted, with time between."""
    ago = timedelta(seconds=2 * limits.DRAFT_EVERY_S)
    for one in Draft.objects.all():
        Draft.objects.filter(pk=one.pk).update(updated_at=one.updated_at - ago)
    keep_draft(user, room, body, key or uuid4())
    return draft_of(user, room).body


def test_a_draft_is_its_authors_and_its_rooms(
    lounge: Room, alice: User, bob: User
) -> None:
    other = room_of(alice, name="Other")
    assert kept(alice, lounge, "half a sent") == "half a sent"
    assert kept(alice, lounge, "half a\r\nsentence ") == "half a\nsentence "
    assert draft_of(alice, other).body == draft_of(bob, lounge).body == ""
    assert kept(alice, lounge, " \n") == ""
    assert Draft.objects.count() == 1


def test_what_was_sent_is_no_draft_whichever_of_the_two_comes_first(
    lounge: Room, alice: User
) -> None:
    fill(lounge, alice, 2)
    first, second = Message.objects.order_by("seq")
    key = uuid4()
    kept(alice, lounge, "on its way", key)
    Message.objects.filter(pk=first.pk).update(client_id=key)
    assert draft_of(alice, lounge).body == ""
    assert kept(alice, lounge, "too late", second.client_id) == ""
    assert kept(alice, lounge, "the next one") == "the next one"


def test_drafts_are_kept_at_a_rate_and_ended_at_any_time(
    lounge: Room, alice: User
) -> None:
    keep_draft(alice, lounge, "a", uuid4())
    with pytest.raises(TooManyChanges):
        keep_draft(alice, lounge, "ab", uuid4())
    assert draft_of(alice, lounge).body == "a"
    keep_draft(alice, lounge, "", uuid4())
    assert draft_of(alice, lounge).body == ""


def test_what_no_message_can_hold_is_no_draft(lounge: Room, alice: User) -> None:
    with pytest.raises(TooLong):
        keep_draft(alice, lounge, "x" * (limits.DRAFT_MAX_LENGTH + 1), uuid4())
    with pytest.raises(BadText):
        keep_draft(alice, lounge, "a\x00b", uuid4())
    assert kept(alice, lounge, "x" * limits.DRAFT_MAX_LENGTH)


def posted(client: Client, room: Room, body: str) -> int:
    path = f"/rooms/{room.public_id}/draft"
    return client.post(path, {"client_id": str(uuid4()), "body": body}).status_code


def test_the_page_begins_with_it(
    lounge: Room, alice: User, bob: User, charlie: User
) -> None:
    laptop, phone = client_of(alice), client_of(alice)
    assert posted(laptop, lounge, "half <a> sentence") == 204
    page = phone.get(f"/rooms/{lounge.public_id}/").content.decode()
    assert ">half &lt;a&gt; sentence</textarea>" in page
    assert posted(laptop, lounge, "sooner than that") == 429
    assert posted(laptop, lounge, "a\x00b") == 422
    assert posted(client_of(charlie), lounge, "from outside") == 403
    others = client_of(bob).get(f"/rooms/{lounge.public_id}/").content.decode()
    assert "half &lt;a&gt;" not in others


def test_programs_keep_drafts_too(lounge: Room, alice: User) -> None:
    client, path = client_of(alice), f"/api/rooms/{lounge.public_id}/draft"
    key = str(uuid4())

    def told(method: str, body: object = None) -> dict[str, object]:
        answer = client.generic(method, path, json.dumps(body), "application/json")
        found: dict[str, object] = json.loads(answer.content) if answer.content else {}
        return {"status": answer.status_code, **found}

    room = lounge.public_id
    nothing = {"status": 200, "room": room, "body": "", "client_id": None}
    assert told("GET") == nothing
    begun = {"status": 200, "room": room, "body": "begun", "client_id": key}
    assert told("PUT", {"body": "begun", "client_id": key}) == begun
    assert told("GET") == begun
    assert told("PUT", {"body": "x" * 16_001})["code"] == "too_long"
    assert told("PUT", {"text": "x"})["code"] == "unknown_field"
    assert told("PUT", {})["code"] == "bad_frame"
    assert told("PUT", {"body": "sooner"})["code"] == "rate_limited"
    assert told("DELETE") == {"status": 204}
    assert told("GET")["body"] == ""
