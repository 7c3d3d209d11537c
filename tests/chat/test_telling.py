"""Whose devices are told of a message: the others of a direct one, until it is read."""

from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from chat.directs import begin_direct
from chat.models import Membership
from chat.onlookers import verdicts
from chat.reading import mark_read
from livechat.push.models import Push
from livechat.push.sender import Verdict
from tests.chat.pages import room_of
from tests.chat.test_unread import post
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
