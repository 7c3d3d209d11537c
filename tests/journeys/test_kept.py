"""What a room keeps at hand, what one keeps for later, and what one has begun."""

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.journeys.conftest import NewPage
from tests.journeys.test_message_menu import last, open_menu
from tests.journeys.test_threads import answer
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
    leave_at_once(bob)
    drafts_beside(bob)
    open_lists(alice, bob)


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


def leave_at_once(page: Page) -> None:
    """What is typed right before one goes elsewhere is kept."""
    room = page.url
    page.locator("#body").press_sequentially("Hardly beg")
    with page.expect_request("**/draft"):
        page.get_by_role("link", name="All rooms").click()
    expect(page.get_by_label("Search rooms")).to_be_visible()
    page.goto(room)
    expect(page.locator("#body")).to_have_value("Hardly beg")
    mark = page.locator(".sidebar__rooms .sidebar__draft")
    expect(mark).to_contain_text("Draft")
    expect(page.locator("body[data-net=up]")).to_be_attached()
    with page.expect_response("**/draft"):
        page.locator("#body").fill("")
    expect(mark).to_be_hidden()


def drafts_beside(page: Page) -> None:
    """A reply and a reply in a thread, with what they answer, come back too."""
    message = page.locator("#messages .msg.chat").first
    begin_beside(page, message)
    mark = page.locator(".sidebar__rooms .sidebar__draft")
    expect(mark).to_contain_text("Draft")
    number = message.get_attribute("data-seq")
    page.goto(f"{page.url.split('#')[0]}?thread={number}")
    expect(page.locator("#reply .composer__quote")).to_contain_text("The rules")
    expect(page.locator("#reply-body")).to_have_value("Half a reply")
    expect(page.locator("#thread-body")).to_have_value("Half an answer")
    assert violations(page) == []
    with page.expect_response("**/draft"):
        page.get_by_role("button", name="Cancel").click()
    page.locator("#thread-body").press("Enter")
    expect(mark).to_be_hidden()
    page.reload()
    expect(page.locator("#reply-form")).to_have_count(0)
    expect(page.locator("#thread-body")).to_have_value("")


def begin_beside(page: Page, message: Locator) -> None:
    open_menu(page, message).get_by_role("button", name="Reply", exact=True).click()
    with page.expect_response("**/draft"):
        page.get_by_label("Your reply", exact=True).fill("Half a reply")
    open_menu(page, message).get_by_role("button", name="Reply in a thread").click()
    with page.expect_response("**/draft"):
        page.get_by_label("Your reply in the thread").fill("Half an answer")


def open_lists(alice: Page, bob: Page) -> None:
    """What is edited or deleted is so on open lists, which belong to no room."""
    say(alice, "A frist secret")
    expect(last(bob)).to_contain_text("A frist secret")
    open_menu(bob, last(bob)).get_by_role("button", name="Save for later").click()
    open_menu(bob, last(bob)).get_by_role("button", name="Reply in a thread").click()
    expect(bob.locator(".thread__log")).to_contain_text("A frist secret")
    answer(bob, "Noted")
    expect(bob.locator(".thread__replies .msg")).to_have_count(1)
    lists = [bob.context.new_page() for _ in range(2)]
    for page, name in zip(lists, ("saved", "threads"), strict=True):
        page.goto(f"/{name}")
        expect(page.locator("body[data-net=up]")).to_be_attached()
        expect(page.locator(".pin").first).to_contain_text("A frist secret")
    message = last(alice)
    open_menu(alice, message).get_by_role("button", name="Edit").click()
    box = alice.get_by_label("Another text for your message")
    box.fill("A second secret")
    box.press("Enter")
    for page in lists:
        expect(page.locator(".pin").first).to_contain_text("A second secret")
        assert "frist" not in page.content()
    open_menu(alice, message).get_by_role("link", name="Delete").click()
    alice.get_by_role("button", name="Delete", exact=True).click()
    expect(lists[0].get_by_text("Nothing saved yet")).to_be_visible()
    expect(lists[1].locator(".pin").first).to_contain_text("This message was deleted.")
    for page in lists:
        assert "secret" not in page.content()
        assert violations(page) == []
