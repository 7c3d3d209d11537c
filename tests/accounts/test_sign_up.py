"""Signing up: open, by invite, with names and addresses that are taken."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.db import IntegrityError, connection
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from accounts import actions
from accounts.links import invite_path
from accounts.models import Community, Invite, User, secret_hash
from accounts.signals import person_joined
from tests.accounts.conftest import client_of
from tests.conftest import PASSWORD

FORM = {
    "display_name": "Dora",
    "email": "Dora@Example.org",
    "password1": PASSWORD,
}


@pytest.fixture
def open_site(alice: User) -> None:
    Community.objects.update(sign_up=Community.SignUp.OPEN)


def sign_up(**changes: str) -> tuple[Client, int]:
    client = Client()
    return client, client.post("/accounts/signup/", FORM | changes).status_code


def test_on_an_open_site_a_visitor_becomes_a_member(open_site: None) -> None:
    heard: list[User] = []

    def listen(user: User, **kwargs: object) -> None:
        heard.append(user)

    person_joined.connect(listen)
    client, status = sign_up()
    person_joined.disconnect(listen)

    dora = User.objects.get(email="dora@example.org")
    assert (status, dora.role, heard) == (302, User.Role.MEMBER, [dora])
    assert client.get("/profile/").status_code == 200
    assert EmailAddress.objects.get(user=dora).email == "dora@example.org"


def test_a_site_by_invite_is_closed_to_others(alice: User) -> None:
    assert sign_up()[1] == 200
    assert not User.objects.filter(email="dora@example.org").exists()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("display_name", "alice"),
        ("display_name", "A\u200blice"),
        ("display_name", "Аlice"),
        ("display_name", "ALÍCE"),
        ("display_name", " \u2060 "),
        ("email", "ALICE@example.ORG"),
        ("email", "a@b"),
        ("email", "a\x00@example.org"),
        ("password1", "x" * 11),
        ("password1", "x" * 257),
        ("password1", "passwordpassword"[:8]),
        ("password1", ""),
    ],
)
def test_a_field_that_is_taken_or_wrong_makes_nobody(
    open_site: None, field: str, value: str
) -> None:
    assert sign_up(**{field: value})[1] == 200
    assert User.objects.count() == 1


def test_a_password_may_not_repeat_the_name(open_site: None) -> None:
    sign_up(display_name="Theodora Example", password1="theodoraexample")
    assert User.objects.count() == 1


def test_an_invite_lets_in_as_many_as_it_says(alice: User) -> None:
    _, code = Invite.issue(alice)
    guest, late = Client(), Client()
    for client in (guest, late):
        assert client.get(invite_path(code))["Location"] == "/accounts/signup/"
    assert "Alice" in guest.get("/accounts/signup/").content.decode()

    assert guest.post("/accounts/signup/", FORM).status_code == 302
    other = {"display_name": "Emil", "email": "emil@example.org"}
    late.post("/accounts/signup/", FORM | other)

    assert User.objects.filter(display_name="Dora").exists()
    assert not User.objects.filter(display_name="Emil").exists()
    assert Client().get(invite_path(code)).status_code == 404


@pytest.mark.parametrize("code", ["wrong", "x" * 5000, "%00", "%F0%9F%98%80", "a b"])
def test_a_code_that_is_none_gets_a_sentence(alice: User, code: str) -> None:
    response = Client().get(f"/invite/{code}")
    assert response.status_code == 404
    assert "not valid" in response.content.decode()


def test_an_expired_invite_is_no_invite(alice: User) -> None:
    _, code = Invite.issue(alice)
    Invite.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert Client().get(invite_path(code)).status_code == 404


def test_a_revoked_invite_stops_who_has_opened_it(alice: User) -> None:
    _, code = Invite.issue(alice)
    client = Client()
    client.get(invite_path(code))
    Invite.objects.all().delete()
    client.post("/accounts/signup/", FORM)
    assert User.objects.count() == 1


def test_someone_who_is_signed_in_needs_no_invite(alice: User, charlie: User) -> None:
    invite, code = Invite.issue(alice)
    assert client_of(charlie).get(invite_path(code))["Location"] == "/"
    invite.refresh_from_db()
    assert invite.uses == 0


def new_user(name: str, email: str) -> User:
    user = User(display_name=name, email=email)
    user.set_password(PASSWORD)
    return user


def race(users: list[User], invite_hash: str | None) -> int:
    """How many of them got in, when all signed up at the same moment."""
    start = Barrier(len(users))

    def run(user: User) -> bool:
        start.wait(5)
        try:
            actions.sign_up(user, invite_hash=invite_hash)
        except (IntegrityError, actions.InviteNeeded):
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(len(users)) as threads:
        return sum(threads.map(run, users))


@pytest.mark.django_db(transaction=True)
def test_of_many_with_one_invite_one_gets_in(alice: User) -> None:
    _, code = Invite.issue(alice)
    users = [new_user(f"Guest {n}", f"guest{n}@example.org") for n in range(8)]
    assert race(users, secret_hash(code)) == 1
    assert User.objects.count() == 2
    assert Invite.objects.get().uses == 1


@pytest.mark.django_db(transaction=True)
def test_of_many_with_one_name_in_many_spellings_one_gets_in(alice: User) -> None:
    Community.objects.update(sign_up=Community.SignUp.OPEN)
    names = ["Dora", "dora", "DORA", "D\u00f3ra", "Do\u0301ra", "D\u200bora"]
    users = [new_user(name, f"d{n}@example.org") for n, name in enumerate(names)]
    assert race(users, None) == 1


@pytest.mark.django_db(transaction=True)
def test_who_loses_the_race_gets_the_form_again(alice: User) -> None:
    Community.objects.update(sign_up=Community.SignUp.OPEN)
    start = Barrier(4)

    def run(number: int) -> int:
        start.wait(5)
        try:
            return sign_up(email=f"d{number}@example.org")[1]
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        statuses = sorted(threads.map(run, range(4)))
    assert statuses[-1] in {302, 422}
    assert statuses.count(302) == 1
    assert set(statuses) <= {200, 302, 422}
    assert User.objects.filter(display_name="Dora").count() == 1


def test_with_verification_a_taken_address_gets_the_same_answer(
    open_site: None, settings: Settings
) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    taken = {"display_name": "Emil", "email": "alice@example.org"}
    statuses = [sign_up()[1], sign_up(**taken)[1]]
    client, _ = sign_up(display_name="Frida", email="frida@example.org")
    assert statuses == [302, 302]
    assert client.get("/profile/").status_code == 302
    assert User.objects.filter(email="alice@example.org").count() == 1
    assert not User.objects.filter(display_name="Emil").exists()
    assert [message.to for message in mail.outbox] == [
        ["dora@example.org"],
        ["alice@example.org"],
        ["frida@example.org"],
    ]


def test_too_many_sign_ups_from_one_address_are_stopped(open_site: None) -> None:
    for _ in range(20):
        sign_up(email="nobody")
    assert sign_up()[1] == 429
    assert User.objects.count() == 1
