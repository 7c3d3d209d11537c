"""What hands do without looking: keys pressed in a row, and what they then type."""

import re

import pytest
from playwright.sync_api import Page, expect

from accounts.models import User
from chat.models import Membership, Room
from tests.chat.pages import fill
from tests.journeys.test_reach import Open, lounge, open_page

pytestmark = pytest.mark.journey

__all__ = ["lounge", "open_page"]  # fixtures


def test_a_hit_in_the_open_room_gives_the_keyboard_back(
    open_page: Open, alice: User, bob: User, lounge: Room
) -> None:
    fill(lounge, bob, 3)
    page = open_page(alice, f"/rooms/{lounge.public_id}/")
    for _ in range(2):
        page.keyboard.press("Control+k")
        expect(page.locator("#palette-q")).to_be_focused()
        expect(page.locator("#palette-q")).to_have_value("")
        page.keyboard.type("shortcuts")
        expect(page.locator(".palette__hit").first).to_contain_text("shortcuts")
        page.locator("#palette-q").fill("text 2")
        hit = page.locator(".palette__hit").first
        expect(hit).to_contain_text("text 2")
        page.keyboard.press("Enter")
        expect(page).to_have_url(re.compile(r"#m-2$"))
        expect(page.locator("#palette")).to_be_hidden()
        expect(page.locator("#body")).to_be_focused()


def test_enter_takes_the_first_emoji_that_was_found(
    open_page: Open, alice: User, bob: User, lounge: Room
) -> None:
    fill(lounge, bob, 1)
    page = open_page(alice, f"/rooms/{lounge.public_id}/")
    page.locator("#m-1").hover()
    page.locator("#m-1 .msg__tool--react").click()
    expect(page.get_by_label("Find an emoji")).to_be_focused()
    page.keyboard.type("popper")
    expect(page.locator(".picker__one")).to_have_text(["🎉"])
    page.keyboard.press("Enter")
    expect(page.locator("#m-1 .chip__take")).to_have_text("🎉 1")
    expect(page.locator("#message-menu")).to_be_hidden()
    assert page.url.endswith(f"/rooms/{lounge.public_id}/")


def test_within_a_fence_enter_is_a_new_line(
    open_page: Open, alice: User, lounge: Room
) -> None:
    page = open_page(alice, f"/rooms/{lounge.public_id}/")
    page.keyboard.type("```\nfirst\n```\n")
    expect(page.locator("#messages .msg.chat pre")).to_have_text("first")
    expect(page.locator("#body")).to_have_value("")


def test_no_reload_is_offered_that_would_lose_what_waits(
    open_page: Open, alice: User, lounge: Room
) -> None:
    page = open_page(alice, f"/rooms/{lounge.public_id}/")
    page.context.set_offline(True)
    page.evaluate("document.body.dataset.net = 'down'")
    reload = page.locator(".net").get_by_role("link", name="Reload")
    expect(reload).to_be_visible()
    page.keyboard.type("not lost\n")
    expect(page.locator(".msg--pending")).to_contain_text("Waiting…")
    expect(reload).to_be_hidden()


def held_by_slow_mode(open_page: Open, user: User, room: Room) -> Page:
    """The user's page with a second message that has to wait."""
    room.slow_mode_s = 300
    room.save()
    page = open_page(user, f"/rooms/{room.public_id}/")
    page.keyboard.type("first\n")
    expect(page.locator("#messages .msg.chat")).to_have_count(1)
    page.keyboard.type("second\n")
    expect(page.locator(".msg--refused")).to_contain_text("Too fast")
    return page


def test_a_page_with_a_message_that_waits_is_not_left_unasked(
    open_page: Open, bob: User, lounge: Room
) -> None:
    page = held_by_slow_mode(open_page, bob, lounge)
    rooms = page.get_by_role("link", name="All rooms")
    with page.expect_event("dialog") as asked:
        page.once("dialog", lambda dialog: dialog.dismiss())
        rooms.click()
    assert asked.value.type == "beforeunload"
    expect(page.locator(".msg--refused")).to_contain_text("second")
    page.get_by_role("button", name="Discard").click()
    rooms.click()
    page.wait_for_url(lambda url: lounge.public_id not in url)


def test_a_message_that_slow_mode_held_goes_when_it_ends(
    open_page: Open, alice: User, bob: User, lounge: Room
) -> None:
    page = held_by_slow_mode(open_page, bob, lounge)
    settings = open_page(alice, f"/rooms/{lounge.public_id}/")
    settings.goto(f"/rooms/{lounge.public_id}/edit")
    settings.get_by_label("Slow mode").select_option("0")
    settings.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#messages .msg.chat")).to_have_count(2)


def test_the_tools_and_the_way_to_what_is_new_cover_nothing(
    open_page: Open, alice: User, bob: User, lounge: Room
) -> None:
    fill(lounge, alice, 1)
    fill(lounge, bob, 40)
    Membership.objects.filter(room=lounge, user=alice).update(last_read_seq=11)
    page = open_page(alice, f"/rooms/{lounge.public_id}/")
    above = page.locator(".log__jump--new")
    expect(above).to_be_visible()
    page.locator("#m-12").scroll_into_view_if_needed()
    expect(above).to_be_hidden()
    page.locator("#m-41").scroll_into_view_if_needed()
    expect(above).to_be_visible()
    page.locator("#body").fill("mine")
    page.keyboard.press("Enter")
    own = page.locator("#messages .msg.chat", has_text="mine")
    own.hover()
    tools = own.locator(".msg__tool").first.bounding_box()
    bubble = own.locator(".msg__bubble").bounding_box()
    assert tools and bubble
    between_px = bubble["x"] - tools["x"] - tools["width"]
    assert 0 < between_px < 120


def test_nobody_is_asked_to_write_who_may_not(
    open_page: Open, alice: User, bob: User, lounge: Room
) -> None:
    page = open_page(bob, f"/rooms/{lounge.public_id}/")
    expect(page.get_by_role("button", name="Say hello")).to_be_visible()
    settings = open_page(alice, f"/rooms/{lounge.public_id}/")
    settings.goto(f"/rooms/{lounge.public_id}/edit")
    settings.get_by_role("button", name="Archive the room").click()
    expect(page.locator(".voice")).to_contain_text("archived")
    expect(page.get_by_role("button", name="Say hello")).to_be_hidden()
    settings.goto(f"/rooms/{lounge.public_id}/")
    expect(settings.get_by_role("heading", name="No messages yet")).to_be_visible()
    expect(settings.get_by_text("be the first to write")).to_be_hidden()
