"""A folded section of the side: what is unread stays in sight, and comes in live."""

import pytest
from playwright.sync_api import expect

from accounts.models import User
from chat.models import Room
from tests.chat.pages import room_of
from tests.journeys.test_reach import Open, lounge, no_barriers, open_page

pytestmark = pytest.mark.journey

__all__ = ["lounge", "open_page"]  # fixtures


def test_a_folded_section_shows_what_is_unread_and_the_open_room(
    open_page: Open, alice: User, bob: User, lounge: Room
) -> None:
    kitchen, attic = (room_of(alice, bob, name=name) for name in ("Kitchen", "Attic"))
    page = open_page(alice, f"/rooms/{kitchen.public_id}/")
    rooms = page.locator("#sidebar-rooms li:visible")
    expect(rooms).to_have_count(3)
    with page.expect_response("**/side/rooms"):
        page.locator("summary", has_text="Rooms").press("Enter")
    expect(rooms).to_have_count(1)
    expect(rooms).to_contain_text("Kitchen")

    writer = open_page(bob, f"/rooms/{lounge.public_id}/")
    writer.locator("#body").fill("news")
    writer.keyboard.press("Enter")
    expect(rooms).to_have_count(2)
    expect(rooms.last).to_contain_text("Lounge")
    expect(page.locator(f"#side-{attic.public_id}")).to_be_hidden()
    no_barriers(page)

    page.locator(f"#side-{lounge.public_id} a").click()
    expect(page.locator("#messages")).to_contain_text("news")
    expect(rooms).to_have_count(1)  # folded on the next page too
    expect(rooms).to_contain_text("Lounge")
    page.locator("summary", has_text="Rooms").click()
    expect(rooms).to_have_count(3)
