"""Mail about one's own account, where mail is set up."""

from typing import Any

import pytest
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.core import mail
from django.test import Client
from pytest_django.fixtures import Settings

from accounts.models import User
from tests.accounts.test_devices import CHROME, FIREFOX, logged_in
from tests.conftest import PASSWORD


@pytest.fixture(autouse=True)
def by_mail(settings: Settings) -> None:
    settings.ACCOUNT_EMAIL_NOTIFICATIONS = True


def subjects() -> list[str]:
    return [str(one.subject) for one in mail.outbox]


def test_the_first_log_in_is_no_news(bob: User) -> None:
    logged_in(bob)
    assert subjects() == []


def test_a_browser_that_is_new_to_the_account_is_told_once(bob: User) -> None:
    logged_in(bob)
    logged_in(bob, CHROME, "198.51.100.4")
    logged_in(bob, CHROME, "198.51.100.9")
    logged_in(bob, FIREFOX)
    [letter] = mail.outbox
    assert letter.to == ["bob@example.org"]
    assert letter.subject.endswith("New log-in to your account")
    assert "Chrome on Windows" in letter.body
    assert "198.51.100.4" in letter.body
    assert "/devices/ and change your password" in letter.body


def test_the_browser_is_called_in_the_language_of_who_gets_the_mail(bob: User) -> None:
    bob.language = "de"
    bob.save(update_fields=["language"])
    logged_in(bob)
    logged_in(bob, CHROME)
    [letter] = mail.outbox
    assert letter.subject.endswith("Neue Anmeldung bei deinem Konto")
    assert "Chrome unter Windows" in letter.body


def test_without_mail_nothing_is_written(bob: User, settings: Settings) -> None:
    settings.ACCOUNT_EMAIL_NOTIFICATIONS = False
    logged_in(bob)
    logged_in(bob, CHROME)
    assert mail.outbox == []


def test_a_mail_server_that_is_away_keeps_nobody_out(
    bob: User, settings: Settings
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    logged_in(bob)
    assert logged_in(bob, CHROME).get("/profile/").status_code == 200


def test_a_new_password_is_told(bob: User) -> None:
    form = {"oldpassword": PASSWORD, "password1": "another horse, another staple"}
    form["password2"] = form["password1"]
    client = logged_in(bob)
    assert client.post("/accounts/password/change/", form).status_code == 302
    assert "Password Changed" in " ".join(subjects())


def test_the_end_of_an_app_is_told(bob: User) -> None:
    client: Client = logged_in(bob)
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    TOTP.activate(bob, str(generate_totp_secret()))
    answer: Any = client.post("/accounts/2fa/totp/deactivate/")
    assert answer.status_code == 302
    assert "Authenticator App Deactivated" in " ".join(subjects())
