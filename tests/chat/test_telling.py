"""Whose devices are told of a message: the others of a direct one, until it is read."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts import blocks
from accounts.models import User
from chat import actions, members, reports
from chat.directs import begin_direct
from chat.inbox import AppendIntent, EditIntent, FinishIntent
from chat.mention_tables import Mention
from chat.models import Membership, Message
from chat.onlookers import verdicts
from chat.publishing import _activities
from chat.reading import mark_read
from livechat.lib.words import plain
from livechat.push.models import Push
from livechat.push.sender import Verdict
from tests.chat.pages import room_of
from tests.chat.test_unread import post, unread
from tests.chat.writing import NOWHERE, delete, react, say, who, written
from tests.chat.writing import post as posted
from tests.push.browser import session_of, subscribed


def browser(user: User) -> None:
    subscribed(user, session=session_of(user))


def test_the_others_of_a_direct_message_are_told_of_the_newest(
    alice: User, bob: User, charlie: User
) -> None:
    for user in (alice, bob, charlie):
        browser(user)
    room, _ = begin_direct(alice, [bob])
    post(room, alice, "one", "two")
    (push,) = Push.objects.all()
    assert push.subscription.user == bob
    assert (push.title, push.body) == ("Alice", "two")
    assert (push.room, push.url) == (room.public_id, f"/rooms/{room.public_id}/")
    post(room, bob, "three")
    told = {one.subscription.user: one.body for one in Push.objects.all()}
    assert told == {bob: "two", alice: "three"}


@pytest.mark.parametrize("text", ["@room come", "@here", "@Bob", "yes"])
def test_nobodys_devices_are_told_of_whom_they_block(
    alice: User, bob: User, charlie: User, text: str
) -> None:
    browser(bob)
    blocks.block(bob, alice)
    lounge = room_of(alice, bob, charlie)
    group, _ = begin_direct(charlie, [alice, bob])
    for room in (lounge, group):
        first = say(bob, room, "hello")
        say(alice, room, text, reply_to=first)
    assert not Push.objects.exists()
    say(charlie, group, text)
    assert Push.objects.get().title == "Charlie"


def test_a_room_of_many_tells_no_devices(alice: User, bob: User) -> None:
    browser(bob)
    lounge = room_of(alice, bob)
    with CaptureQueriesContext(connection) as asked:
        post(lounge, alice, "one")
    assert not any("push_push" in one["sql"] for one in asked)
    assert not Push.objects.exists()


def test_who_wants_to_hear_nothing_of_it_is_not_told(alice: User, bob: User) -> None:
    room, _ = begin_direct(alice, [bob])
    post(room, alice, "one")
    pair = (bob.pk, room.public_id)
    assert verdicts({pair}) == {pair: Verdict.SEND}
    Membership.objects.filter(room=room, user=bob).update(level="nothing")
    assert verdicts({pair}) == {}


def test_what_is_read_is_taken_back_and_half_of_it_is_not(
    alice: User, bob: User
) -> None:
    browser(bob)
    room, _ = begin_direct(alice, [bob])
    other, _ = begin_direct(bob, [alice])
    assert other == room
    post(room, alice, "one", "two")
    mark_read(bob, room, room.last_seq - 1)
    assert Push.objects.get().state == Push.State.WAITING
    assert verdicts({(bob.pk, room.public_id)}) == {
        (bob.pk, room.public_id): Verdict.SEND
    }
    mark_read(bob, room, room.last_seq)
    assert not Push.objects.exists()
    assert verdicts({(bob.pk, room.public_id)}) == {}
    post(room, alice, "three")
    Push.objects.update(told=True, state=Push.State.SHOWN)
    mark_read(bob, room, room.last_seq)
    assert Push.objects.get().state == Push.State.CLOSING


def shown(*users: User) -> None:
    """Let the browsers of these people show what they are to be told."""
    rows = Push.objects.filter(subscription__user__in=users)
    assert rows.update(told=True, state=Push.State.SHOWN) == len(users)


def test_a_direct_message_that_is_deleted_is_taken_back(alice: User, bob: User) -> None:
    browser(bob)
    room, _ = begin_direct(alice, [bob])
    post(room, alice, "one", "two")
    shown(bob)
    delete(alice, room, 1)
    assert Push.objects.get().state == Push.State.SHOWN  # it says "two"
    delete(alice, room, 2)
    assert Push.objects.get().state == Push.State.CLOSING


def test_a_mention_that_is_deleted_is_taken_back_before_it_is_sent(
    alice: User, bob: User
) -> None:
    browser(bob)
    lounge = room_of(alice, bob)
    post(lounge, alice, "hello @Bob")
    assert Push.objects.get().body == "hello @Bob"
    delete(alice, lounge, lounge.last_seq)
    assert not Push.objects.exists()


def test_a_reported_mention_that_is_deleted_is_taken_back(
    alice: User, bob: User
) -> None:
    browser(bob)
    lounge = room_of(alice, bob)
    Membership.objects.filter(user=bob).update(role="admin")
    post(lounge, alice, "hello @Bob")
    made = reports.report(bob, lounge, lounge.last_seq, reason="rude")
    reports.settle(bob, made.pk, lounge, "deleted")
    assert not Push.objects.exists()
    assert not Mention.objects.exists()


@pytest.mark.parametrize("how", ["removed", "banned", "deleted"])
def test_a_room_that_is_lost_takes_what_was_told_of_it_along(
    alice: User, bob: User, how: str
) -> None:
    browser(bob)
    lounge = room_of(alice, bob)
    post(lounge, alice, "hello @Bob")
    shown(bob)
    if how == "removed":
        members.remove_member(alice, lounge, bob)
    elif how == "banned":
        members.ban(alice, lounge, bob)
    else:
        actions.delete_room(alice, lounge)
    assert Push.objects.get().state == Push.State.CLOSING


def test_a_reaction_leaves_a_mention_unread(alice: User, bob: User) -> None:
    lounge = room_of(alice, bob)
    post(lounge, alice, "hello @Bob")
    seq = lounge.last_seq
    react(alice, lounge, seq, "\N{THUMBS UP SIGN}")
    assert Mention.objects.get().user == bob


def test_nobody_is_told_of_whom_they_block(alice: User, bob: User) -> None:
    browser(bob)
    lounge = room_of(alice, bob)
    blocks.block(bob, alice)
    post(lounge, alice, "hello @Bob")
    assert not Push.objects.exists()
    assert not Mention.objects.exists()
    assert unread(bob, lounge) == 1
    html = Message.objects.get(room=lounge, seq=lounge.last_seq).html
    assert "data-user" in html, "and alice does not see that he does"


def test_a_text_that_has_grown_tells_whom_it_names(alice: User, bob: User) -> None:
    browser(bob)
    lounge = room_of(alice, bob)
    post(lounge, alice, "first")
    person = who(alice, lounge)
    written(lounge, posted(alice, lounge))
    seq = lounge.last_seq
    written(lounge, AppendIntent(*person, seq, 0, "hello @Bob", *NOWHERE))
    assert not Push.objects.exists()
    outcomes = written(lounge, FinishIntent(*person, seq, None, "done", *NOWHERE))
    assert Push.objects.get().body == "hello @Bob"
    assert Mention.objects.get().seq == seq
    (activity,) = _activities(outcomes)
    assert (activity.mentioned, activity.read) == ([bob.pk], {})


def test_a_direct_message_that_has_grown_is_told_when_it_is_whole(
    alice: User, bob: User
) -> None:
    browser(bob)
    room, _ = begin_direct(alice, [bob])
    post(room, bob, "first")
    person = who(alice, room)
    written(room, posted(alice, room))
    written(room, AppendIntent(*person, room.last_seq, 0, "whole", *NOWHERE))
    assert not Push.objects.exists()
    written(room, FinishIntent(*person, room.last_seq, None, "done", *NOWHERE))
    assert Push.objects.get().body == "whole"


def test_an_answer_is_told_to_whom_it_answers_unless_they_block_its_author(
    alice: User, bob: User
) -> None:
    browser(bob)
    lounge = room_of(alice, bob)
    first = say(bob, lounge, "Who is there?")
    say(alice, lounge, "me", reply_to=first)
    push = Push.objects.get()
    assert (plain(push.title), push.body) == ("Alice in Lounge", "me")
    Push.objects.all().delete()
    blocks.block(bob, alice)
    say(alice, lounge, "me again", reply_to=first)
    assert not Push.objects.exists()


def test_a_text_that_is_edited_before_it_was_sent_is_sent_as_it_is_then(
    alice: User, bob: User
) -> None:
    browser(bob)
    lounge = room_of(alice, bob)
    seq = say(alice, lounge, "@Bob the secret")
    written(lounge, EditIntent(*who(alice, lounge), seq, "@Bob never mind", *NOWHERE))
    assert Push.objects.get().body == "@Bob never mind"
