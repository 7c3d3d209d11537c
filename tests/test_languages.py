"""Which language a page is in, and that programs read English whatever happens."""

import polib
import pytest
from django.core.mail import EmailMessage
from django.test import Client
from django.test.utils import override_settings
from django.utils import translation

from accounts.agents import in_words
from accounts.models import User
from livechat.env import PROJECT_DIR
from livechat.lib.languages import language_for
from tests.accounts.conftest import client_of

GERMAN = {"Accept-Language": "de-AT,de;q=0.9,en;q=0.5"}


@pytest.mark.parametrize(
    ("own", "accepted", "language"),
    [
        ("", "", "en"),
        ("", "de", "de"),
        ("", "de-AT,en;q=0.5", "de"),
        ("", "fr, de;q=0.8, en;q=0.9", "en"),
        ("", "fr", "en"),
        ("", "*, de", "en"),
        ("", "de" * 40_000, "en"),
        ("", "\ud800,;;q=x", "en"),
        ("en", "de", "en"),
        ("de", "en", "de"),
        ("tlh", "de", "de"),
    ],
)
def test_a_language_is_ones_own_else_the_browsers_else_the_sites(
    own: str, accepted: str, language: str
) -> None:
    assert language_for(own, accepted) == language


@override_settings(SITE_LANGUAGE="de")
def test_a_site_has_a_language_for_whom_nothing_else_is_known() -> None:
    assert language_for("", "tlh") == "de"
    assert language_for("", "en-GB") == "en"


def test_the_page_of_a_visitor_is_in_the_browsers_language(alice: User) -> None:
    page = Client().get("/accounts/login/", headers=GERMAN)
    assert '<html lang="de">' in page.text
    assert "Accept-Language" in page["Vary"]
    assert page["Content-Language"] == "de"
    assert '<html lang="en">' in Client().get("/accounts/login/").text


def test_a_person_chooses_a_language_in_the_profile_and_is_answered_in_it(
    bob: User,
) -> None:
    form = {"display_name": "Bob", "theme": "system", "language": "de"}
    client = client_of(bob)
    page = client.post("/profile/", form, follow=True)
    assert '<html lang="de"' in page.text
    assert "Gespeichert." in page.text
    page = client.post("/profile/", form | {"language": "en"}, headers=GERMAN)
    page = client.get("/profile/", headers=GERMAN)
    assert '<html lang="en"' in page.text
    assert "Saved." in page.text


def test_an_unknown_language_is_refused(bob: User) -> None:
    form = {"display_name": "Bob", "theme": "system", "language": "tlh"}
    assert client_of(bob).post("/profile/", form).status_code == 422
    bob.refresh_from_db()
    assert bob.language == ""


def test_programs_read_english_whatever_they_accept(bob: User) -> None:
    bob.language = "de"
    bob.save(update_fields=["language"])
    client = client_of(bob)
    answer = client.get("/api/v1/rooms/nowhere/", headers=GERMAN)
    assert answer.json()["error"] == Client().get("/api/v1/nowhere/").json()["error"]


def test_a_mail_is_in_the_language_of_who_gets_it(
    bob: User, mailoutbox: list[EmailMessage]
) -> None:
    bob.language = "de"
    bob.save(update_fields=["language"])
    Client().post("/accounts/password/reset/", {"email": bob.email})
    Client().post("/accounts/password/reset/", {"email": "none@example.org"})
    theirs, strangers = (mail.body for mail in mailoutbox)
    assert "Passwort" in theirs
    assert "Passwort" not in strangers


def test_no_library_says_our_words_in_its_own_way() -> None:
    said: dict[str, set[str]] = {}
    for path in PROJECT_DIR.glob("*/locale/de/LC_MESSAGES/django.mo"):
        for entry in polib.mofile(str(path)):
            if not entry.msgid_plural:
                said.setdefault(entry.msgid, set()).add(entry.msgstr)
    assert said["Save"] == {"Speichern"}  # Django's admin says "Sichern"
    with translation.override("de"):
        wrong = {one for one in said if translation.gettext(one) not in said[one]}
    assert wrong == set()


def test_a_device_is_called_by_the_readers_words() -> None:
    names = ("Firefox on Linux", "An unknown device", "curl")
    assert [in_words(one) for one in names] == list(names)
    with translation.override("de"):
        assert in_words(names[0]) == "Firefox unter Linux"
        assert in_words(names[1]) == "Ein unbekanntes Gerät"
        assert in_words(names[2]) == "curl"
