"""A room by the keyboard alone: suggestions, commands, and what they answer."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from accounts.models import User
from chat import links
from chat.models import Message, Room
from tests.chat.pages import client_of, fill, room_of
from tests.live import Live

pytestmark = pytest.mark.journey

Open = Callable[..., Page]


@pytest.fixture
def open_page(live: Live, browsers: list[Browser]) -> Iterator[Open]:
    """Opens an address as a user; the console must stay clean."""
    contexts = []
    said: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.type == "error" and "ERR_INTERNET_DISCONNECTED" not in message.text:
            said.append(message.text)

    def opened(user: User, path: str, **options: Any) -> Page:
        context = browsers[0].new_context(base_url=live.url, **options)
        contexts.append(context)
        value = client_of(user).cookies["sessionid"].value
        context.add_cookies([{"name": "sessionid", "value": value, "url": live.url}])
        page = context.new_page()
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("console", note)
        page.goto(path)
        expect(page.locator("body[data-net=up]")).to_be_attached()
        return page

    yield opened
    for context in contexts:
        context.close()
    assert not said, said


@pytest.fixture
def lounge(live: Live, alice: User, bob: User) -> Room:
    """A room of alice's that bob belongs to."""
    return room_of(alice, bob)


def no_barriers(page: Page, *, but: str = "none") -> None:
    """Axe finds nothing in the page as it stands; `but` is a rule left out."""
    rules = {} if but == "none" else {but: {"enabled": False}}
    found = Axe().run(page, options={"rules": rules}).response["violations"]
    assert [one["id"] for one in found] == []


def test_a_slash_proposes_commands_and_the_keyboard_takes_one(
    open_page: Open, alice: User, lounge: Room
) -> None:
    page = open_page(alice, f"/rooms/{lounge.public_id}/")
    page.keyboard.type("/to")
    expect(page.get_by_role("option", name="/topic")).to_be_visible()
    # While its list is open the library makes the box a combobox, as GitHub does.
    no_barriers(page, but="aria-allowed-role")
    page.keyboard.press("Enter")
    expect(page.get_by_role("option")).to_have_count(0)
    page.keyboard.type("All about tea")
    expect(page.locator("#body")).to_have_value("/topic All about tea")
    page.keyboard.press("Enter")
    expect(page.locator(".topbar__description")).to_have_text("All about tea")
    expect(page.locator(".msg--system")).to_contain_text("All about tea")
    expect(page.locator(".msg--pending")).to_have_count(0)
    expect(page.locator(".note")).to_have_count(0)  # it is said once


def test_an_unknown_command_says_so_and_keeps_its_text(
    open_page: Open, alice: User, lounge: Room
) -> None:
    page = open_page(alice, f"/rooms/{lounge.public_id}/")
    page.keyboard.type("/wave to all")
    page.keyboard.press("Enter")
    expect(page.locator(".msg--refused")).to_contain_text("There is no command /wave")
    expect(page.locator(".msg--refused")).to_contain_text("/wave to all")
    no_barriers(page)


def test_shift_enter_is_a_new_line_and_enter_sends(
    open_page: Open, alice: User, lounge: Room
) -> None:
    page = open_page(alice, f"/rooms/{lounge.public_id}/")
    page.keyboard.type("one")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("two")
    page.keyboard.press("Enter")
    expect(page.locator(".msg[data-seq] .prose")).to_have_text(
        "one\ntwo", use_inner_text=True
    )
    expect(page.locator("#body")).to_have_value("")


def test_who_wants_no_previews_sees_none(
    open_page: Open, alice: User, lounge: Room
) -> None:
    url = "https://a.example/"
    fill(lounge, alice, 1)
    card = links.stored({url: links.Card(url, "The keel", "", "")})
    Message.objects.filter(room=lounge, seq=lounge.last_seq).update(links=card)
    page = open_page(alice, f"/rooms/{lounge.public_id}/")
    expect(page.locator(".link-card")).to_be_visible()
    page.goto("/profile/")
    page.get_by_label("Show previews of links").uncheck()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    page.goto(f"/rooms/{lounge.public_id}/")
    expect(page.locator(".msg").last).to_be_visible()
    expect(page.locator(".link-card")).to_be_hidden()


def test_a_person_is_written_to_by_the_keyboard_alone(
    open_page: Open, alice: User, bob: User, lounge: Room
) -> None:
    page = open_page(alice, f"/rooms/{lounge.public_id}/")
    page.keyboard.press("Control+k")
    expect(page.locator("#palette-q")).to_be_focused()
    page.keyboard.type("bob")
    expect(page.locator(".palette__hit").first).to_contain_text("Bob")
    no_barriers(page)
    page.keyboard.press("Enter")
    expect(page.locator(".topbar__room", has_text="Bob")).to_be_visible()
    page.locator("#body").fill("hello")
    page.keyboard.press("Enter")
    expect(page.locator("#messages .msg")).to_have_count(1)


def test_a_day_by_the_keyboard_alone(
    open_page: Open, alice: User, bob: User, lounge: Room
) -> None:
    fill(room_of(alice, bob, name="Kitchen"), bob, 3)
    page = open_page(alice, f"/rooms/{lounge.public_id}/")
    page.keyboard.type("before lunch")
    page.keyboard.press("Control+k")
    expect(page.locator("#palette-q")).to_be_focused()
    expect(page.locator(".palette__hit").first).to_be_visible()
    no_barriers(page)
    page.keyboard.type("kit")
    expect(page.locator(".palette__hit").first).to_contain_text("Kitchen")
    page.keyboard.press("ArrowDown")
    expect(page.locator(".palette__hit").first).to_be_focused()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    expect(page.locator(".topbar__room", has_text="Kitchen")).to_be_visible()
    page.keyboard.press("Control+/")
    expect(page.get_by_role("heading", name="Keyboard shortcuts")).to_be_visible()
    no_barriers(page)
    page.keyboard.press("Escape")
    expect(page.locator("#shortcuts")).to_be_hidden()
    page.locator("#body").focus()
    page.keyboard.type("tea at 4?")
    expect(page.locator("#body")).to_have_value("tea at 4?")
    page.keyboard.press("Enter")
    expect(page.locator(".msg[data-seq]").last).to_contain_text("tea at 4?")


def test_the_next_unread_room_is_one_key_away(
    open_page: Open, alice: User, bob: User, lounge: Room
) -> None:
    fill(room_of(alice, bob, name="Kitchen"), bob, 3)
    page = open_page(alice, f"/rooms/{lounge.public_id}/")
    page.keyboard.press("Alt+ArrowDown")
    expect(page.locator(".topbar__room", has_text="Kitchen")).to_be_visible()


def test_while_the_site_is_away_a_page_says_so_and_comes_back(
    open_page: Open, alice: User, lounge: Room
) -> None:
    page = open_page(alice, f"/rooms/{lounge.public_id}/")
    page.evaluate("() => navigator.serviceWorker.ready.then(() => true)")
    page.reload()
    page.context.set_offline(True)
    page.reload()
    expect(page.get_by_role("heading", name="You are offline")).to_be_visible()
    # A page that comes anew would cut off who reads it; this one has nothing to lose.
    no_barriers(page, but="meta-refresh")
    page.context.set_offline(False)
    expect(page.locator(".topbar__room")).to_have_text("Lounge")


ENDS = """([line]) => {
  const range = document.createRange();
  range.selectNodeContents(line);
  return line.getBoundingClientRect().right - range.getBoundingClientRect().right;
}"""


def test_a_paragraph_runs_the_way_of_its_script(
    open_page: Open, alice: User, lounge: Room
) -> None:
    page = open_page(alice, f"/rooms/{lounge.public_id}/")
    page.locator("#body").fill("a line that is longer than the other one\n\nשלום")
    page.keyboard.press("Enter")
    expect(page.locator(".msg[data-seq] p")).to_have_count(2)
    lines = page.locator(".msg[data-seq] p")
    assert lines.nth(1).evaluate_all(ENDS) < 1


def test_on_a_phone_the_palette_and_the_suggestions_fit(
    open_page: Open, alice: User, lounge: Room
) -> None:
    phone = {"viewport": {"width": 390, "height": 844}, "has_touch": True}
    page = open_page(alice, f"/rooms/{lounge.public_id}/", **phone)
    page.locator("#body").tap()
    page.keyboard.type("/")
    expect(page.get_by_role("option").first).to_be_visible()
    within(page, ".suggest__lines")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Open your rooms").tap()
    page.get_by_role("button", name="Search or go to").tap()
    expect(page.locator(".palette__hit").first).to_be_visible()
    within(page, "#palette")
    no_barriers(page)


def within(page: Page, css: str) -> None:
    """Nothing of the element is beyond the sides of the screen."""
    found = page.locator(css).bounding_box()
    assert found
    assert found["x"] >= 0
    assert found["x"] + found["width"] <= 390
