"""The pages of rooms in German, and what programs read meanwhile in English."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.erasure import erase
from accounts.models import Token, User
from chat.directs import begin_direct
from chat.models import Membership, Room
from livechat.lib.markdown import render
from tests.chat.pages import client_of, fill, room_of
from tests.conftest import PASSWORD

PAGES = {
    "lobby": "Räume suchen",
    "notices": "Wenn dich jemand erwähnt",
    "saved": "Noch nichts gemerkt",
    "reminders": "Erinnere mich",
    "direct_new": "Wähle eine Person, oder bis zu",
    "blocks": "Wen du blockierst",
    "own_data": "Meine Daten herunterladen",
    "own_reports": "Du hast nichts gemeldet.",
    "shortcuts": "Eine neue Zeile",
    "room_new": "Privat: Nur seine Mitglieder sehen ihn",
}
ROOM_PAGES = {
    "room": "Aktionen für diese Nachricht",
    "room_members": "seit ",
    "room_edit": "Langsamer Modus: Jedes Mitglied darf schreiben",
    "room_audit": "Protokoll von Lounge",
    "room_invites": "Link erstellen",
    "room_delete": "Seine 3 Nachrichten sind dann weg, für alle 2 Mitglieder.",
    "room_unread": "Lounge als gelesen oder ungelesen markieren",
    "room_pins": "Hier ist nichts angeheftet.",
    "room_report_new": "Eine Nachricht melden",
}


@pytest.fixture
def lounge(alice: User, bob: User) -> Room:
    """A room with three messages of Bob's."""
    for user in (alice, bob):
        user.language = "de"
        user.save(update_fields=["language"])
    room = room_of(alice, bob)
    fill(room, bob, 3)
    return room


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_german(lounge: Room, alice: User, name: str) -> None:
    page = client_of(alice).get(reverse(name)).content.decode()
    assert PAGES[name] in page
    assert "\ue000" not in page


@pytest.mark.parametrize("name", ROOM_PAGES)
def test_a_page_of_a_room_is_german(lounge: Room, alice: User, name: str) -> None:
    address = reverse(name, args=[lounge.public_id])
    page = client_of(alice).get(address).content.decode()
    assert ROOM_PAGES[name] in page
    assert "\ue000" not in page


def test_a_refusal_is_german_on_a_page_and_english_for_programs(
    lounge: Room, bob: User
) -> None:
    """Bob's message is his own, and nobody reports that."""
    address = reverse("message_report", args=[lounge.public_id, 1])
    page = client_of(bob).post(address, {"reason": "spam"}).content.decode()
    assert "Diese Nachricht ist von dir. Du kannst sie löschen." in page
    told = client_of(bob).post(
        f"/api/rooms/{lounge.public_id}/messages/1/reports",
        {"reason": "spam"},
        content_type="application/json",
        headers={
            "Authorization": f"Bearer {Token.issue(bob)}",
            "Accept-Language": "de",
        },
    )
    assert told.json()["error"] == "This message is yours. You can delete it."


def test_a_title_within_a_sentence_is_german_too(
    lounge: Room, alice: User, bob: User, charlie: User
) -> None:
    group, _ = begin_direct(alice, [bob, charlie])
    page = client_of(alice).get(reverse("room", args=[group.public_id]))
    assert "Du und Bob und Charlie" in page.content.decode()


def test_the_words_of_the_personal_stylesheet_are_german_at_an_address_of_their_own(
    lounge: Room, alice: User
) -> None:
    client = client_of(alice)
    page = client.get(reverse("room", args=[lounge.public_id])).content.decode()
    assert "&amp;l=de" in page
    css = client.get(reverse("me_css", args=[alice.public_id])).content.decode()
    assert 'content: "Du"' in css
    assert 'content: "Gesendet ✓"' in css


@pytest.mark.django_db
@pytest.mark.parametrize(("accepted", "name"), [("de", "Allgemein"), ("fr", "General")])
def test_the_first_room_is_called_in_the_language_of_the_set_up(
    accepted: str, name: str
) -> None:
    form = {"name": "Alice", "email": "alice@example.org", "password": PASSWORD}
    Client().post("/setup/", form, headers={"Accept-Language": accepted})
    assert Room.objects.get().name == name


def test_an_erased_person_has_no_name_in_any_language(
    lounge: Room, alice: User, bob: User, charlie: User
) -> None:
    erase(bob, messages=False)
    Membership.objects.create(room=lounge, user=charlie)
    address = reverse("room", args=[lounge.public_id])
    assert "Gelöschte Person</button>" in client_of(alice).get(address).text
    assert "Deleted person</button>" in client_of(charlie).get(address).text


def test_the_page_of_a_diagram_is_german(lounge: Room, alice: User) -> None:
    text = "```mermaid\npie\n```"
    lounge.messages.filter(seq=1).update(body=text, html=render(text))
    path = f"/rooms/{lounge.public_id}/1/diagrams/1"
    page = client_of(alice).get(path).content.decode()
    assert "Diagramm</h1>" in page
