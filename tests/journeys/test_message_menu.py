"""Two people edit, look at earlier texts and delete, by pointer and by keyboard."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.journeys.conftest import NewPage
from tests.journeys.test_two_people_talk import (
    invite_link,
    say,
    set_up,
    sign_up,
    violations,
)

pytestmark = pytest.mark.journey


def last(page: Page) -> Locator:
    return page.locator("#messages .msg.chat").last


def open_menu(page: Page, message: Locator) -> Locator:
    """The menu of a message, opened as one does with a mouse."""
    message.hover()
    message.get_by_role("button", name="Actions for this message").click()
    menu = page.locator("#message-menu")
    expect(menu.locator("> *").first).to_be_visible()
    return menu


def test_a_message_is_edited_and_deleted_before_two_peoples_eyes(
    new_page: NewPage,
) -> None:
    alice, bob = new_page(0), new_page(1)
    set_up(alice)
    sign_up(bob, invite_link(alice), "Bob")
    say(bob, "frist")
    expect(last(alice).locator(".msg__bubble")).to_have_text("frist")
    react(alice, bob)
    edit(bob)
    expect(last(alice).locator(".msg__bubble")).to_have_text("first!")
    look_at_versions(alice)
    give_up_an_edit(bob)
    reply(alice, bob)
    delete(alice)
    for page in (alice, bob):
        expect(last(page)).to_contain_text("This message was deleted.")


def react(alice: Page, bob: Page) -> None:
    """One picks an emoji by a word, the other joins in and takes it back."""
    last(alice).hover()
    last(alice).get_by_role("button", name="React to this message").click()
    alice.get_by_label("Find an emoji").fill("popper")
    expect(alice.locator(".picker__one").first).to_have_text("🎉")
    assert violations(alice) == []
    alice.locator(".picker__one").first.click()
    for page in (alice, bob):
        expect(last(page).get_by_text("🎉 1")).to_have_count(2)  # to add, to take back
    assert violations(bob) == []
    last(bob).get_by_role("button", name=re.compile("React too")).click()
    expect(last(alice).locator(".chip__take")).to_have_text("🎉 2")
    expect(last(alice).locator(".chip__add")).to_be_hidden()
    last(bob).get_by_role("button", name=re.compile("Take yours back")).click()
    expect(last(alice).locator(".chip__take")).to_have_text("🎉 1")
    expect(last(bob).locator(".chip__add")).to_be_visible()


def edit(page: Page) -> None:
    menu = open_menu(page, last(page))
    assert violations(page) == []
    menu.get_by_role("button", name="Edit", exact=True).click()
    box = page.get_by_label("Another text for your message")
    expect(box).to_be_focused()
    expect(box).to_have_value("frist")
    box.fill("")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_label("Another text for your message").fill("first!")
    assert violations(page) == []
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".edit")).to_have_count(0)
    expect(last(page).locator(".msg__bubble")).to_have_text("first!")


def look_at_versions(page: Page) -> None:
    """By keyboard alone: whoever may read the message sees what it said."""
    mark = last(page).get_by_role("button", name="edited")
    mark.focus()
    mark.press("Enter")
    texts = page.get_by_role("list", name=re.compile("Texts of this message"))
    expect(texts.get_by_role("listitem")).to_have_count(2)
    expect(texts.get_by_role("listitem").last).to_contain_text("frist")
    assert violations(page) == []
    page.keyboard.press("Escape")
    expect(texts).to_be_hidden()
    expect(mark).to_be_focused()


def give_up_an_edit(page: Page) -> None:
    """Arrow up in the empty box edits the last one, Escape leaves it as it was."""
    page.locator("#body").press("ArrowUp")
    expect(page.get_by_label("Another text for your message")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator(".edit")).to_have_count(0)
    expect(last(page).locator(".msg__bubble")).to_have_text("first!")


def reply(alice: Page, bob: Page) -> None:
    """The box becomes one for the reply, and comes back when that is sent."""
    menu = open_menu(alice, last(alice))
    menu.get_by_role("button", name="Reply", exact=True).click()
    box = alice.get_by_label("Your reply")
    expect(box).to_be_focused()
    expect(alice.locator("#body")).to_be_hidden()
    expect(alice.locator(".composer__quote")).to_contain_text("Bob first!")
    box.fill("Well put")
    box.press("Enter")
    expect(alice.locator("#body")).to_be_visible()
    expect(last(bob).locator(".msg__bubble")).to_have_text("Well put")
    expect(last(bob).locator(".msg__quote")).to_have_text("Bob first!")
    assert violations(bob) == []


def delete(page: Page) -> None:
    """The room's admin deletes; first it is asked."""
    open_menu(page, last(page)).get_by_role("link", name="Delete").click()
    question = page.get_by_role("heading", name="Delete the message?")
    expect(question).to_be_visible()
    assert violations(page) == []
    page.get_by_role("button", name="Keep it").click()
    expect(question).to_be_hidden()
    open_menu(page, last(page)).get_by_role("link", name="Delete").click()
    page.get_by_role("button", name="Delete", exact=True).click()
