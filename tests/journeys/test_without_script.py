"""What a page offers to those without JavaScript, on a phone, or by ear."""

import pytest
from playwright.sync_api import Page, expect

from accounts.models import User
from chat.models import Room
from chat.pins import set_pinned
from tests.chat.pages import fill, room_of
from tests.journeys.conftest import Open
from tests.journeys.test_pages import PHONE
from tests.live import Live

pytestmark = pytest.mark.journey


@pytest.fixture
def lounge(live: Live, alice: User, bob: User) -> Room:
    """A public room whose one message, Alice's, is pinned."""
    room = room_of(alice, bob)
    fill(room, alice, 1)
    set_pinned(alice, room, 1, pinned=True)
    return room


def pins(page: Page) -> None:
    """The pins of the room are there, behind what is called so."""
    page.get_by_label("Pinned messages").filter(visible=True).click()
    expect(page.locator(".pin").filter(visible=True)).to_contain_text("text 1")


def test_no_button_is_dead_without_a_script_and_a_link_stands_for_it(
    open_page: Open, charlie: User, bob: User, lounge: Room
) -> None:
    room = f"/rooms/{lounge.public_id}/"
    page = open_page(bob, room, java_script_enabled=False)
    for dead in (".composer__tools", "button.msg__name", ".msg__tool"):
        expect(page.locator(dead).filter(visible=True)).to_have_count(0)
    page.locator("#m-1").get_by_role("link", name="Alice").click()
    expect(page.get_by_role("heading", name="Alice")).to_be_visible()
    pins(open_page(charlie, room, java_script_enabled=False))


def test_a_visitor_with_a_phone_finds_the_pins(
    open_page: Open, charlie: User, lounge: Room
) -> None:
    pins(open_page(charlie, f"/rooms/{lounge.public_id}/", **PHONE))


@pytest.mark.parametrize("path", ["/", "/saved", "/threads"])
def test_the_bell_says_its_number(open_page: Open, bob: User, path: str) -> None:
    page = open_page(bob, path)
    bell = page.get_by_role("button", name="Notifications", exact=True)
    expect(bell).to_be_visible()
    page.locator("#bell").evaluate("el => el.hidden = false")
    expect(page.get_by_role("button", name="Notifications 0 unread")).to_be_visible()


def test_each_row_names_what_it_takes_off(
    open_page: Open, alice: User, lounge: Room
) -> None:
    page = open_page(alice, f"/rooms/{lounge.public_id}/pins")
    name = "Take down: Alice text 1"
    expect(page.get_by_role("button", name=name, exact=True)).to_be_visible()


def test_a_copied_link_is_told_of_in_german(open_page: Open, alice: User) -> None:
    page = open_page(alice, "/invites/", locale="de-DE")
    page.get_by_role("button", name="Link erstellen").click()
    page.get_by_role("button", name="Kopieren", exact=True).click()
    expect(page.get_by_role("button", name="Kopiert", exact=True)).to_be_visible()
