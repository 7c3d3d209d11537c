"""Pictures of the documentation in German: its words fit, and none is missing.

Everybody's browser speaks German, so that nothing is chosen, from the first visit on.
"""

from picture_site import (
    DESKTOP,
    PASSWORD,
    PHONE,
    fill,
    guest,
    invite,
    make_rooms,
    page_of,
    picture,
    talk,
)
from playwright.sync_api import Browser, Page, expect

LOCALE = "de-DE"
ROOMS = (
    ("Gestaltung", "Formen, Farben und Wörter"),
    ("Störungen", "Was kaputt ist, und wer sich kümmert"),
    ("Geschäftsführung", ""),
)
TALK = (
    ("bob", "Morgen! Der Zweig für den Fan-out ist grün: ein Frame für alle im Raum."),
    ("alice", "Großartig. Die Seite schickt also nur ihren `cursor`, und der Server "
     "entscheidet, was sie noch braucht?"),
    ("bob", "Genau so."),
    ("charlie", "Drei Dinge fehlen noch:\n\n- die **Pille** am unteren Rand\n- ein "
     "*ruhiger* leerer Zustand\n- ein Wort dazu in der Dokumentation"),
    ("alice", "Ich schreibe die Wörter."),
)  # fmt: skip


def take(browser: Browser, url: str) -> None:
    """A room, the lobby, settings and notifications; light, dark and on a phone."""
    alice = page_of(browser, url, LOCALE)
    fill(alice, name="Alice", email="alice@example.org", password=PASSWORD)
    people = {"alice": alice}
    for name in ("bob", "charlie"):
        link = invite(alice, url)
        people[name] = guest(browser, url, link, name, LOCALE)
    make_rooms(alice, url, ROOMS)
    alice.goto(url)
    picture(alice, "de-lobby")
    alice.locator(".room-card__name a", has_text="Allgemein").click()
    talk(people, TALK)
    _slow_down(alice)
    _be_told(alice, people["bob"], url)
    bob = people["bob"].locator("#body")
    bob.press_sequentially("Einen")
    expect(alice.locator(".typist")).to_be_visible()
    picture(alice, "de-room")
    alice.emulate_media(color_scheme="dark")
    picture(alice, "de-room-dark")
    alice.emulate_media(color_scheme="light")
    alice.set_viewport_size(PHONE)
    bob.press_sequentially(" Moment")
    picture(alice, "de-phone")


def _slow_down(page: Page) -> None:
    """The settings of the room, as they are when it is slow; then the room again."""
    room = page.url.split("#")[0]
    page.goto(f"{room}edit")
    page.locator("[name=topic]").fill("Freigabe am Freitag")
    page.locator("[name=slow_mode_s]").select_option("300")
    picture(page, "de-settings")
    page.locator("main form button").first.click()
    page.goto(room)


def _be_told(page: Page, other: Page, url: str) -> None:
    """The list of notifications, on the page of them; then the room again."""
    room = page.url.split("#")[0]
    page.goto(f"{url}/notifications")
    expect(page.locator("body[data-net=up]")).to_be_attached()
    other.fill("#body", "@Alice die Pille ist fertig. Schaust du sie dir an?")
    other.press("#body", "Enter")
    expect(page.locator(".notice-row").first).to_contain_text("die Pille")
    picture(page, "de-notifications")
    page.set_viewport_size(PHONE)
    picture(page, "de-notifications-phone")
    page.set_viewport_size(DESKTOP)
    page.goto(room)
