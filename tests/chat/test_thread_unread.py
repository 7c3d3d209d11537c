"""What is new in threads: who follows one, how much they have not read, and where."""

import json
from importlib import import_module
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Block, User
from chat.inbox import DeleteIntent
from chat.models import Membership, Room
from chat.notice_tables import Notice
from chat.thread_tables import Following
from chat.thread_unread import thread_errors_in, threads_waiting
from livechat.lib.words import plain
from tests.chat.asking import asked, cookie_of
from tests.chat.conftest import Member
from tests.chat.pages import client_of, fill, room_of
from tests.chat.test_bells import page_of
from tests.chat.test_threads import said, whose, written
from tests.live import Live

PART = {"HX-Request": "true"}


@pytest.fixture
def lounge(alice: User, bob: User) -> Room:
    """A room of both, in which alice has said one thing."""
    room = room_of(alice, bob)
    fill(room, alice, 1)
    return room


def new(user: User) -> dict[int, int]:
    """How many replies are new in the user's threads, as programs read it."""
    found = json.loads(client_of(user).get("/api/threads").content)["threads"]
    return {one["message"]["seq"]: one["unread"] for one in found}


def waiting(user: User) -> int:
    """The number at the side of the user's pages."""
    return threads_waiting([user.pk]).get(user.pk, 0)


def are_right() -> bool:
    """Whether counting again gives the same."""
    return list(thread_errors_in(Room.objects.all())) == []


def test_who_began_a_thread_has_its_replies_to_read_and_who_wrote_them_has_not(
    lounge: Room, alice: User, bob: User
) -> None:
    written(lounge, *(said(lounge, bob, text, 1, in_room=False) for text in "abc"))
    assert (new(alice), new(bob)) == ({1: 3}, {1: 0})
    written(lounge, said(lounge, alice, "d", 1))
    assert (new(alice), new(bob)) == ({1: 0}, {1: 1})
    assert (waiting(alice), waiting(bob)) == (0, 1)
    assert are_right()


def test_who_is_named_follows_from_there_on_and_others_do_not(
    lounge: Room, alice: User, bob: User, charlie: User
) -> None:
    Membership.objects.create(room=lounge, user=charlie)
    written(lounge, said(lounge, bob, "before", 1))
    assert new(charlie) == {}
    written(lounge, said(lounge, bob, "look, @Charlie", 1, in_room=False))
    written(lounge, said(lounge, bob, "after", 1, in_room=False))
    assert new(charlie) == {1: 2}
    told = Notice.objects.filter(user=charlie).order_by("seq")
    assert list(told.values_list("seq", flat=True)) == [3, 4]
    assert are_right()


def test_who_is_named_by_the_first_message_follows_with_the_first_reply(
    lounge: Room, alice: User, bob: User, charlie: User
) -> None:
    Membership.objects.create(room=lounge, user=charlie)
    written(lounge, said(lounge, bob, "what do you say, @Charlie?"))
    assert new(charlie) == {}
    written(lounge, said(lounge, alice, "I say no", 2, in_room=False))
    assert (new(charlie), new(bob)) == ({2: 1}, {2: 1})
    assert are_right()


def test_a_thread_that_begins_in_one_batch_is_followed_by_both(
    lounge: Room, alice: User, bob: User
) -> None:
    written(lounge, said(lounge, alice, "root"), said(lounge, bob, "reply", 2))
    assert (new(alice), new(bob)) == ({2: 1}, {2: 0})
    assert are_right()


def test_opening_a_thread_reads_it_with_and_without_javascript(
    lounge: Room, alice: User, bob: User
) -> None:
    client, path = client_of(alice), f"/rooms/{lounge.public_id}"
    written(lounge, said(lounge, bob, "a", 1, in_room=False))
    assert ">1 new<" in client.get(f"{path}/").content.decode()
    assert client.head(f"{path}/1/thread", headers=PART).status_code == 200
    assert waiting(alice) == 1
    client.get(f"{path}/1/thread", headers=PART)
    assert (new(alice), waiting(alice)) == ({1: 0}, 0)
    written(lounge, said(lounge, bob, "b", 1, in_room=False))
    client.get(f"{path}/?thread=1")
    assert (new(alice), waiting(alice)) == ({1: 0}, 0)
    assert " new</b>" not in client.get(f"{path}/").content.decode()
    assert are_right()


def test_programs_read_a_thread_by_any_message_of_it(
    lounge: Room, alice: User, bob: User, charlie: User
) -> None:
    Room.objects.filter(pk=lounge.pk).update(is_private=True)
    written(lounge, said(lounge, bob, "a", 1, in_room=False))
    path = f"/api/rooms/{lounge.public_id}/messages/2/thread/read"
    assert client_of(charlie).post(path).status_code == 404
    assert client_of(alice).post(path).status_code == 204
    assert (new(alice), waiting(alice)) == ({1: 0}, 0)


def test_a_site_that_has_threads_already_lets_their_people_follow_and_has_all_read(
    lounge: Room, alice: User, bob: User, charlie: User
) -> None:
    Membership.objects.create(room=lounge, user=charlie)
    written(lounge, said(lounge, bob, "what do you say, @Charlie?", 1))
    written(lounge, said(lounge, bob, "and this?"), said(lounge, alice, "no", 3))
    before = followed()
    Following.objects.all().delete()
    migration = import_module("chat.migrations.0026_following")
    with connection.cursor() as cursor:
        cursor.execute(migration.FOLLOW)
    assert followed() == before
    assert (waiting(alice), waiting(charlie)) == (0, 0)
    assert are_right()


def followed() -> set[tuple[int, int, int]]:
    """Who follows what, and the end of it."""
    return set(Following.objects.values_list("user", "thread", "newest_seq"))


def test_all_read_reads_the_threads_too(lounge: Room, alice: User, bob: User) -> None:
    written(lounge, said(lounge, bob, "a", 1, in_room=False))
    client_of(alice).post("/read")
    assert waiting(alice) == 0


def test_a_deleted_reply_is_new_to_nobody(lounge: Room, alice: User, bob: User) -> None:
    written(lounge, *(said(lounge, bob, text, 1, in_room=False) for text in "ab"))
    gone = [
        DeleteIntent(*whose(lounge, bob), seq, "", "", None, lounge.public_id)
        for seq in (2, 3)
    ]
    written(lounge, gone[1])
    assert (new(alice), waiting(alice)) == ({1: 1}, 1)
    written(lounge, gone[0])
    assert waiting(alice) == 0
    assert are_right()


def test_what_is_not_theirs_to_know_counts_for_nobody(
    lounge: Room, alice: User, bob: User
) -> None:
    written(lounge, said(lounge, bob, "a", 1, in_room=False))
    theirs = Membership.objects.filter(room=lounge, user=alice)
    theirs.update(level=Membership.Level.NOTHING)
    assert (new(alice), waiting(alice)) == ({1: 1}, 0)
    theirs.update(level=Membership.Level.ALL, reads_from_seq=3)
    assert waiting(alice) == 0
    theirs.update(reads_from_seq=0)
    block = Block.objects.create(user=alice, blocked=bob)
    assert (new(alice), waiting(alice)) == ({1: 0}, 0)
    block.delete()
    assert waiting(alice) == 1
    theirs.delete()
    assert (new(alice), waiting(alice)) == ({1: 0}, 0)


def test_a_page_says_what_is_new_on_its_lines_its_list_and_at_the_side(
    lounge: Room, alice: User, bob: User
) -> None:
    written(lounge, *(said(lounge, bob, text, 1, in_room=False) for text in "abc"))
    client = client_of(alice)
    page = client.get(f"/rooms/{lounge.public_id}/").content.decode()
    assert 'id="tn-1" class="msg__new" hx-preserve>3 new</b>' in page
    assert '<span id="threads-count" class="count">1<' in page
    older = client.get(f"/rooms/{lounge.public_id}/history?before=2").content.decode()
    assert ">3 new</b>" in older
    listed = plain(client.get("/threads").content.decode())
    assert ">3 new" in listed
    theirs = client_of(bob).get(f"/rooms/{lounge.public_id}/").content.decode()
    assert " new</b>" not in theirs
    assert '<span id="threads-count" class="count" hidden>' in theirs


def test_a_fragment_for_everybody_says_nothing_of_what_is_new(
    lounge: Room, bob: User
) -> None:
    _, (_, told) = written(lounge, said(lounge, bob, "a", 1), said(lounge, bob, "b", 1))
    assert 'class="msg__new" hx-preserve></b>' in told.html.decode()


def test_a_reply_costs_no_more_questions_however_many_follow(
    lounge: Room, alice: User, bob: User
) -> None:
    written(lounge, said(lounge, bob, "warm", 1, in_room=False))
    counts = [asks(lounge, bob)]
    crowd = [
        User.objects.create_user(f"c{n}@example.org", display_name=f"C {n}")
        for n in range(40)
    ]
    Membership.objects.bulk_create(Membership(room=lounge, user=one) for one in crowd)
    Following.objects.bulk_create(
        Following(room=lounge, thread=1, user=one, last_read_seq=1) for one in crowd
    )
    counts.append(asks(lounge, bob))
    assert counts[0] == counts[1]


def asks(room: Room, author: User) -> int:
    with CaptureQueriesContext(connection) as asked:
        written(room, said(room, author, "hello", 1, in_room=False))
    return len(asked)


def test_the_doctor_finds_numbers_of_threads_that_are_wrong(
    lounge: Room, alice: User, bob: User, capsys: Any
) -> None:
    written(lounge, said(lounge, bob, "a", 1))
    call_command("doctor", "unread")
    Following.objects.filter(user=alice).update(newest_seq=9)
    Following.objects.filter(user=bob).delete()
    with pytest.raises(CommandError, match="2 numbers are wrong"):
        call_command("doctor", "unread")
    said_there = capsys.readouterr().out
    assert f"user {alice.pk}: read to 1 of 9, last 2" in said_there
    assert f"user {bob.pk} is not following" in said_there


async def test_what_is_new_comes_to_open_pages_and_goes_on_all_devices_once_read(
    live: Live, room: Room, member: Member
) -> None:
    alice, token = member(room, "Reader")
    _, other = member(room, "Writer")
    async with (
        page_of(live, alice) as page,
        page_of(live, alice) as phone,
        live.client(token) as author,
        live.client(other) as writer,
    ):
        seq = (await author.post(room.public_id, "root"))["seq"]
        await page.say("subscribe", room=room.public_id)
        await writer.post(room.public_id, "psst", reply_to=seq, in_room=False)
        mark = f'hx-target="#tn-{seq}" hx-swap="innerHTML"'
        count = '<span id="threads-count" class="count">1<'
        frame = await page.until(lambda one: mark in one["html"])
        assert count in frame["html"]
        await phone.shows(count)
        assert not phone.ever(mark), "a page that shows another room got its marks"
        path = f"/rooms/{room.public_id}/{seq}/thread"
        cookie = {"Cookie": f"sessionid={cookie_of(alice)}"}
        await asked(live, path, headers={**PART, **cookie})
        for one in (page, phone):
            await one.shows('<span id="threads-count" class="count" hidden>')
