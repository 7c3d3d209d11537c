"""The Django admin in German: what is ours speaks it as Django's own words do."""

import pytest
from django.urls import reverse
from django.utils.html import strip_tags

from accounts.erasure import close
from accounts.models import Bot, Community, Invite, Token, User
from chat.models import Room
from tests.accounts.conftest import client_of
from tests.accounts.test_admin import PAGES

WORDS = {
    "accounts_user": ["Personen", "E-Mail", "Rolle", "Aktiv", "Eigentümer", "Gast"],
    "accounts_bot": ["Bots", "Öffentliche ID", "Erstellt am"],
    "accounts_invite": ["Einladungen", "Erstellt von", "Gültig bis", "Benutzt"],
    "accounts_community": ["Community"],
    "accounts_token": ["Tokens", "Wessen"],
    "chat_room": ["Räume", "privat", "Mitglieder", "Erstellt am"],
}
ENGLISH = ["invite", "member", "room", "role", "private", "people", "created", "name:"]


@pytest.fixture
def site(alice: User, bob: User) -> User:
    """Alice reads German and owns something of each kind."""
    alice.language = "de"
    alice.save(update_fields=["language"])
    Bot.objects.create(display_name="Robbi", email="r@example.org", is_bot=True)
    Invite.issue(alice)
    Token.issue(bob)
    Room.objects.create(name="Küche", creator=alice)
    return alice


def text_of(user: User, address: str) -> str:
    page = client_of(user).get(address)
    assert page.status_code == 200
    return strip_tags(page.content.decode())


@pytest.mark.parametrize("page", PAGES)
def test_a_list_is_german(site: User, page: str) -> None:
    text = text_of(site, reverse(f"admin:{page}_changelist"))
    assert [one for one in WORDS[page] if one not in text] == []
    assert [one for one in ENGLISH if one in text.lower()] == []


@pytest.mark.parametrize(
    ("page", "words"),
    [
        (
            "accounts_user",
            ["Eigentümer und Admins kommen", "Wer nicht aktiv ist", "Rolle"],
        ),
        ("accounts_community", ["Wer sich registrieren darf", "sich selbst löschen"]),
        ("chat_room", ["Wofür er ist"]),
    ],
)
def test_a_form_is_german(site: User, page: str, words: list[str]) -> None:
    community, _ = Community.objects.get_or_create(pk=1)
    row = {"accounts_user": site, "chat_room": Room.objects.get()}.get(page, community)
    text = text_of(site, reverse(f"admin:{page}_change", args=[row.pk]))
    assert [one for one in words if one not in text] == []


def test_what_is_said_of_a_change_is_in_the_language_of_who_makes_it(
    site: User, bob: User
) -> None:
    address = reverse("admin:accounts_user_changelist")
    form = {"action": "erase_people", "_selected_action": [str(bob.pk)]}
    page = client_of(site).post(address, form, follow=True)
    assert "Bob: Schließ zuerst das Konto (nicht aktiv)" in page.content.decode()
    close(bob)
    page = client_of(site).post(address, form)
    assert "Bist du sicher?" in page.content.decode()
    assert "Es gibt kein Zurück." in page.content.decode()
    User.objects.filter(pk=bob.pk).update(is_active=True)
    site.language = "en"
    site.save(update_fields=["language"])
    page = client_of(site).post(address, form, follow=True)
    assert "Bob: close the account first (not active)" in page.content.decode()
