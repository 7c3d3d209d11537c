"""Somebody chooses German, and every page of their own speaks it, on a phone too."""

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import NewPage
from tests.journeys.test_two_people_talk import set_up, violations

pytestmark = pytest.mark.journey

PHONE = {"width": 360, "height": 760}
# Each page, and its title in German.
PAGES = {
    "/profile/": "Dein Profil",
    "/profile/status/": "Dein Status",
    "/profile/notifications/": "Benachrichtigungen",
    "/accounts/email/": "Deine E-Mail-Adresse ändern",
    "/devices/": "Deine Geräte",
    "/invites/": "Leute einladen",
    "/palette": "Suchen",
    "/accounts/2fa/": "Sicher anmelden",
}


def test_a_person_chooses_german_and_a_visitors_browser_asks_for_it(
    new_page: NewPage,
) -> None:
    page = new_page(0, viewport=PHONE)
    set_up(page)
    page.goto("/profile/")
    page.get_by_label("Language").select_option(label="Deutsch")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Gespeichert.")).to_be_visible()
    for address, title in PAGES.items():
        page.goto(address)
        expect(page.locator("html[lang=de]")).to_be_attached()
        expect(page.get_by_role("heading", level=1)).to_have_text(title)
        fits(page)
        assert violations(page) == []
    visitor = new_page(1, viewport=PHONE, locale="de-AT")
    visitor.goto("/accounts/login/")
    expect(visitor.get_by_role("heading", level=1)).to_have_text("Anmelden")
    fits(visitor)
    assert violations(visitor) == []
    page.goto("/")
    expect(page.get_by_text("Zum Inhalt springen")).to_be_attached()
    fits(page)


def fits(page: Page) -> None:
    """Nothing of the page is wider than the screen."""
    wide = "document.documentElement.scrollWidth > innerWidth"
    assert not page.evaluate(wide), page.url
