"""The bell: on two devices of one person, while another person mentions them."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import NewPage
from tests.journeys.test_rooms_and_directs import seen_by_axe
from tests.journeys.test_two_people_talk import invite_link, say, set_up, sign_up
from tests.journeys.test_unread import log_in

pytestmark = pytest.mark.journey

NUMBER = re.compile(r"^\(1\) ")
NONE = re.compile(r"^[^(]")


def shows(page: Page, *, one: bool) -> None:
    """Bell, title and icon agree: there is one thing waiting, or none."""
    expect(page).to_have_title(NUMBER if one else NONE)
    icon = re.compile("favicon-new" if one else r"favicon\.|favicon\b(?!-new)")
    expect(page.locator("#icon")).to_have_attribute("href", icon)
    bell = page.locator("#bell")
    expect(bell).to_contain_text("1") if one else expect(bell).to_be_hidden()


def test_what_is_for_one_is_told_on_each_device_until_it_is_read(
    new_page: NewPage,
) -> None:
    alice, phone, laptop = new_page(0), new_page(1), new_page(1)
    set_up(alice)
    room = alice.url
    sign_up(phone, invite_link(alice), "Bob")
    log_in(laptop, "Bob")
    phone.set_viewport_size({"width": 390, "height": 844})
    for page in (phone, laptop):
        page.goto("/")
        expect(page.locator("body[data-net=up]")).to_be_attached()
        shows(page, one=False)
    empty_list(laptop)

    say(alice, "@Bob come and see")
    for page in (phone, laptop):
        hears(page)
    take_it_back(alice, laptop)
    say(alice, "@Bob this stays")
    # The list is open, and lives.
    expect(laptop.locator("#notices-list")).to_contain_text("this stays")
    laptop.locator(".notice-row").first.click()
    laptop.wait_for_url(re.compile(r"/rooms/.*#m-"))
    for page in (phone, laptop):
        shows(page, one=False)

    laptop.goto("/notifications")
    expect(laptop.locator(".notice-row")).to_have_count(1)
    seen_by_axe(laptop)
    be_reminded(laptop, room)


def hears(page: Page) -> None:
    """A number, a sound, and a line in the list."""
    shows(page, one=True)
    expect(page.locator("#ring audio")).to_be_attached()
    page.get_by_role("button", name="Notifications").click()
    listed = page.locator("#notices-list")
    expect(listed).to_contain_text("Alice mentioned you in General")
    expect(listed).to_contain_text("@Bob come and see")
    seen_by_axe(page)


def empty_list(page: Page) -> None:
    """Nobody has wanted anything yet."""
    page.get_by_role("button", name="Notifications").click()
    expect(page.locator("#notices-list")).to_contain_text("Nothing yet")
    seen_by_axe(page)
    page.keyboard.press("Escape")
    expect(page.locator("#notices")).to_be_hidden()


def take_it_back(alice: Page, bob: Page) -> None:
    """What is deleted goes from the list that is open, and from the number."""
    message = alice.locator("#messages .msg", has_text="come and see")
    message.hover()
    message.get_by_role("button", name="Actions for this message").click()
    alice.get_by_role("link", name="Delete…").click()
    alice.get_by_role("button", name="Delete", exact=True).click()
    expect(bob.locator("#notices-list")).to_contain_text("Nothing yet")
    shows(bob, one=False)


def be_reminded(page: Page, room: str) -> None:
    """A command; it is told when its time comes, and can be listed until then."""
    page.goto(room)
    expect(page.locator("body[data-net=up]")).to_be_attached()
    say(page, "/remind tomorrow 9:00 call the printer")
    expect(page.locator("#pending-list")).to_contain_text("You will be reminded on")
    say(page, "/remind in 1 second make tea")
    shows(page, one=True)
    page.get_by_role("button", name="Notifications").click()
    expect(page.locator("#notices-list")).to_contain_text("make tea")
    page.goto("/reminders")
    expect(page.locator(".rows")).to_contain_text("call the printer")
    seen_by_axe(page)
    page.get_by_role("button", name="Remove call the printer").click()
    expect(page.locator("main")).to_contain_text("Removed.")
    seen_by_axe(page)
