"""What stands beside the message box: emoji, mentions, and how a text is formatted."""

from functools import partial

import pytest
from playwright.sync_api import Page, expect

from accounts.models import User
from chat.models import Room
from tests.chat.pages import fill
from tests.journeys.test_message_menu import open_menu
from tests.journeys.test_reach import Open, lounge, no_barriers, open_page
from tests.live import wait_until

pytestmark = pytest.mark.journey

__all__ = ["lounge", "open_page"]


def test_an_emoji_is_found_and_written_where_the_caret_stands(
    open_page: Open, alice: User, lounge: Room
) -> None:
    page = open_page(alice, f"/rooms/{lounge.public_id}/")
    page.keyboard.type("Lift ! now")
    for _ in "! now":
        page.keyboard.press("ArrowLeft")
    page.get_by_role("button", name="Emoji").click()
    expect(page.get_by_label("Find an emoji")).to_be_focused()
    no_barriers(page)
    page.keyboard.type("rocket")
    expect(page.locator(".picker__one").first).to_have_attribute("title", "rocket")
    page.keyboard.press("Enter")
    expect(page.locator("#body")).to_be_focused()
    expect(page.locator("#body")).to_have_value("Lift 🚀! now")
    expect(page.locator("#emoji-pane")).to_be_hidden()


def test_a_colon_proposes_emoji(open_page: Open, alice: User, lounge: Room) -> None:
    page = open_page(alice, f"/rooms/{lounge.public_id}/")
    page.keyboard.type("At 10:30 :rocke")
    page.get_by_role("option", name="rocket").click()
    expect(page.locator("#body")).to_have_value("At 10:30 🚀 ")
    page.keyboard.type(":-) ")
    page.keyboard.press("Enter")
    expect(page.locator(".msg").last).to_contain_text("At 10:30 🚀 :-)")


def test_the_sign_for_a_mention_proposes_people(
    open_page: Open, alice: User, lounge: Room
) -> None:
    page = open_page(alice, f"/rooms/{lounge.public_id}/")
    page.get_by_role("button", name="Mention somebody").click()
    page.get_by_role("option", name="Bob").click()
    expect(page.locator("#body")).to_have_value("@Bob ")


def test_people_and_emoji_are_proposed_in_a_thread_and_in_a_reply(
    open_page: Open, alice: User, bob: User, lounge: Room
) -> None:
    fill(lounge, bob, 1)
    page = open_page(alice, f"/rooms/{lounge.public_id}/")
    for entry, box in (("Reply in a thread", "#thread-body"), ("Reply", "#reply-body")):
        open_menu(page, page.locator("#messages .msg").last).get_by_role(
            "button", name=entry, exact=True
        ).click()
        expect(page.locator(box)).to_be_focused()
        page.keyboard.type("Ask @b")
        expect(page.get_by_role("option", name="Bob")).to_be_visible()
        wait_until(partial(fits, page, ".suggest__lines"), entry)
        page.keyboard.press("Enter")
        page.keyboard.type(":rocke")
        expect(page.get_by_role("option", name="rocket")).to_be_visible()
        page.keyboard.press("Enter")
        expect(page.locator(box)).to_have_value("Ask @Bob 🚀 ")
        page.keyboard.press("Enter")
        expect(page.locator(".msg:has-text('Ask @Bob 🚀')")).not_to_have_count(0)


def test_what_is_selected_is_formatted_and_can_be_undone(
    open_page: Open, alice: User, lounge: Room
) -> None:
    page = open_page(alice, f"/rooms/{lounge.public_id}/")
    box = page.locator("#body")
    page.keyboard.type("strong")
    page.keyboard.press("Control+A")
    page.get_by_role("button", name="Formatting").click()
    no_barriers(page)
    page.get_by_role("button", name="Bold").click()
    expect(box).to_have_value("**strong**")
    page.keyboard.press("Control+Z")
    expect(box).to_have_value("strong")


def test_keys_format_and_leave_the_caret_within(
    open_page: Open, alice: User, lounge: Room
) -> None:
    page = open_page(alice, f"/rooms/{lounge.public_id}/")
    page.keyboard.press("Control+b")
    page.keyboard.type("loud")
    page.keyboard.press("End")
    page.keyboard.type(" and ")
    page.keyboard.press("Control+i")
    page.keyboard.type("soft")
    expect(page.locator("#body")).to_have_value("**loud** and *soft*")
    page.keyboard.press("Enter")
    said = page.locator(".msg").last
    expect(said.locator("strong")).to_have_text("loud")
    expect(said.locator("em")).to_have_text("soft")


def test_on_a_phone_the_emoji_fit_the_screen(
    open_page: Open, alice: User, lounge: Room
) -> None:
    phone = {"width": 390, "height": 700}
    page = open_page(alice, f"/rooms/{lounge.public_id}/", viewport=phone)
    for name, pane in (("Emoji", "#emoji-pane"), ("Formatting", "#format-pane")):
        page.get_by_role("button", name=name).click()
        expect(page.locator(pane)).to_be_visible()
        assert fits(page, pane), name
        page.keyboard.press("Escape")


def fits(page: Page, pane: str) -> bool:
    """Whether all of the pane is on the screen."""
    box, size = page.locator(pane).bounding_box(), page.viewport_size
    if box is None or size is None:
        return False
    right, bottom = box["x"] + box["width"], box["y"] + box["height"]
    inside = right <= size["width"] and bottom <= size["height"]
    return inside and min(box["x"], box["y"]) >= 0
