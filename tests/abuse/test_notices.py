"""Reminders and notifications with hostile words, ids and codes in every place."""

from functools import partial
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import pytest
from django.core import mail
from django.utils import timezone

from accounts.models import Community, Device, User
from chat import digests
from chat.models import Room
from chat.notice_list import entries
from chat.notice_tables import Notice
from chat.reminder_tables import Reminder
from tests.abuse.naughty import TEXTS
from tests.abuse.rules import held
from tests.chat.pages import client_of, room_of
from tests.chat.test_digests import let_time_pass
from tests.chat.writing import say


@pytest.fixture
def lounge(alice: User, bob: User) -> Room:
    return room_of(alice, bob)


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_hostile_words_are_reminded_of_as_text_or_refused(bob: User, text: str) -> None:
    client: Any = client_of(bob)  # whose answers are responses, patched
    client.raise_request_exception = False
    words = urlencode({"words": f"in 5 minutes {text}"}, errors="surrogatepass")
    kind = "application/x-www-form-urlencoded"
    form = held(partial(client.post, "/reminders", words, kind), "form")
    body = {"text": text, "at": "2030-01-31T09:00:00Z"}
    post = partial(client.post, "/api/reminders", body, "application/json")
    assert form in {302, 400, 413, 422, 429}
    assert held(post, "api") in {201, 400, 409, 429}
    held(partial(client.get, "/reminders"), "list")
    for made in Reminder.objects.all():
        assert "\n" not in made.text
        assert "\x00" not in made.text


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_hostile_texts_are_shown_as_text_in_the_list_and_in_mails(
    alice: User, bob: User, lounge: Room, text: str
) -> None:
    try:
        said = text.encode().decode()
        say(alice, lounge, f"@Bob {said}")
    except (UnicodeError, AssertionError):
        return  # refused, as tests/abuse/test_messages.py holds
    client: Any = client_of(bob)
    client.raise_request_exception = False
    for address in ("/notifications", "/notifications/list", "/api/notifications"):
        assert held(partial(client.get, address), address) == 200
    let_time_pass()
    Device.objects.all().delete()  # who was here gets no mail
    assert digests.send(digests.written(timezone.now())) == []
    (letter,) = mail.outbox
    assert letter.to == ["bob@example.org"]
    assert "\n" not in letter.subject


def test_a_name_puts_no_header_into_a_mail(
    alice: User, bob: User, lounge: Room
) -> None:
    Community.objects.update(name="x\r\nBcc: all@example.org")
    say(alice, lounge, "@Bob")
    let_time_pass()
    digests.send(digests.written(timezone.now()))
    (letter,) = mail.outbox
    assert "x Bcc: all@example.org" in letter.subject
    assert "Bcc" not in letter.message()
    assert letter.recipients() == ["bob@example.org"]


@pytest.mark.parametrize(
    "id_", ["", "x", "%00", "..", "1", "9" * 400, "'; drop table chat_notice; --"]
)
def test_a_notification_that_is_none_is_none(bob: User, id_: str) -> None:
    client: Any = client_of(bob)
    client.raise_request_exception = False
    assert held(partial(client.get, f"/notifications/{id_}"), id_) in {404, 400}
    body = {"id": id_}
    post = partial(client.post, "/api/notifications/read", body, "application/json")
    assert held(post, id_) in {204, 400, 404}


def test_a_thousand_names_of_one_person_are_one_notification(
    alice: User, bob: User, lounge: Room
) -> None:
    say(alice, lounge, "@Bob " * 1_000, "@room " * 1_000)
    assert len(entries(bob)) == 2


def test_nobody_is_told_of_a_name_in_code_nor_of_a_room_that_is_not_theirs(
    alice: User, bob: User, charlie: User
) -> None:
    vault = room_of(alice, bob, is_private=True)
    say(alice, vault, "`@Bob` @Charlie", "```\n@Bob\n```")
    assert not Notice.objects.exists()
    say(alice, vault, "hello", reply_to=1)
    assert not Notice.objects.exists(), "an answer to oneself"


def test_a_flood_of_one_command_sets_one_reminder(bob: User) -> None:
    lounge = room_of(bob)
    client: Any = client_of(bob)
    fields = {"client_id": str(uuid4()), "body": "/remind in 5 minutes tea"}
    for _ in range(5):
        client.post(f"/rooms/{lounge.public_id}/messages", fields)
    assert Reminder.objects.count() == 1
