"""What a room keeps at hand, what one keeps for later, and what one has begun."""

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import NewPage
from tests.journeys.test_message_menu import last, open_menu
from tests.journeys.test_two_people_talk import (
    PASSWORD,
    invite_link,
    say,
    set_up,
    sign_up,
    violations,
)

pytestmark = pytest.mark.journey


def test_messages_are_pinned_and_saved_and_a_draft_moves_on(new_page: NewPage) -> None:
    alice, bob = new_page(0), new_page(1)
    set_up(alice)
    sign_up(bob, invite_link(alice), "Bob")
    say(bob, "The rules of the house")
    expect(last(alice)).to_contain_text("The rules of the house")
    pin(alice, bob)
    save(bob)
    draft(bob, new_page(0))


def pins(page: Page) -> None:
    page.get_by_role("button", name="Pinned messages").click()
    expect(page.locator("#pins .pins")).to_be_visible()


def pin(alice: Page, bob: Page) -> None:
    """Who runs the room pins; an open list follows, and a deletion ends it."""
    pins(bob)
    expect(bob.locator("#pins")).to_contain_text("Nothing is pinned here")
    assert violations(bob) == []
    menu = open_menu(alice, alice.locator("#messages .msg.chat").last)
    menu.get_by_role("button", name="Pin for everybody").click()
    expect(bob.locator("#pins .pin")).to_contain_text("The rules of the house")
    assert violations(bob) == []
    bob.keyboard.press("Escape")
    for page in (alice, bob):
        told = page.locator("#messages .msg--system").last
        expect(told).to_contain_text("Alice pinned a message.")
        expect(told.locator(".msg__quote")).to_contain_text("The rules of the house")
        expect(page.locator(".msg__pinned")).to_have_count(1)
        assert violations(page) == []
    pins(alice)
    alice.get_by_role("button", name="Take down").click()
    expect(alice.locator("#pins")).to_contain_text("Nothing is pinned here")
    expect(bob.locator(".msg__pinned")).to_have_count(0)
    alice.keyboard.press("Escape")


def save(page: Page) -> None:
    """From the menu onto one's own list, from there to the message and off again."""
    open_menu(page, last(page)).get_by_role("button", name="Save for later").click()
    expect(page.get_by_text("Saved. You find it at the side.")).to_be_visible()
    room = page.url
    page.get_by_role("link", name="Saved").click()
    expect(page.locator(".saved .pin")).to_contain_text("The rules of the house")
    assert violations(page) == []
    page.locator(".saved .pin__text").click()
    page.wait_for_url("**/rooms/**")
    page.get_by_role("link", name="Saved").click()
    page.get_by_role("button", name="Take off the list").click()
    expect(page.get_by_text("Nothing saved yet")).to_be_visible()
    assert violations(page) == []
    page.goto(room)


def draft(page: Page, phone: Page) -> None:
    """Begun here, gone on with there, and nowhere left once it is sent."""
    with page.expect_response("**/draft") as kept:
        page.locator("#body").fill("Half a sent")
    assert kept.value.status == 204
    room = page.url
    phone.goto("/accounts/login/")
    phone.get_by_label("Email").fill("bob@example.org")
    phone.get_by_label("Password").fill(PASSWORD)
    phone.get_by_role("button", name="Log in", exact=True).click()
    phone.goto(room)
    expect(phone.locator("#body")).to_have_value("Half a sent")
    expect(phone.locator("body[data-net=up]")).to_be_attached()
    with phone.expect_response("**/draft"):
        say(phone, "Half a sentence, and the other half")
    expect(last(phone)).to_contain_text("and the other half")
    page.reload()
    expect(page.locator("#body")).to_have_value("")
