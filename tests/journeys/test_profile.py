"""Who somebody is, how they are seen, and how they leave, in two real browsers."""

import re
import zipfile

import pytest
from playwright.sync_api import Page, expect

from tests.conftest import PASSWORD
from tests.journeys.conftest import NewPage
from tests.journeys.test_two_people_talk import (
    invite_link,
    say,
    set_up,
    sign_up,
    violations,
)

pytestmark = pytest.mark.journey


def test_people_tell_of_themselves_hide_and_leave(new_page: NewPage) -> None:
    alice, bob = new_page(0), new_page(1)
    set_up(alice)
    sign_up(bob, invite_link(alice), "Bob")
    say(bob, "Hello there")
    tell_of_oneself(bob)
    bob.goto("/")
    bob.get_by_role("link", name="Open General").click()
    expect(bob.locator("body[data-net=up]")).to_be_attached()
    status_is_seen(alice)
    card_by_keyboard(alice)
    be_invisible(alice, bob)
    focus_stays(alice)
    take_data_along(bob)
    erase(bob)
    alice.reload()
    name = alice.locator("button.msg__name", has_text="Deleted person")
    expect(name.first).to_be_visible()
    assert violations(alice) == []


def tell_of_oneself(page: Page) -> None:
    """A few words, the time zone and a status, each page without a barrier."""
    page.goto("/profile/")
    assert violations(page) == []
    page.get_by_label("About you").fill("Maps, tea and quiet mornings.")
    page.get_by_label("Time zone").fill("asia/tokyo")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    page.get_by_role("link", name="Set a status").click()
    assert violations(page) == []
    page.get_by_role("button", name="On holiday").click()
    expect(page.locator(".notice .status")).to_contain_text("On holiday")
    assert violations(page) == []


def status_is_seen(page: Page) -> None:
    """On a page that was open all the time."""
    row = page.locator(".person", has_text="Bob")
    expect(row).to_contain_text("On holiday")
    assert violations(page) == []


def card_by_keyboard(page: Page) -> None:
    """The card opens beside a name, and Escape gives the focus back to it."""
    name = page.locator("button.msg__name", has_text="Bob").last
    name.focus()
    page.keyboard.press("Enter")
    card = page.locator("#message-menu .about")
    expect(card).to_contain_text("Maps, tea and quiet mornings.")
    expect(card).to_contain_text("local time")
    assert violations(page) == []
    page.keyboard.press("Escape")
    expect(card).to_be_hidden()
    expect(name).to_be_focused()


def be_invisible(alice: Page, bob: Page) -> None:
    """What one page chooses, all of them are: nobody sees him any more."""
    second = bob.context.new_page()
    second.goto(bob.url)
    expect(second.locator("body[data-net=up]")).to_be_attached()
    row = alice.locator(".person", has_text="Bob")
    expect(row).to_have_class(re.compile("person--online"))
    bob.locator(".sidebar__me").click()
    assert violations(bob) == []
    bob.get_by_role("button", name="Invisible").click()
    expect(row).to_have_class(re.compile("person--offline"))
    expect(second.locator("#me-dot")).to_have_class(re.compile("dot--invisible"))
    pressed = second.locator("#me-states [aria-pressed=true]")
    expect(pressed).to_have_text("Invisible")
    second.close()


def focus_stays(page: Page) -> None:
    """With the keyboard alone: after an edit, and on a chip that is pressed."""
    say(page, "frist")
    page.locator("#body").focus()
    page.keyboard.press("ArrowUp")
    box = page.get_by_label("Another text for your message")
    expect(box).to_be_focused()
    box.fill("first")
    page.keyboard.press("Enter")
    expect(page.locator(".msg__bubble").last).to_have_text("first")
    expect(page.locator("#body")).to_be_focused()
    message = page.locator("#messages .msg.chat").last
    message.hover()
    message.get_by_role("button", name="React to this message").click()
    page.locator(".picker__one").first.click()
    chip = message.locator(".chip")
    expect(chip.locator(".chip__take")).to_be_visible()
    chip.locator(".chip__take").focus()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(chip).to_have_count(0)
    expect(page.locator("#body")).to_be_focused()


def take_data_along(page: Page) -> None:
    page.goto("/profile/data/")
    assert violations(page) == []
    page.get_by_label("Your password").fill(PASSWORD)
    with page.expect_download() as coming:
        page.get_by_role("button", name="Download my data").click()
    with zipfile.ZipFile(coming.value.path()) as file:
        assert file.testzip() is None
        assert "profile.json" in file.namelist()


def erase(page: Page) -> None:
    page.goto("/profile/erase/")
    assert violations(page) == []
    page.get_by_label("Your password").fill("not the password")
    page.get_by_role("button", name="Erase it for good").click()
    expect(page.get_by_text("This is not your password.")).to_be_visible()
    assert violations(page) == []
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Erase it for good").click()
    expect(page.get_by_text("Your account is erased.")).to_be_visible()
