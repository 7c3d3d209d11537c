"""A mute on an open page: the message box goes and comes back with what was in it."""

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import NewPage
from tests.journeys.test_two_people_talk import invite_link, say, set_up, sign_up

pytestmark = pytest.mark.journey


def set_muted(admin: Page, label: str) -> None:
    """Press the word on the page of the room's members."""
    room = admin.url.split("#")[0]
    admin.goto(f"{room}members")
    admin.get_by_label("Manage Bob").click()
    admin.get_by_role("button", name=label, exact=True).click()
    admin.goto(room)


def test_the_box_goes_with_a_mute_and_comes_back_with_its_text(
    new_page: NewPage,
) -> None:
    alice, bob = new_page(0), new_page(1)
    set_up(alice)
    sign_up(bob, invite_link(alice), "Bob")
    bob.locator("#body").fill("not yet said")
    set_muted(alice, "Mute")
    expect(bob.locator(".voice")).to_contain_text("has muted you")
    expect(bob.locator("#composer")).to_be_hidden()
    set_muted(alice, "Unmute")
    expect(bob.locator("#composer")).to_be_visible()
    expect(bob.locator("#body")).to_have_value("not yet said")
    expect(bob.locator(".voice")).to_be_empty()
    say(bob, "said now")
    expect(alice.locator("#messages .chat.msg")).to_have_count(1)
