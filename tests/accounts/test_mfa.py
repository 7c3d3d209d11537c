"""The second proof: an app's codes, recovery codes, and who may see or remove what."""

import re
import time
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal import auth as totp
from django.contrib import admin
from django.core.cache import cache
from django.core.management import call_command
from django.db.models import F
from django.test import Client

from accounts.models import User
from accounts.remembered import Remembered
from tests.accounts.conftest import client_of
from tests.conftest import PASSWORD


def code_of(secret: str, *, steps: int = 0) -> str:
    """The code that the app shows, or has shown or will show so many steps away."""
    counter = int(time.time()) // 30 + steps
    return str(totp.format_hotp_value(totp.hotp_value(secret, counter)))


def with_password(user: User) -> Client:
    """A browser from which the password has been sent."""
    client = Client()
    client.post("/accounts/login/", {"login": user.email, "password": PASSWORD})
    return client


def confirmed(user: User) -> Client:
    """A browser that has just confirmed who uses it."""
    client = with_password(user)
    answer = client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    assert answer.status_code == 302
    return client


def is_in(client: Client) -> bool:
    return client.get("/profile/").status_code == 200


@pytest.fixture
def secret(bob: User) -> str:
    """Of bob's authenticator app."""
    found = str(totp.generate_totp_secret())
    totp.TOTP.activate(bob, found)
    return found


def test_an_app_is_set_up_by_its_first_code_and_brings_recovery_codes(
    bob: User,
) -> None:
    client = confirmed(bob)
    page = client.get("/accounts/2fa/totp/activate/").content.decode()
    found = re.search(r'qr-secret">([A-Z2-7]+)<', page)
    assert found
    assert "data:image/svg+xml;base64," in page
    wrong = client.post("/accounts/2fa/totp/activate/", {"code": "000000"})
    assert not Authenticator.objects.exists()
    assert "Incorrect code." in wrong.content.decode()

    page = client.get("/accounts/2fa/totp/activate/").content.decode()
    found = re.search(r'qr-secret">([A-Z2-7]+)<', page)
    assert found
    form = {"code": code_of(found[1])}
    codes = client.post("/accounts/2fa/totp/activate/", form, follow=True)
    assert len(re.findall(r"<code>\d{8}</code>", codes.content.decode())) == 10
    again = client.get("/accounts/2fa/recovery-codes/").content.decode()
    assert re.findall(r"\d{8}", again) == []


def test_the_password_alone_lets_nobody_in_any_more(bob: User, secret: str) -> None:
    client = with_password(bob)
    assert not is_in(client)
    client.post("/accounts/2fa/authenticate/", {"code": code_of(secret)})
    assert is_in(client)


def test_a_code_works_once(bob: User, secret: str) -> None:
    code = code_of(secret)
    first, second = with_password(bob), with_password(bob)
    first.post("/accounts/2fa/authenticate/", {"code": code})
    second.post("/accounts/2fa/authenticate/", {"code": code})
    assert (is_in(first), is_in(second)) == (True, False)


def test_a_code_is_remembered_as_long_as_it_is_good(bob: User, secret: str) -> None:
    form = {"code": code_of(secret, steps=1)}  # good for half a minute and more
    first, second = with_password(bob), with_password(bob)
    first.post("/accounts/2fa/authenticate/", form)
    a_while = timedelta(seconds=40)
    Remembered.objects.update(expires=F("expires") - a_while)
    second.post("/accounts/2fa/authenticate/", form)
    assert (is_in(first), is_in(second)) == (True, False)


def test_what_is_over_is_not_kept(db: None) -> None:
    cache.set("address", "tries", timeout=60)
    Remembered.objects.update(expires=F("expires") - timedelta(minutes=2))
    assert cache.add("another", "word", timeout=60)
    assert not cache.add("another", "word", timeout=60)
    assert [one.cache_key for one in Remembered.objects.all()] == [":1:another"]


@pytest.mark.parametrize(("steps", "lets_in"), [(-1, True), (1, True), (-3, False)])
def test_a_clock_may_be_half_a_minute_off(
    bob: User, secret: str, steps: int, *, lets_in: bool
) -> None:
    client = with_password(bob)
    form = {"code": code_of(secret, steps=steps)}
    client.post("/accounts/2fa/authenticate/", form)
    assert is_in(client) == lets_in


def test_codes_cannot_be_tried_out(bob: User, secret: str) -> None:
    client = with_password(bob)
    for number in range(6):
        client.post("/accounts/2fa/authenticate/", {"code": f"{number:06}"})
    page = client.post("/accounts/2fa/authenticate/", {"code": code_of(secret)})
    assert not is_in(client)
    assert "Too many failed login attempts" in page.content.decode()


def test_a_recovery_code_lets_in_once(bob: User, secret: str) -> None:
    codes = RecoveryCodes.activate(bob).get_unused_codes()
    first, second = with_password(bob), with_password(bob)
    first.post("/accounts/2fa/authenticate/", {"code": codes[0]})
    second.post("/accounts/2fa/authenticate/", {"code": codes[0]})
    assert (is_in(first), is_in(second)) == (True, False)
    page = first.get("/accounts/2fa/").content.decode()
    assert "9 left." in page


@pytest.mark.parametrize(
    "code", ["", " ", "\x00", "0" * 60_000, "٠٠٠٠٠٠", "'; DROP", "\U0001f600" * 6]
)
def test_a_strange_code_is_only_wrong(bob: User, secret: str, code: str) -> None:
    client = with_password(bob)
    page = client.post("/accounts/2fa/authenticate/", {"code": code})
    assert page.status_code == 200
    assert not is_in(client)


@pytest.mark.parametrize(
    "credential",
    ["", "{}", "[]", "null", '{"id": 1}', "x" * 60_000, '{"rawId": "\\u0000"}'],
)
def test_a_broken_passkey_lets_nobody_in(db: None, bob: User, credential: str) -> None:
    client = Client()
    client.get("/accounts/2fa/passkeys/login/", headers={"Accept": "application/json"})
    answer = client.post("/accounts/2fa/passkeys/login/", {"credential": credential})
    assert answer.status_code == 302
    assert not is_in(client)


def test_setting_up_asks_for_the_password_again(bob: User) -> None:
    client = client_of(bob)
    for path in ("totp/activate/", "passkeys/add/"):
        answer = client.get(f"/accounts/2fa/{path}")
        assert answer["Location"].startswith("/accounts/reauthenticate/")


def test_nobody_removes_the_passkey_of_somebody_else(bob: User, charlie: User) -> None:
    kind = Authenticator.Type.WEBAUTHN
    key = Authenticator.objects.create(user=bob, type=kind, data={})
    client = confirmed(charlie)
    path = f"/accounts/2fa/passkeys/{key.pk}/remove/"
    assert (client.get(path).status_code, client.post(path).status_code) == (404, 404)
    assert Authenticator.objects.exists()


def test_the_admin_shows_no_secret_of_anybody(alice: User) -> None:
    assert Authenticator not in admin.site._registry
    assert client_of(alice).get("/admin/mfa/authenticator/").status_code == 404


def test_who_has_lost_it_all_gets_in_by_the_password_again(
    bob: User, secret: str, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("reset_mfa", "bob@example.org")
    assert "1 removed" in capsys.readouterr().out
    assert is_in(with_password(bob))
