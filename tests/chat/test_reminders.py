"""Reminders: set by their writer's clock, told once, cancelled, bounded."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from accounts.models import User
from chat import members, notices, reminders
from chat.changes import NotPossible
from chat.chores import Chores
from chat.models import Room
from chat.notice_list import bells, entries
from chat.reminder_tables import Reminder
from chat.sweeping import sweep
from livechat.lib import limits
from livechat.lib.words import plain
from livechat.push.models import Preferences, Push
from tests.chat.asking import asked
from tests.chat.conftest import Member
from tests.chat.pages import client_of, room_of
from tests.chat.test_commands import answer
from tests.live import Live
from tests.push.browser import session_of, subscribed

SOON = timedelta(minutes=20)


def due(user: User) -> None:
    """Let the time of all of the user's have come."""
    Reminder.objects.filter(user=user).update(due_at=timezone.now())


async def test_a_command_sets_one_and_tells_only_its_writer(
    live: Live, room: Room, member: Member
) -> None:
    bob, token = member(room, "Bob")
    async with live.client(token) as client:
        told = await answer(client, room, "/remind me in 20 minutes to make tea")
        assert "You will be reminded on" in told["text"]
        assert "(UTC): make tea" in told["text"]
        for words in ("", "tea", "in 20 minutes", "2020-01-01 9:00 x"):
            refused = await answer(client, room, f"/remind {words}")
            assert refused["code"] == "bad_command", words
    made = await Reminder.objects.aget()
    assert (made.user_id, made.room_id, made.text) == (bob.pk, room.pk, "make tea")
    assert abs(made.due_at - timezone.now() - SOON) < timedelta(seconds=20)
    listed = await asked(live, "/api/reminders", token)
    assert [one["text"] for one in listed.json["reminders"]] == ["make tea"]


def test_a_time_is_by_the_clock_of_who_says_it(bob: User) -> None:
    Preferences.objects.create(user=bob, zone="Asia/Tokyo")
    now = reminders.local_now(bob)
    at, text = reminders.understood("tomorrow 9:00 call", now)
    assert (at.hour, str(at.tzinfo), text) == (9, "Asia/Tokyo", "call")


def test_when_it_is_time_it_is_a_notice_and_a_push_and_is_told_once(
    alice: User, bob: User
) -> None:
    subscribed(bob, session=session_of(bob))
    lounge = room_of(alice, bob)
    later = timezone.now() + SOON
    reminders.set_reminder(bob, "make tea", later, room=lounge)
    assert reminders.ring() == 0
    due(bob)
    assert (reminders.ring(), reminders.ring()) == (1, 0)
    (found,) = entries(bob)
    assert (found.kind, found.text, found.unread) == ("reminder", "make tea", 1)
    assert bells([bob.pk])[bob.pk].count == 1
    push = Push.objects.get()
    assert (plain(push.title), push.body, push.room) == ("Reminder", "make tea", "")
    assert not Reminder.objects.exists()
    notices.mark_read(bob, found.id)
    assert not Push.objects.exists()


def test_what_came_due_while_nothing_ran_is_told_afterwards(bob: User) -> None:
    reminders.set_reminder(bob, "late", timezone.now() + SOON)
    hours_ago = timezone.now() - timedelta(hours=9)
    Reminder.objects.update(due_at=hours_ago)
    assert Chores().turn()
    assert [one.text for one in entries(bob)] == ["late"]


def test_a_room_that_is_gone_leaves_the_words(alice: User, bob: User) -> None:
    lounge = room_of(alice, bob)
    reminders.set_reminder(bob, "tea", timezone.now() + SOON, room=lounge)
    lounge.memberships.filter(user=bob).delete()
    due(bob)
    reminders.ring()
    (found,) = entries(bob)
    assert (found.text, found.url) == ("tea", "/reminders")


def test_a_repeat_of_the_same_text_sets_no_other(bob: User) -> None:
    later, client_id = timezone.now() + SOON, uuid4()
    first = reminders.set_reminder(bob, "tea", later, client_id=client_id)
    again = reminders.set_reminder(bob, "tea", later, client_id=client_id)
    assert first == again
    assert Reminder.objects.count() == 1


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("", SOON),
        ("   ", SOON),
        ("x" * (limits.REMINDER_MAX_LENGTH + 1), SOON),
        ("a\x00b", SOON),
        ("x", timedelta(0)),
        ("x", timedelta(days=limits.REMINDER_MAX_DAYS, seconds=9)),
    ],
    ids=["empty", "blank", "long", "nul", "past", "far"],
)
def test_what_will_not_do_is_refused_with_a_reason(
    bob: User, text: str, after: timedelta
) -> None:
    with pytest.raises(NotPossible):
        reminders.set_reminder(bob, text, timezone.now() + after)
    assert not Reminder.objects.exists()


def test_nobody_has_more_than_so_many(
    bob: User, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "REMINDERS_MAX", 2)
    later = timezone.now() + SOON
    for _ in range(2):
        reminders.set_reminder(bob, "x", later)
    with pytest.raises(NotPossible, match="2 reminders"):
        reminders.set_reminder(bob, "x", later)
    reminders.set_reminder(alice, "x", later)


def test_the_page_lists_sets_and_cancels(bob: User, charlie: User) -> None:
    client = client_of(bob)
    assert "Nothing. What you set" in client.get("/reminders").content.decode()
    refused = client.post("/reminders", {"words": "tea"})
    assert refused.status_code == 422
    assert "Say when" in refused.content.decode()
    page = client.post("/reminders", {"words": "tomorrow 9:00 <b>tea"}, follow=True)
    assert "&lt;b&gt;tea" in page.content.decode()
    made = Reminder.objects.get()
    address = f"/reminders/{made.public_id}/cancel"
    assert client_of(charlie).post(address).status_code == 404
    assert Reminder.objects.exists()
    assert client.post(address).status_code == 302
    assert not Reminder.objects.exists()


@pytest.mark.parametrize(
    "at", [None, 5, "", "tomorrow", "2030-01-01T09:00:00", "2020-01-01T09:00:00Z"]
)
def test_a_program_gives_a_time_with_its_zone(bob: User, at: object) -> None:
    body = {"text": "tea", "at": at}
    answered = client_of(bob).post("/api/reminders", body, "application/json")
    assert answered.status_code in {400, 409}
    assert not Reminder.objects.exists()


def test_who_was_put_out_of_the_room_keeps_the_words_and_hears_nothing_of_it(
    alice: User, bob: User
) -> None:
    room = room_of(alice, bob)
    for text in ("rung", "later"):
        reminders.set_reminder(bob, text, timezone.now() + SOON, room=room)
    due_first = Reminder.objects.get(text="rung")
    Reminder.objects.filter(pk=due_first.pk).update(due_at=timezone.now())
    assert reminders.ring() == 1
    members.remove_member(alice, room, bob)
    Room.objects.filter(pk=room.pk).update(is_private=True, name="Behind the door")
    due(bob)
    assert reminders.ring() == 1
    told = entries(bob)
    assert {(one.text, one.room) for one in told} == {("rung", None), ("later", None)}


def test_one_that_rings_while_its_deleted_room_is_swept_is_told(
    alice: User, bob: User
) -> None:
    room = room_of(alice, bob)
    reminders.set_reminder(bob, "tea", timezone.now() + SOON, room=room)
    Room.objects.filter(pk=room.pk).update(deleted_at=timezone.now())
    due(bob)
    assert reminders.ring() == 1
    assert [one.text for one in entries(bob)] == ["tea"]
    while sweep():
        pass
    assert [one.text for one in entries(bob)] == ["tea"]
