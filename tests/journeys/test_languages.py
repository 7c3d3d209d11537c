"""One room in two languages: each page reads what happens in its own words."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.journeys.conftest import NewPage
from tests.journeys.test_rooms_and_directs import seen_by_axe
from tests.journeys.test_two_people_talk import invite_link, say, set_up, sign_up

pytestmark = pytest.mark.journey


def speak_german(page: Page) -> None:
    """Choose it in the profile, and come back to the room."""
    room = page.url
    page.goto("/profile/")
    page.get_by_label("Language").select_option("de")
    page.get_by_role("button", name="Save", exact=True).first.click()
    expect(page.locator("html")).to_have_attribute("lang", "de")
    page.goto(room)


def test_two_people_read_one_room_each_in_their_language(new_page: NewPage) -> None:
    alice, bob = new_page(0), new_page(1)
    set_up(alice)
    sign_up(bob, invite_link(alice), "Bob")
    speak_german(bob)
    expect(bob.locator("#people .people__title")).to_contain_text("Mitglieder")
    expect(alice.locator("#people .people__title")).to_contain_text("Members")
    alice.locator("#body").press_sequentially("Hel")
    expect(bob.get_by_text("Alice schreibt …")).to_be_visible()
    bob.locator("#body").press_sequentially("Hal")
    expect(alice.get_by_text("Bob is typing…")).to_be_visible()
    say(alice, "Hello")
    expect(tools_of(alice)).to_have_attribute("aria-label", "Actions for this message")
    expect(tools_of(bob)).to_have_attribute(
        "aria-label", "Aktionen für diese Nachricht"
    )
    for page, day in ((alice, "today"), (bob, "heute")):
        expect(page.locator("[data-day]").first).to_have_attribute("data-day", day)
    say(bob, "\ue000Older messages\ue002 and \ue001")
    expect(alice.get_by_text("Older messages and", exact=True)).to_be_visible()
    expect(bob.get_by_text("Older messages and", exact=True)).to_be_visible()
    for page in (alice, bob):
        seen_by_axe(page)
        assert not re.search("[\ue000-\ue002]", page.content())


def tools_of(page: Page) -> Locator:
    """The button of the message that says Hello."""
    row = page.locator("article.chat").filter(has_text="Hello")
    return row.locator(".msg__tool").last
