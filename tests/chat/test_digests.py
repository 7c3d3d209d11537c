"""Mails of what is unread: when, of what, once, and how one ends them."""

import re
from datetime import timedelta
from smtplib import SMTPDataError, SMTPSenderRefused

import pytest
from django.conf import settings as django_settings
from django.core import mail
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from accounts import blocks
from accounts.addresses import settle_address
from accounts.models import Device, User
from chat import digests, members
from chat.directs import begin_direct
from chat.models import Room
from chat.notice_tables import Notice
from chat.reading import mark_read
from livechat.lib import limits
from livechat.push.models import Preferences
from tests.chat.pages import client_of, room_of
from tests.chat.writing import delete, say


def sent() -> list[mail.EmailMessage]:
    """What a look sends now."""
    mail.outbox.clear()
    assert digests.send(digests.written(timezone.now())) == []
    return list(mail.outbox)


def let_time_pass(**amount: int) -> None:
    """As if all notices and mails had been so much earlier."""
    past = timedelta(**(amount or {"seconds": limits.DIGEST_AFTER_S + 60}))
    for one in Notice.objects.all():
        one.at -= past
        one.save()
    for kept in Preferences.objects.exclude(digested_at=None):
        assert kept.digested_at is not None
        kept.digested_at -= past
        kept.save()


@pytest.fixture
def lounge(alice: User, bob: User) -> Room:
    return room_of(alice, bob, is_private=True)


def test_what_is_unread_for_a_while_is_mailed_once(
    alice: User, bob: User, lounge: Room
) -> None:
    direct, _ = begin_direct(alice, [bob])
    say(alice, lounge, "@Bob come and see")
    say(alice, direct, "one", "two")
    assert sent() == [], "it is too early"
    let_time_pass()
    (letter,) = sent()
    assert letter.to == ["bob@example.org"]
    assert letter.subject.startswith("3 unread for you in ")
    assert "Alice mentioned you in Lounge: @Bob come and see" in letter.body
    assert "Alice wrote to you (2 unread): two" in letter.body
    assert f"{django_settings.SITE_URL}/notifications/" in letter.body
    assert sent() == []
    let_time_pass(days=2)
    assert sent() == [], "the same is not mailed again"
    say(alice, lounge, "@Bob again")
    let_time_pass()
    (letter,) = sent()
    assert "come and see" not in letter.body
    assert "@Bob again" in letter.body


def test_each_mail_is_in_the_language_of_who_gets_it(
    alice: User, bob: User, charlie: User
) -> None:
    bob.language, charlie.language = "de", "en"
    User.objects.bulk_update([bob, charlie], ["language"])
    lounge = room_of(alice, bob, charlie, name="Reminder")  # which is a word, too
    direct, _ = begin_direct(alice, [bob, charlie])
    say(alice, lounge, "@Bob @Charlie come")
    say(alice, direct, "Hello")
    let_time_pass()
    letters = {letter.to[0]: letter for letter in sent()}
    german, english = letters["bob@example.org"], letters["charlie@example.org"]
    assert german.subject.startswith("2 ungelesen für dich in ")
    assert german.body.startswith("Hallo Bob,\n\ndas wartet auf dich in ")
    assert "- Alice hat dich in Reminder erwähnt: @Bob" in german.body
    assert "- Alice hat dir geschrieben (1 ungelesen): Hello" in german.body
    assert "Damit keine mehr kommt, öffne: http" in german.body
    assert english.subject.startswith("2 unread for you in ")
    assert "- Alice mentioned you in Reminder: @Bob" in english.body
    assert "To get no more of them, open: http" in english.body


def test_what_a_blocked_person_wrote_is_not_mailed_and_costs_no_other_mail(
    alice: User, bob: User, lounge: Room
) -> None:
    say(alice, lounge, "@room come", "@Bob secret")
    blocks.block(bob, alice)
    let_time_pass()
    assert sent() == []
    blocks.unblock(bob, alice)
    assert len(sent()) == 1


@pytest.mark.parametrize("how", ["read", "deleted", "lost", "here", "off", "closed"])
def test_nothing_is_mailed_that_is_not_to_be(
    alice: User, bob: User, lounge: Room, how: str
) -> None:
    seq = say(alice, lounge, "@Bob secret")
    let_time_pass()
    if how == "read":
        mark_read(bob, lounge, seq)
    elif how == "deleted":
        delete(alice, lounge, seq)
    elif how == "lost":
        members.remove_member(alice, lounge, bob)
    elif how == "here":
        client_of(bob)
        assert Device.objects.filter(user=bob).exists()
    elif how == "off":
        Preferences.objects.create(user=bob, digest="off")
    else:
        User.objects.filter(pk=bob.pk).update(is_active=False)
    assert sent() == []


@pytest.mark.parametrize(
    ("verification", "verified", "is_mailed"),
    [
        ("none", False, True),
        ("optional", False, False),
        ("mandatory", False, False),
        ("optional", True, True),
    ],
)
def test_only_an_address_that_was_confirmed_gets_mails(
    settings: Settings,
    alice: User,
    bob: User,
    lounge: Room,
    verification: str,
    verified: bool,
    is_mailed: bool,
) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION = verification
    settle_address(bob, verified=verified)
    say(alice, lounge, "@Bob secret")
    let_time_pass()
    assert [letter.to for letter in sent()] == [["bob@example.org"]] * is_mailed


def test_access_is_that_of_the_moment_of_writing(
    alice: User, bob: User, lounge: Room
) -> None:
    say(alice, lounge, "@Bob secret")
    let_time_pass()
    lounge.memberships.filter(user=bob).delete()  # as if by somebody else's code
    assert sent() == []


def test_who_wants_no_texts_to_be_seen_gets_none(
    alice: User, bob: User, lounge: Room
) -> None:
    Preferences.objects.create(user=bob, shows_text=False)
    say(alice, lounge, "@Bob secret")
    let_time_pass()
    (letter,) = sent()
    assert "secret" not in letter.body


def test_once_a_week_is_once_a_week(alice: User, bob: User, lounge: Room) -> None:
    Preferences.objects.create(user=bob, digest="weekly")
    say(alice, lounge, "@Bob one")
    let_time_pass()
    assert len(sent()) == 1
    say(alice, lounge, "@Bob two")
    let_time_pass(days=2)
    assert sent() == []
    let_time_pass(days=6)
    assert len(sent()) == 1


def test_what_the_mail_server_does_not_take_is_tried_again(
    alice: User, lounge: Room, settings: Settings
) -> None:
    say(alice, lounge, "@Bob one")
    let_time_pass()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(settings, "EMAIL_HOST", "127.0.0.1")
        patch.setattr(settings, "EMAIL_PORT", 1)
        backend = "django.core.mail.backends.smtp.EmailBackend"
        patch.setattr(settings, "EMAIL_BACKEND", backend)
        failed = digests.send(digests.written(timezone.now()))
    assert len(failed) == 1
    digests.give_back(failed)
    assert len(sent()) == 1


def test_each_mail_holds_the_link_that_ends_them(
    alice: User, bob: User, lounge: Room
) -> None:
    say(alice, lounge, "@Bob one")
    let_time_pass()
    (letter,) = sent()
    header = letter.extra_headers["List-Unsubscribe"]
    assert letter.extra_headers["List-Unsubscribe-Post"] == (
        "List-Unsubscribe=One-Click"
    )
    found = re.fullmatch(
        rf"<{re.escape(django_settings.SITE_URL)}(/digest/.+/end)>", header
    )
    assert found is not None
    stranger = Client(enforce_csrf_checks=True)
    assert "Stop these mails?" in stranger.get(found[1]).content.decode()
    assert Preferences.objects.get(user=bob).digest == "daily", "a look ends nothing"
    body = {"List-Unsubscribe": "One-Click"}
    assert stranger.post(found[1], body).status_code == 200
    assert Preferences.objects.get(user=bob).digest == "off"
    assert stranger.post(found[1], body).status_code == 200


@pytest.mark.parametrize("code", ["x", "{}", "{}:", "{}:x", "nobody:x"])
def test_a_code_that_is_none_ends_nothing(bob: User, code: str) -> None:
    address = f"/digest/{code.format(bob.public_id)}/end"
    assert Client().post(address).status_code == 404
    assert not Preferences.objects.exists()


def test_what_was_read_in_its_room_takes_the_place_of_no_later_mail(
    alice: User, bob: User, lounge: Room
) -> None:
    Preferences.objects.create(user=bob, digest=Preferences.Digest.WEEKLY)
    say(alice, lounge, "@Bob one")
    mark_read(bob, lounge, lounge.last_seq)
    let_time_pass()
    assert sent() == []
    say(alice, lounge, "@Bob two")
    let_time_pass()
    (letter,) = sent()
    assert "@Bob two" in letter.body


@pytest.mark.parametrize(
    ("error", "is_tried_again"),
    [
        (SMTPDataError(550, b"spam"), False),
        (SMTPSenderRefused(553, b"no", "a@example.org"), False),
        (SMTPDataError(451, b"later"), True),
        (ConnectionRefusedError(), True),
        (ValueError("a header"), False),
    ],
    ids=lambda value: repr(value),
)
def test_a_mail_that_is_refused_for_good_is_not_tried_for_ever(
    alice: User,
    bob: User,
    charlie: User,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    is_tried_again: bool,
) -> None:
    room = room_of(alice, bob, charlie, is_private=True)
    say(alice, room, "@Bob @Charlie hello")
    let_time_pass()
    mail.outbox.clear()
    send = mail.EmailMessage.send

    def refuse(letter: mail.EmailMessage) -> int:
        if letter.to == [bob.email]:
            raise error
        return send(letter)

    monkeypatch.setattr(mail.EmailMessage, "send", refuse)
    failed = digests.send(digests.written(timezone.now()))
    assert [one.user for one in failed] == [bob.pk] * is_tried_again
    assert [letter.to for letter in mail.outbox] == [[charlie.email]]


def test_very_much_that_is_unread_costs_no_other_mail(
    alice: User, bob: User, charlie: User, lounge: Room
) -> None:
    say(alice, lounge, "@Bob one")
    (kept,) = Notice.objects.filter(user=bob)
    fields = {"user": bob, "kind": kept.kind, "room": lounge, "actor": alice}
    Notice.objects.bulk_create(
        Notice(**fields, key=f"x:{n}", seq=n, at=kept.at - timedelta(seconds=n))
        for n in range(2, 1_200)
    )
    say(alice, room_of(alice, charlie, name="Studio"), "@Charlie two")
    let_time_pass()
    assert {letter.to[0] for letter in sent()} == {bob.email, charlie.email}
