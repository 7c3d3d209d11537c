"""Threads: where a reply goes, who counts it, who is told, and what a page shows."""

import json
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Token, User
from chat import fanout
from chat.inbox import Answer, DeleteIntent, EditIntent, PostIntent, Write
from chat.models import Membership, Message, Room
from chat.notice_tables import Notice
from chat.posting import write_batch
from chat.publishing import publications
from chat.reports import report, settle
from chat.room import Registry
from chat.threads import changed_since, thread_of
from chat.unread import errors_in
from chat.worker_tables import Shard
from livechat.lib import limits
from livechat.lib.feed import Publication
from livechat.lib.page_frames import page_frames
from livechat.lib.words import plain
from tests.chat.conftest import Member
from tests.chat.pages import client_of, fill, room_of
from tests.chat.shapes import check_frame
from tests.chat.test_unread import unread
from tests.chat.test_views_messages import post as sent
from tests.live import Live


def written(room: Room, *intents: Write) -> tuple[list[Answer], list[Publication]]:
    """What the room worker answers and publishes, all in one batch."""
    held = {"owner": "test", "epoch": 1, "until": timezone.now()}
    Shard.objects.update_or_create(number=room.shard, defaults=held)
    outcomes = write_batch(intents, {room.shard: 1}, Registry())
    room.refresh_from_db()
    told = publications(outcomes).get(room.public_id, [])
    return [one.answer for one in outcomes], told


def said(
    room: Room, author: User, text: str, to: int | None = None, *, in_room: bool = True
) -> PostIntent:
    return PostIntent(
        room=room.pk,
        user=author.pk,
        epoch=author.epoch,
        client_id=uuid4(),
        body=text,
        reply_to=to,
        process="",
        address="",
        ref=None,
        public_id=room.public_id,
        in_room=in_room,
    )


def whose(room: Room, author: User) -> tuple[int, int, int]:
    return room.pk, author.pk, author.epoch


def row(room: Room, seq: int) -> Message:
    return Message.objects.get(room=room, seq=seq)


def threads(room: Room) -> list[tuple[int, int | None, bool]]:
    rows = Message.objects.filter(room=room).order_by("seq")
    return list(rows.values_list("seq", "thread", "in_room"))


def told(room: Room, user: User) -> list[int]:
    """Of which messages of the room the user has notices."""
    found = Notice.objects.filter(room=room, user=user).order_by("seq")
    return [one or 0 for one in found.values_list("seq", flat=True)]


@pytest.fixture
def lounge(alice: User, bob: User) -> Room:
    """A room of both, in which alice has said one thing."""
    room = room_of(alice, bob)
    fill(room, alice, 1)
    return room


def test_a_reply_goes_into_the_one_thread_whatever_it_answers(
    lounge: Room, alice: User, bob: User
) -> None:
    written(lounge, said(lounge, bob, "a", 1), said(lounge, alice, "b", 2))
    written(lounge, said(lounge, bob, "c", 3, in_room=False))
    assert threads(lounge) == [
        (1, None, True),
        (2, 1, True),
        (3, 1, True),
        (4, 1, False),
    ]
    assert row(lounge, 1).reply_count == 3
    assert row(lounge, 1).last_reply_at == row(lounge, 4).created_at
    assert row(lounge, 4).reply_to == 3


@pytest.mark.parametrize(
    ("to", "code"), [(None, "bad_frame"), (9, "no_message"), (2, "forbidden")]
)
def test_what_cannot_be_kept_out_of_the_room_is_refused(
    lounge: Room, bob: User, to: int | None, code: str
) -> None:
    fill(lounge, bob, 1)
    Message.objects.filter(room=lounge, seq=2).update(kind="system")
    ((answer,), published) = written(
        lounge, said(lounge, bob, "psst", to, in_room=False)
    )
    assert answer.code == code
    assert published == []
    assert lounge.last_seq == 2


def test_no_thread_goes_on_behind_what_newcomers_may_not_read(
    lounge: Room, bob: User
) -> None:
    Room.objects.filter(pk=lounge.pk).update(public_from_seq=2)
    ((answer,), _) = written(lounge, said(lounge, bob, "psst", 1, in_room=False))
    assert answer.code == "forbidden"


def test_a_reply_aside_is_nobodys_unread_message_but_its_threads_people_are_told(
    lounge: Room, alice: User, bob: User, charlie: User
) -> None:
    Membership.objects.create(room=lounge, user=charlie, last_read_seq=1)
    Membership.objects.filter(user=alice).update(last_read_seq=1)
    written(lounge, said(lounge, bob, "psst", 1, in_room=False))
    assert [unread(one, lounge) for one in (alice, bob, charlie)] == [0, 0, 0]
    assert [told(lounge, one) for one in (alice, bob, charlie)] == [[2], [], []]
    written(lounge, said(lounge, charlie, "also to the room", 2))
    assert [unread(one, lounge) for one in (alice, bob, charlie)] == [1, 1, 0]
    assert [told(lounge, one) for one in (alice, bob, charlie)] == [[2, 3], [3], []]
    assert list(errors_in(Room.objects.all())) == []


def test_the_numbers_stay_right_where_both_kinds_meet_in_one_batch(
    lounge: Room, alice: User, bob: User
) -> None:
    written(
        lounge,
        said(lounge, bob, "loud"),
        said(lounge, alice, "quiet", 1, in_room=False),
        said(lounge, bob, "loud again"),
        said(lounge, alice, "quiet again", 1, in_room=False),
    )
    assert lounge.quiet_count == 2
    assert (unread(alice, lounge), unread(bob, lounge)) == (0, 0)
    assert list(errors_in(Room.objects.all())) == []


def test_who_is_named_in_a_reply_is_told_once_and_who_has_left_is_not(
    lounge: Room, alice: User, bob: User
) -> None:
    written(lounge, said(lounge, bob, "look, @Alice", 1, in_room=False))
    assert told(lounge, alice) == [2]
    Membership.objects.filter(user=alice).delete()
    written(lounge, said(lounge, bob, "gone?", 1, in_room=False))
    assert told(lounge, alice) == [2]


def test_a_deleted_reply_is_counted_no_more(
    lounge: Room, alice: User, bob: User
) -> None:
    written(lounge, said(lounge, bob, "a", 1), said(lounge, bob, "b", 1))
    gone = DeleteIntent(*whose(lounge, bob), 2, "", "", None, lounge.public_id)
    written(lounge, gone, gone)
    assert row(lounge, 1).reply_count == 1
    report(alice, lounge, 3, reason="spam")
    Membership.objects.filter(user=bob).update(role="admin")
    found = alice.reports.get()
    Message.objects.filter(pk=found.message_id).update(author=alice)
    settle(bob, found.pk, lounge, "deleted")
    assert row(lounge, 1).reply_count == 0


def test_a_reply_and_what_it_answers_may_come_in_one_batch(
    lounge: Room, alice: User, bob: User
) -> None:
    written(lounge, said(lounge, alice, "root"), said(lounge, bob, "reply", 2))
    assert row(lounge, 2).reply_count == 1


def test_the_rooms_page_leaves_out_what_stands_aside(
    lounge: Room, alice: User, bob: User
) -> None:
    written(lounge, said(lounge, bob, "only in the thread", 1, in_room=False))
    client, path = client_of(alice), f"/rooms/{lounge.public_id}"
    page = client.get(f"{path}/").content.decode()
    assert "only in the thread" not in page
    assert ">1 reply</b>" in page
    beside = client.get(f"{path}/?thread=1").content.decode()
    assert 'id="r-2"' in beside
    assert "only in the thread" in beside
    assert client.get(f"{path}/2").headers["Location"] == f"{path}/?thread=1&at=2#r-2"
    assert client.get(f"{path}/2/thread").headers["Location"] == f"{path}/?thread=1"
    assert client.get(f"{path}/?thread=9").status_code == 404
    assert client.get(f"{path}/?thread=x").status_code == 404


def test_the_last_section_is_there_when_all_of_it_stands_aside(
    lounge: Room, alice: User
) -> None:
    fill(lounge, alice, limits.CHUNK_SIZE - 2)
    written(lounge, said(lounge, alice, "aside", 1, in_room=False))
    assert lounge.last_seq == limits.CHUNK_SIZE
    page = client_of(alice).get(f"/rooms/{lounge.public_id}/").content.decode()
    assert 'id="c-1"' in page


def test_a_page_of_history_leads_on_over_what_stands_aside(
    lounge: Room, alice: User
) -> None:
    fill(lounge, alice, 60)
    Message.objects.filter(room=lounge, seq__range=(10, 61)).update(
        in_room=False, thread=1
    )
    path = f"/rooms/{lounge.public_id}/?before=10"
    page = client_of(alice).get(path).content.decode()
    assert 'href="?before=62"' not in page
    fill(lounge, alice, 1)
    page = client_of(alice).get(path).content.decode()
    assert 'href="?before=63"' in page


def test_what_the_room_does_not_show_groups_nothing(
    lounge: Room, alice: User, bob: User
) -> None:
    written(
        lounge,
        said(lounge, bob, "one"),
        said(lounge, alice, "aside", 1, in_room=False),
        said(lounge, bob, "two"),
    )
    assert [row(lounge, seq).continues for seq in (2, 3, 4)] == [False, False, True]


def test_a_reply_comes_to_the_room_the_pane_and_the_line_below_the_first(
    lounge: Room, bob: User
) -> None:
    (_, (told,)) = written(lounge, said(lounge, bob, "hello", 1))
    html = plain(told.html.decode())
    assert 'hx-target="#messages"' not in html
    assert '<hx-partial hx-target="#c-0" hx-swap="beforeend"><article id="m-2"' in html
    assert 'hx-target="#r-2" hx-swap="delete"' in html
    assert (
        '<hx-partial hx-target="#replies-1" hx-swap="beforeend"><article id="r-2"'
        in (html)
    )
    assert 'hx-target="#th-1" hx-swap="outerHTML"' in html
    first = "#m-1:not(:has(> .msg__thread)) > .msg__footer"
    assert f'hx-target="{first}" hx-swap="beforebegin"' in html
    assert ">1 reply</b>" in html
    (_, (aside,)) = written(lounge, said(lounge, bob, "psst", 1, in_room=False))
    assert 'id="m-3"' not in plain(aside.html.decode())
    assert "#announce" not in plain(aside.html.decode())
    assert '<i class="log__seen" hx-get="1/thread?since=' in aside.html.decode()
    assert ">2 replies</b>" in plain(aside.html.decode())


def test_a_reply_travels_behind_the_frame_that_brought_what_it_answers(
    lounge: Room, bob: User
) -> None:
    (_, told) = written(
        lounge, said(lounge, bob, "root"), said(lounge, bob, "reply", 2)
    )
    framed = page_frames(told, lambda number: f"@{number}".encode())
    assert framed.count(b"@2") == framed.count(b"@3") == 1


def test_a_deleted_text_leaves_the_pane_too(lounge: Room, bob: User) -> None:
    written(lounge, said(lounge, bob, "secret", 1, in_room=False))
    gone = DeleteIntent(*whose(lounge, bob), 2, "", "", None, lounge.public_id)
    (_, (told,)) = written(lounge, gone)
    html = plain(told.html.decode())
    assert 'hx-target="#r-2" hx-swap="outerMorph"' in html
    assert 'hx-target="#m-2"' not in html
    assert "This message was deleted." in html
    assert "secret" not in html
    assert 'hx-target="#th-1" hx-swap="delete"' in html


def test_a_pane_gets_what_came_while_it_was_on_its_way(
    lounge: Room, alice: User, bob: User
) -> None:
    written(lounge, said(lounge, bob, "first", 1))
    since = thread_of(alice, lounge, row(lounge, 1)).since
    assert changed_since(alice, lounge, row(lounge, 1), since) == ""
    edit = EditIntent(*whose(lounge, bob), 2, "better", "", "", None, lounge.public_id)
    written(lounge, edit, said(lounge, bob, "second", 1, in_room=False))
    html = plain(changed_since(alice, lounge, row(lounge, 1), since))
    assert 'hx-target="#r-2" hx-swap="outerMorph"' in html
    assert 'hx-target="#replies-1" hx-swap="beforeend"><article id="r-3"' in html
    client = client_of(alice)
    path = f"/rooms/{lounge.public_id}/1/thread"
    part = {"HX-Request": "true"}
    assert client.get(f"{path}?since={since}", headers=part).content.decode() == html
    assert client.get(f"{path}?since=99", headers=part).status_code == 204
    assert client.get(f"{path}?since=x", headers=part).status_code == 422


def test_a_long_thread_comes_page_by_page(lounge: Room, alice: User) -> None:
    fill(lounge, alice, limits.PAGE_SIZE + 2)
    Message.objects.filter(room=lounge, seq__gt=1).update(thread=1, reply_to=1)
    client, path = client_of(alice), f"/rooms/{lounge.public_id}/1/thread"
    part = {"HX-Request": "true"}
    page = client.get(path, headers=part).content.decode()
    assert 'id="r-4"' in page
    assert 'id="r-3"' not in page
    assert "?before=4" in page
    older = client.get(f"{path}?before=4", headers=part).content.decode()
    assert 'id="r-2"' in older
    assert "Earlier replies" not in older


def test_threads_on_a_page_cost_one_question_however_many_there_are(
    lounge: Room, alice: User, bob: User
) -> None:
    client = client_of(alice)
    fill(lounge, bob, 9)
    counts = [_queries(client, lounge), _queries(client, lounge)][1:]
    for some in ((2,), range(3, 9)):
        for n in some:
            written(lounge, said(lounge, bob, f"to {n}", n, in_room=False))
        counts.append(_queries(client, lounge))
    assert counts == [counts[0], counts[0] + 1, counts[0] + 1]


def _queries(client: Any, room: Room) -> int:
    with CaptureQueriesContext(connection) as asked:
        client.get(f"/rooms/{room.public_id}/history?before=11")
    return len(asked)


def test_programs_read_a_thread(lounge: Room, alice: User, charlie: User) -> None:
    Room.objects.filter(pk=lounge.pk).update(is_private=True)
    written(lounge, said(lounge, alice, "aside", 1, in_room=False))
    path = f"/api/rooms/{lounge.public_id}/messages/2/thread"
    client = client_of(alice)
    found = json.loads(client.get(path).content)
    assert found["root"]["replies"]["count"] == 1
    assert [one["body"] for one in found["messages"]] == ["aside"]
    other = {"Authorization": f"Bearer {Token.issue(charlie)}"}
    assert client.get(path, headers=other).status_code == 404


async def test_a_reply_aside_comes_live_and_by_a_replay(
    live: Live, room: Room, member: Member
) -> None:
    user, token = member(room, "Bob")
    async with live.client(token) as bob, live.client(token) as late:
        seq = (await bob.post(room.public_id, "root"))["seq"]
        await bob.subscribe(room.public_id)
        path = f"/rooms/{room.public_id}/{seq}/thread"
        answer = await sent(live, user, path, body="psst", client_id=str(uuid4()))
        message = await bob.expect("message", body="psst")
        await bob.say(
            "send",
            room=room.public_id,
            client_id=str(uuid4()),
            body="and this",
            reply_to=seq,
            in_room=False,
        )
        second = await bob.expect("message", body="and this")
        await late.subscribe(room.public_id, after=seq)
        replayed = await late.expect("message", body="and this")
        empty = await sent(live, user, path, part=True, body=" ")
        form = await sent(
            live, user, path, part=True, body="third", in_room="yes",
            client_id=str(uuid4()),
        )  # fmt: skip
        third = await bob.expect("message", body="third")
    check_frame(message)
    place = f"/rooms/{room.public_id}/?thread={seq}#r-{message['seq']}"
    assert answer.headers["location"] == place
    assert (message["thread"], message["in_room"]) == (seq, False)
    assert (second["reply_to"], second["in_room"]) == (seq, False)
    assert replayed == second
    assert empty.status == 422
    assert 'role="alert"' in empty.text
    assert form.status == 200
    assert "checked" not in form.text, "the next reply would be said to all"
    assert third["in_room"] is True


def test_a_reset_shows_no_more_than_the_page(lounge: Room, bob: User) -> None:
    written(lounge, said(lounge, bob, "psst", 1, in_room=False))
    rows: Sequence[Message] = Message.objects.filter(room=lounge).shown().page_before(9)
    html = fanout.reset_fragment(lounge, rows).decode()
    assert "psst" not in html


def test_the_list_has_the_threads_that_one_wrote_in_and_may_read(
    lounge: Room, alice: User, bob: User, charlie: User
) -> None:
    hidden = room_of(alice, bob, name="Vault", is_private=True)
    fill(hidden, alice, 1)
    fill(lounge, charlie, 1)
    written(hidden, said(hidden, bob, "in the vault", 1, in_room=False))
    written(lounge, said(lounge, bob, "to alice", 1), said(lounge, alice, "no", 2))
    assert lists(alice) == [(lounge.public_id, 2), (lounge.public_id, 1)] + [
        (hidden.public_id, 1)
    ]
    assert lists(bob) == [(lounge.public_id, 1), (hidden.public_id, 1)]
    assert lists(charlie) == [(lounge.public_id, 2)]
    Membership.objects.filter(room=hidden, user=bob).delete()
    assert lists(bob) == [(lounge.public_id, 1)]
    page = client_of(bob).get("/threads").content.decode()
    assert f'href="/rooms/{lounge.public_id}/?thread=1"' in page
    assert "Vault" not in page
    assert (
        "No threads yet" in client_of(room_of_nobody()).get("/threads").content.decode()
    )


def room_of_nobody() -> User:
    """Somebody who has written nowhere."""
    return User.objects.create_user("dora@example.org", display_name="Dora")


def lists(user: User) -> list[tuple[str, int]]:
    """The threads that the API lists for the user, by room and number."""
    found = json.loads(client_of(user).get("/api/threads").content)["threads"]
    return [(one["room"], one["message"]["seq"]) for one in found]
