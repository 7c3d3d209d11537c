"""Two people talk in a thread, beside the room and back into it."""

import re

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from tests.journeys.conftest import NewPage
from tests.journeys.test_message_menu import last, open_menu
from tests.journeys.test_two_people_talk import (
    invite_link,
    say,
    set_up,
    shown,
    sign_up,
    violations,
)

pytestmark = pytest.mark.journey

PHONE: ViewportSize = {"width": 390, "height": 844}


def replies(page: Page) -> list[str]:
    """What the pane of the thread shows below the first message."""
    return page.locator(".thread__replies .msg__bubble").all_inner_texts()


def answer(page: Page, text: str, *, also: bool = False) -> None:
    box = page.get_by_label("Your reply in the thread")
    box.fill(text)
    if also:
        page.get_by_label("Also to the room").check()
    box.press("Enter")
    expect(page.locator(".thread__replies .msg__bubble").last).to_have_text(text)
    expect(box).to_have_value("")


def test_a_thread_stands_beside_the_room_and_both_see_it_grow(
    new_page: NewPage,
) -> None:
    alice, bob = new_page(0), new_page(1)
    set_up(alice)
    sign_up(bob, invite_link(alice), "Bob")
    begin(alice, bob)
    for page in (alice, bob):
        expect(page.locator(".thread__replies .msg")).to_have_count(2)
        expect(page.locator(".thread__replies [data-day]")).to_have_count(0)
        expect(page.locator("#m-1, #m-2").locator(".msg__thread")).to_have_count(1)
        expect(page.get_by_role("link", name=re.compile("2 replies"))).to_be_visible()
        assert violations(page) == []
    change(alice, bob)
    leave_and_return(bob)
    find_again(alice)
    on_a_phone(bob)


def begin(alice: Page, bob: Page) -> None:
    """One opens it and answers, the other comes by its line and answers to the room."""
    say(alice, "Where do we meet?")
    expect(last(bob)).to_contain_text("Where do we meet?")
    open_menu(bob, last(bob)).get_by_role("button", name="Reply in a thread").click()
    expect(bob.get_by_label("Your reply in the thread")).to_be_focused()
    assert violations(bob) == []
    answer(bob, "At the harbour")
    line = last(alice).get_by_role("link", name=re.compile("1 reply"))
    expect(line).to_be_visible()
    expect(last(bob).get_by_role("link", name=re.compile("1 reply"))).to_be_visible()
    assert shown(alice) == shown(bob) == ["Where do we meet?"]
    assert violations(alice) == []
    expect(line).to_contain_text("1 new")
    expect(alice.get_by_role("link", name="Threads 1 with new replies")).to_be_visible()
    expect(alice.locator("#bell")).to_contain_text("1")  # nothing of it is in the room
    line.click()
    expect(alice.get_by_label("Your reply in the thread")).to_be_focused()
    expect(alice.locator("#bell")).to_be_hidden()
    expect(alice.locator("#threads-count")).to_be_hidden()
    expect(alice.locator(".msg__new")).to_be_hidden()
    assert replies(alice) == ["At the harbour"]
    answer(alice, "See you all there", also=True)
    expect(last(bob)).to_contain_text("See you all there")


def change(alice: Page, bob: Page) -> None:
    """A reply is edited and deleted where it stands; the other's pane follows."""
    reply = bob.locator(".thread__replies .msg").first
    open_menu(bob, reply).get_by_role("button", name="Edit").click()
    box = bob.get_by_label("Another text for your message")
    box.fill("At the station")
    box.press("Enter")
    theirs = alice.locator(".thread__replies .msg").first
    expect(theirs.locator(".msg__bubble")).to_have_text("At the station")
    open_menu(bob, reply).get_by_role("link", name="Delete").click()
    bob.get_by_role("button", name="Delete", exact=True).click()
    for page in (alice, bob):
        first = page.locator(".thread__replies .msg").first
        expect(first).to_contain_text("This message was deleted.")
        expect(page.get_by_role("link", name=re.compile("1 reply"))).to_be_visible()
        assert "At the station" not in page.content()


def leave_and_return(page: Page) -> None:
    """Escape closes the pane; its address opens it again, without a click."""
    page.get_by_label("Your reply in the thread").press("Escape")
    expect(page.locator("#thread")).to_be_hidden()
    line = page.get_by_role("link", name=re.compile("1 reply"))
    page.goto(f"{page.url.split('?')[0]}{line.get_attribute('href')}")
    expect(page.locator("#thread")).to_be_visible()
    expect(page.locator(".thread__replies .msg")).to_have_count(2)
    expect(page.locator("body[data-net=up]")).to_be_attached()


def find_again(page: Page) -> None:
    """The list of threads that one wrote in leads back beside the room."""
    page.get_by_role("link", name="Threads", exact=True).click()
    expect(page.locator("#threads .pin")).to_contain_text("Where do we meet?")
    assert violations(page) == []
    page.locator("#threads .pin__text").click()
    expect(page.locator(".thread__replies .msg")).to_have_count(2)


def on_a_phone(page: Page) -> None:
    """The pane lies over the room, and goes by its button."""
    page.set_viewport_size(PHONE)
    box = page.locator("#thread").bounding_box()
    assert box is not None
    assert box["width"] == PHONE["width"]
    assert violations(page) == []
    page.get_by_role("button", name="Close the thread").click()
    expect(page.locator("#thread")).to_be_hidden()
    expect(page.locator("#body")).to_be_visible()
