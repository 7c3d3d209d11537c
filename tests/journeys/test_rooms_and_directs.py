"""Rooms that are run: direct messages, settings, reports and links, in two browsers."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.journeys.conftest import NewPage
from tests.journeys.test_two_people_talk import (
    PASSWORD,
    invite_link,
    say,
    set_up,
    sign_up,
)

pytestmark = pytest.mark.journey

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True}


def seen_by_axe(page: Page) -> None:
    """Nothing on the page keeps anybody out."""
    found = Axe().run(page).response["violations"]
    assert [f"{one['id']}: {one['nodes'][0]['html']}" for one in found] == []


def fits(page: Page) -> None:
    """The page is not wider than the screen."""
    wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    assert not page.evaluate(wide)


def as_alice(page: Page) -> None:
    """She sets the site up, or logs in where that is done."""
    page.goto("/")
    if "/setup/" in page.url:
        set_up(page)
        return
    page.get_by_label("Email").fill("alice@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in", exact=True).click()
    page.get_by_role("link", name="Open General").click()
    page.wait_for_url(re.compile("/rooms/"))


def read(page: Page, text: str) -> None:
    """It stands in the log."""
    expect(page.locator("#messages").get_by_text(text, exact=True)).to_be_visible()


def test_two_people_write_to_each_other_and_run_a_room(new_page: NewPage) -> None:
    alice, bob = new_page(0), new_page(1, **PHONE)
    as_alice(alice)
    room = alice.url.split("#")[0]
    sign_up(bob, invite_link(alice), "Bob")
    say(bob, "in the room")
    read(alice, "in the room")
    write_directly(alice, bob)
    change_settings(alice, bob, room)
    report_and_settle(alice, bob, room)


def write_directly(alice: Page, bob: Page) -> None:
    """Begun on one side, its first word brings it to the other's without a reload."""
    alice.get_by_role("link", name="New message").click()
    seen_by_axe(alice)
    room = bob.url
    bob.goto(alice.url)
    fits(bob)
    bob.goto(room)
    alice.get_by_label("Name").fill("bo")
    alice.get_by_label("Name").press("Enter")
    alice.get_by_label("Bob").check()
    alice.get_by_role("button", name="Write to them").click()
    expect(alice.locator(".topbar__room")).to_have_text("Bob")
    expect(alice.locator("body[data-net=up]")).to_be_attached()
    expect(bob.locator("#sidebar-directs a")).to_have_count(0)
    say(alice, "between us")
    expect(bob.locator("#sidebar-directs a")).to_contain_text("Alice")
    expect(bob.locator("#sidebar-directs a")).to_contain_text("1")
    expect(alice.locator("#messages .chat.msg")).to_have_count(1)
    seen_by_axe(alice)
    bob.goto(str(bob.locator("#sidebar-directs a").get_attribute("href")))
    read(bob, "between us")
    fits(bob)
    seen_by_axe(bob)


def change_settings(alice: Page, bob: Page, room: str) -> None:
    """Read-only takes the box away from an open page; its end gives it back."""
    bob.goto(room)
    bob.locator("#body").fill("not yet said")
    alice.goto(f"{room}edit")
    seen_by_axe(alice)
    alice.get_by_label("Topic").fill("Launch day")
    alice.get_by_label("Read-only").check()
    alice.get_by_label("Slow mode").select_option("300")
    alice.get_by_role("button", name="Save", exact=True).click()
    expect(bob.locator(".voice")).to_contain_text("Only admins and moderators write")
    expect(bob.locator("#composer")).to_be_hidden()
    expect(bob.locator(".topbar__description")).to_have_text("Launch day")
    alice.goto(f"{room}edit")
    alice.get_by_label("Read-only").uncheck()
    alice.get_by_role("button", name="Save", exact=True).click()
    expect(bob.locator("#composer")).to_be_visible()
    expect(bob.locator("#body")).to_have_value("not yet said")
    expect(bob.locator(".composer__slow")).to_contain_text("once in 5 minutes")
    seen_by_axe(bob)
    alice.goto(f"{room}audit")
    expect(alice.locator(".rows li")).to_have_count(4)
    seen_by_axe(alice)


def report_and_settle(alice: Page, bob: Page, room: str) -> None:
    """A report is made with the keyboard, settled, and its maker hears of it."""
    alice.goto(room)
    expect(alice.locator("body[data-net=up]")).to_be_attached()
    say(alice, "something rude")
    read(bob, "something rude")
    bob.goto(f"{room}reports/new")
    seen_by_axe(bob)
    bob.get_by_role("link", name="Report the message of Alice").first.click()
    bob.get_by_label("Abuse").check()
    bob.get_by_role("button", name="Report it").click()
    expect(bob.get_by_text("not looked at yet")).to_be_visible()
    fits(bob)
    bob.goto(room)
    expect(bob.locator("body[data-net=up]")).to_be_attached()
    alice.goto("/reports")  # of her own message: somebody else decides
    expect(alice.get_by_text("Nothing is waiting")).to_be_visible()
    seen_by_axe(alice)


def test_a_link_with_a_qr_code_brings_somebody_into_a_private_room(
    new_page: NewPage,
) -> None:
    alice, bob = new_page(0), new_page(1, **PHONE)
    as_alice(alice)
    alice.goto("/rooms/new")
    alice.get_by_label("Name").fill("Vault")
    alice.get_by_label("Private").check()
    alice.get_by_role("button", name="Make the room").click()
    alice.wait_for_url(re.compile("/rooms/\\w+/$"))
    alice.goto(f"{alice.url}invites")
    alice.get_by_label("who have no account").check()
    alice.get_by_role("button", name="Make a link").click()
    width = "node => node.complete && node.naturalWidth"
    assert alice.locator("img.qr").evaluate(width) > 100
    seen_by_axe(alice)
    bob.goto(str(alice.locator("#new-link").get_attribute("href")))
    seen_by_axe(bob)
    bob.get_by_role("link", name="Make an account").click()
    bob.get_by_label("Your name").fill("Charlie")
    bob.get_by_label("Email").fill("charlie@example.org")
    bob.get_by_label("Password").fill(PASSWORD)
    bob.get_by_role("button", name="Sign up", exact=True).click()
    bob.get_by_role("button", name="Join the room").click()
    expect(bob.locator(".topbar__room")).to_have_text("Vault")
    expect(bob.locator("#composer")).to_be_visible()
    fits(bob)


def test_the_lobby_is_searched_and_sorted(new_page: NewPage) -> None:
    alice = new_page(0)
    as_alice(alice)
    alice.goto("/")
    seen_by_axe(alice)
    alice.get_by_label("Search rooms").fill("gener")
    alice.get_by_label("Search rooms").press("Enter")
    expect(alice.locator(".room-card")).to_have_count(1)
    alice.get_by_label("Search rooms").fill("nothing like it")
    alice.get_by_role("button", name="Search", exact=True).click()
    expect(alice.get_by_text("No room found")).to_be_visible()
    seen_by_axe(alice)
