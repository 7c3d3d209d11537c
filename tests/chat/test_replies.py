"""Replies: what they show of the message that they answer, and to whom not."""

import uuid
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from chat.models import Message, Room
from tests.chat.conftest import Member
from tests.chat.pages import client_of, fill, room_of
from tests.chat.test_message_changes import change
from tests.chat.test_views_messages import post
from tests.live import Live

SECRET = "nobody may read this any more"


def page_of(user: User, room: Room) -> str:
    return client_of(user).get(f"/rooms/{room.public_id}/").content.decode()


async def test_a_reply_shows_what_it_answers_and_forgets_it_when_that_is_deleted(
    live: Live, room: Room, member: Member
) -> None:
    user, token = member(room, "Bob")
    async with live.client(token) as bob:
        seq = (await bob.post(room.public_id, SECRET))["seq"]
        path = f"/rooms/{room.public_id}/{seq}/reply"
        form = await post(live, user, path, part=True, body=" ")
        key = str(uuid.uuid4())
        answer = await post(live, user, path, body="so it is", client_id=key)
        reply = await Message.objects.aget(room=room, client_id=key)
        await change(bob, "delete", room, seq)
    assert SECRET in form.text
    assert form.status == 422
    assert answer.headers["location"] == f"/rooms/{room.public_id}/#m-{reply.seq}"
    assert reply.reply_to == seq


def replies(room: Room, *, to: int, first: int) -> None:
    Message.objects.filter(room=room, seq__gte=first).update(reply_to=to)


def test_a_quote_tells_no_more_than_the_message_does(alice: User, bob: User) -> None:
    room = room_of(alice, bob)
    fill(room, alice, 4)
    rows = Message.objects.filter(room=room, seq=1)
    rows.update(html=f"<p>{SECRET}</p>")
    replies(room, to=1, first=4)
    quote = f'href="1" data-quotes="1"><b>Alice</b> {SECRET}</a>'
    assert quote in page_of(bob, room)
    rows.update(html="", body="", deleted_at=room.created_at)
    page = page_of(bob, room)
    assert SECRET not in page
    assert 'href="1" data-quotes="1">This message was deleted.</a>' in page


def test_who_may_not_read_a_message_sees_nothing_of_it_in_a_reply(
    alice: User, charlie: User
) -> None:
    room = room_of(alice)
    fill(room, alice, 4)
    Message.objects.filter(room=room, seq=1).update(html=f"<p>{SECRET}</p>")
    replies(room, to=1, first=4)
    Room.objects.filter(pk=room.pk).update(public_from_seq=3)
    page = page_of(charlie, room)
    assert 'id="m-4"' in page
    assert SECRET not in page


def test_a_page_asks_once_for_all_that_its_replies_answer(alice: User) -> None:
    room = room_of(alice)
    fill(room, alice, 9)
    client = client_of(alice)
    counts = [_queries(client, room)]  # with what only the first one asks
    for first in (9, 2):
        replies(room, to=1, first=first)
        counts.append(_queries(client, room))
    assert counts[1] == counts[2]


def _queries(client: Any, room: Room) -> int:
    with CaptureQueriesContext(connection) as asked:
        client.get(f"/rooms/{room.public_id}/history?before=10")
    return len(asked)
