"""What is unread, on two devices of one person, while another person writes."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.journeys.conftest import NewPage
from tests.journeys.test_two_people_talk import (
    PASSWORD,
    invite_link,
    say,
    set_up,
    sign_up,
    violations,
)

pytestmark = pytest.mark.journey


def log_in(page: Page, name: str) -> None:
    """Come back on another device."""
    page.goto("/accounts/login/")
    page.get_by_label("Email").fill(f"{name.lower()}@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in", exact=True).click()
    page.wait_for_url(re.compile(r"//[^/]+/$|/rooms/"))


def test_what_one_device_reads_is_read_on_the_other(
    new_page: NewPage,
) -> None:
    alice, phone, laptop = new_page(0), new_page(1), new_page(1)
    set_up(alice)
    room = alice.url
    sign_up(phone, invite_link(alice), "Bob")
    log_in(laptop, "Bob")
    for page in (phone, laptop):
        page.goto("/")
    for text in ("first", "second", "third"):
        say(alice, text)
    for page in (phone, laptop):
        expect(page.locator("#sidebar-rooms .count")).to_contain_text("3")
    assert violations(phone) == []

    phone.goto(room)  # its end is in view, so all of it is read
    expect(phone.locator("[data-new]")).to_contain_text("first")
    expect(laptop.locator("#sidebar-rooms .count")).to_be_hidden()
    expect(phone.locator("#sidebar-rooms .count")).to_be_hidden()
    assert violations(phone) == []

    read_at_once(alice, phone, laptop)
    mark_unread(phone, phone.locator("#messages .msg", has_text="third"))
    expect(phone.locator("#sidebar-rooms .count")).to_contain_text("2")
    expect(laptop.locator("#sidebar-rooms .count")).to_contain_text("2")

    laptop.get_by_role("button", name="Mark all read").click()
    for page in (phone, laptop):
        expect(page.locator("#sidebar-rooms .count")).to_be_hidden()
    stay_unread_above(alice, phone, room)
    name_each_other(alice, phone, laptop, room)


def read_at_once(alice: Page, phone: Page, laptop: Page) -> None:
    """What comes where the room is open is read, which the other device shows."""
    say(alice, "fourth")
    expect(phone.locator("#messages")).to_contain_text("fourth")
    laptop.reload()  # it is unread there until the phone has said so
    expect(laptop.locator("body[data-net=up]")).to_be_attached()
    expect(laptop.locator("#sidebar-rooms .count")).to_be_hidden()


def mark_unread(page: Page, message: Locator) -> None:
    """By the message's menu."""
    message.hover()
    message.get_by_role("button", name="Actions for this message").click()
    page.get_by_role("button", name="Mark unread from here").click()


def stay_unread_above(alice: Page, bob: Page, room: str) -> None:
    """Who is scrolled up has not read what comes below, until they go there."""
    say(alice, "a tall text\n\n" + "line\n\n" * 60)
    bob.goto(room)
    expect(bob.locator("#sidebar-rooms .count")).to_be_hidden()
    bob.locator("#scroll").evaluate("one => { one.scrollTop = -one.scrollHeight }")
    expect(bob.locator("#scroll")).to_have_attribute("data-away", "")
    say(alice, "not seen")
    expect(bob.locator("#sidebar-rooms .count")).to_contain_text("1")
    bob.locator(".log__jump", has_text="Jump to latest").click()
    expect(bob.locator("#sidebar-rooms .count")).to_be_hidden()


def name_each_other(alice: Page, phone: Page, laptop: Page, room: str) -> None:
    """A mention has a badge of its own, and is a chip to everybody."""
    phone.goto("/")
    say(alice, "@bob look")
    for page in (phone, laptop):
        expect(page.locator(".count--mention")).to_contain_text("@1")
    assert violations(phone) == []
    phone.goto(room)
    expect(phone.locator(".mention")).to_have_text("@Bob")
    expect(laptop.locator(".count--mention")).to_have_count(0)
    for page in (phone, alice):
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            assert violations(page) == []
