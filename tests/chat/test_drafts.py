"""Drafts: kept for their author on every device, and gone once they are sent."""

import json
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.test import Client

from accounts.models import User
from chat.begun import IN_ROOM, draft_of, has_draft
from chat.changes import TooManyChanges
from chat.drafts import keep_draft
from chat.models import Message, Room
from chat.own_tables import Box, Draft
from livechat.lib import limits
from livechat.lib.text import BadText, TooLong
from tests.chat.asking import asked
from tests.chat.conftest import Member
from tests.chat.pages import client_of, fill, room_of
from tests.chat.test_bells import page_of
from tests.live import Live


@pytest.fixture
def lounge(alice: User, bob: User) -> Room:
    return room_of(alice, bob)


def kept(
    user: User, room: Room, body: str, key: UUID | None = None, box: Box = IN_ROOM
) -> str:
    """What is begun after this was posted, with time between."""
    ago = timedelta(seconds=2 * limits.DRAFT_EVERY_S)
    for one in Draft.objects.all():
        Draft.objects.filter(pk=one.pk).update(updated_at=one.updated_at - ago)
    keep_draft(user, room, body, key or uuid4(), box)
    return draft_of(user, room, box).body


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
    assert posted(laptop, lounge, "sooner than that") == 429
    page = phone.get(f"/rooms/{lounge.public_id}/").content.decode()
    assert ">half &lt;a&gt; sentence</textarea>" in page
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
    where = {"status": 200, "room": room, "thread": None, "reply_to": None}
    assert told("GET") == {**where, "body": "", "client_id": None}
    begun = {**where, "body": "begun", "client_id": key}
    assert told("PUT", {"body": "begun", "client_id": key}) == begun
    assert told("GET") == begun
    assert told("PUT", {"body": "x" * 16_001})["code"] == "too_long"
    assert told("PUT", {"text": "x"})["code"] == "unknown_field"
    assert told("PUT", {})["code"] == "bad_frame"
    assert told("PUT", {"body": "sooner"})["code"] == "rate_limited"
    assert told("DELETE") == {"status": 204}
    assert told("GET")["body"] == ""


def test_programs_keep_drafts_of_threads_and_replies(lounge: Room, alice: User) -> None:
    fill(lounge, alice, 2)
    client, path = client_of(alice), f"/api/rooms/{lounge.public_id}/draft"
    body = json.dumps({"body": "begun"})
    put = client.put(f"{path}?thread=2", body, "application/json")
    assert (put.status_code, json.loads(put.content)["thread"]) == (200, 2)
    assert json.loads(client.get(path).content)["body"] == ""
    assert json.loads(client.get(f"{path}?thread=2").content)["body"] == "begun"
    Draft.objects.update(updated_at=lounge.created_at - timedelta(days=1))
    missing = client.put(f"{path}?reply_to=9", body, "application/json")
    assert missing.status_code == 404
    assert client.get(f"{path}?thread=x").status_code == 400
    assert client.delete(f"{path}?thread=2").status_code == 204
    assert json.loads(client.get(f"{path}?thread=2").content)["body"] == ""


def test_each_box_has_a_draft_of_its_own(lounge: Room, alice: User, bob: User) -> None:
    fill(lounge, bob, 2)
    client, path = client_of(alice), f"/rooms/{lounge.public_id}"
    kept(alice, lounge, "in the room")
    kept(alice, lounge, "beside it", box=Box(thread=1))
    kept(alice, lounge, "an older reply", box=Box(reply_to=1))
    kept(alice, lounge, "a reply", box=Box(reply_to=2))
    page = client.get(f"{path}/?thread=1").content.decode()
    for text in ("in the room", "beside it", "a reply"):
        assert f">{text}</textarea>" in page
    assert "an older reply" not in page
    assert 'hx-vals=\'{"reply_to": "2"}\'' in page
    assert '<span data-quotes="2">' in page
    part = {"HX-Request": "true"}
    form = client.get(f"{path}/1/reply", headers=part).content.decode()
    assert ">an older reply</textarea>" in form
    pane = client.get(f"{path}/1/thread", headers=part).content.decode()
    assert ">beside it</textarea>" in pane
    others = client_of(bob).get(f"{path}/?thread=1").content.decode()
    assert "beside it" not in others


def test_the_page_keeps_each_box_and_no_box_of_what_is_not_there(
    lounge: Room, alice: User
) -> None:
    fill(lounge, alice, 1)
    client, path = client_of(alice), f"/rooms/{lounge.public_id}/draft"
    given = {"client_id": str(uuid4()), "body": "begun"}
    assert client.post(path, {**given, "thread": "7"}).status_code == 404
    assert client.post(path, {**given, "thread": "x"}).status_code == 422
    assert client.post(path, {**given, "reply_to": "1"}).status_code == 204
    assert draft_of(alice, lounge, Box(reply_to=1)).body == "begun"
    assert draft_of(alice, lounge).body == ""


def test_the_oldest_draft_goes_when_there_are_too_many(
    lounge: Room, alice: User
) -> None:
    fill(lounge, alice, limits.DRAFTS_MAX + 1)
    for seq in range(1, limits.DRAFTS_MAX + 2):
        kept(alice, lounge, "begun", box=Box(thread=seq))
    assert Draft.objects.count() == limits.DRAFTS_MAX
    assert draft_of(alice, lounge, Box(thread=1)).body == ""


def test_a_room_with_a_draft_is_marked_at_the_side_until_it_is_sent(
    lounge: Room, alice: User, bob: User
) -> None:
    other = room_of(alice, name="Other")
    fill(lounge, alice, 1)
    key = uuid4()
    kept(alice, lounge, "begun", key, Box(thread=1))
    page = client_of(alice).get(f"/rooms/{other.public_id}/").content.decode()
    row = page.split(f'id="draft-{lounge.public_id}"')[1]
    mark, _ = row.split(f'id="badge-{lounge.public_id}"')
    assert '<span class="vh"> Draft</span>' in mark
    assert f'id="draft-{other.public_id}" class="sidebar__draft"></span>' in page
    assert not has_draft(bob, lounge)
    Message.objects.update(client_id=key)
    assert not has_draft(alice, lounge)
    page = client_of(alice).get(f"/rooms/{other.public_id}/").content.decode()
    assert '<span class="vh"> Draft</span>' not in page


async def test_the_mark_comes_and_goes_on_all_devices_of_its_author_alone(
    live: Live, room: Room, member: Member
) -> None:
    writer, token = member(room, "Writer")
    other, _ = member(room, "Reader")
    path = f"/api/rooms/{room.public_id}/draft"
    place = f'hx-target="#draft-{room.public_id}" hx-swap="innerHTML">'
    async with page_of(live, writer) as phone, page_of(live, other) as stranger:
        await stranger.shows("data-count")
        await asked(live, path, token, method="PUT", body={"body": "begun"})
        await phone.shows(f"{place}<svg")
        await asked(live, path, token, method="DELETE")
        await phone.shows(f"{place}</hx-partial>")
        assert not stranger.ever(place)
