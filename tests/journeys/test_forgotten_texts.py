"""A text that was edited or deleted stays nowhere on a page that is open."""

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.journeys.conftest import NewPage
from tests.journeys.test_message_menu import last, open_menu
from tests.journeys.test_two_people_talk import (
    invite_link,
    say,
    set_up,
    sign_up,
    violations,
)

pytestmark = pytest.mark.journey


def test_a_text_that_is_gone_stays_nowhere_on_an_open_page(new_page: NewPage) -> None:
    alice, bob = new_page(0), new_page(1)
    set_up(alice)
    sign_up(bob, invite_link(alice), "Bob")
    say(bob, "the frist secret")
    message = last(alice)
    expect(message).to_contain_text("the frist secret")
    number = message.get_attribute("data-seq")
    answer(alice, message)
    expect(last(bob).locator(".msg__quote")).to_have_text("Bob the frist secret")
    edit(bob, bob.locator(f"#m-{number}"))
    for page in (alice, bob):
        quote = last(page).locator(".msg__quote")
        expect(quote).to_have_text("Bob the second secret")
        assert "frist" not in page.content()
    begin_an_answer(alice, alice.locator(f"#m-{number}"))
    begin_an_edit(bob, bob.locator(f"#m-{number}"))
    second = alice.context.new_page()
    second.goto(alice.url)
    delete(second, second.locator(f"#m-{number}"))
    for page in (alice, bob, second):
        quote = last(page).locator(".msg__quote")
        expect(quote).to_have_text("This message was deleted.")
        expect(page.locator(".edit")).to_have_count(0)
        assert "secret" not in page.content()
        assert violations(page) == []
    expect(alice.locator(".composer__quote")).to_have_text(
        "Reply to This message was deleted."
    )


def answer(page: Page, message: Locator) -> None:
    open_menu(page, message).get_by_role("button", name="Reply", exact=True).click()
    page.get_by_label("Your reply").fill("Noted")
    page.get_by_label("Your reply").press("Enter")
    expect(last(page)).to_contain_text("Noted")


def edit(page: Page, message: Locator) -> None:
    open_menu(page, message).get_by_role("button", name="Edit").click()
    box = page.get_by_label("Another text for your message")
    box.fill("the second secret")
    box.press("Enter")
    expect(page.locator(".edit")).to_have_count(0)


def begin_an_answer(page: Page, message: Locator) -> None:
    """A form that shows what it answers, and is left open."""
    open_menu(page, message).get_by_role("button", name="Reply", exact=True).click()
    expect(page.locator(".composer__quote")).to_contain_text("the second secret")


def begin_an_edit(page: Page, message: Locator) -> None:
    """A form that holds the text, and is left open."""
    open_menu(page, message).get_by_role("button", name="Edit").click()
    expect(page.get_by_label("Another text")).to_have_value("the second secret")


def delete(page: Page, message: Locator) -> None:
    open_menu(page, message).get_by_role("link", name="Delete").click()
    page.get_by_role("button", name="Delete", exact=True).click()
