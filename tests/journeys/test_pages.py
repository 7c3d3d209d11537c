"""Pages in a real browser: nothing is lost at an edge, and anybody can use them."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from accounts.models import User
from chat.models import Room
from livechat.lib import limits
from tests.chat.pages import client_of, fill, room_of
from tests.live import Live

pytestmark = pytest.mark.journey

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True}
DARK = {"color_scheme": "dark"}
NUMBERS = "rows => rows.map(row => Number(row.dataset.seq))"

Open = Callable[..., Page]


@pytest.fixture(scope="module", autouse=True)
def _static_files(running: Live) -> None:
    """The pages' CSS and scripts, which the web process lists when it starts."""
    running.manage("collectstatic", "--noinput", "--verbosity=0")
    running.kill("web")
    running.start_web()
    running.wait_healthy()


@pytest.fixture
def open_page(live: Live, browsers: list[Browser]) -> Iterator[Open]:
    """Opens an address as a user (None: nobody) in a browser profile of its own."""
    contexts = []

    def opened(user: User | None, path: str, **options: Any) -> Page:
        context = browsers[0].new_context(base_url=live.url, **options)
        contexts.append(context)
        if user:
            value = client_of(user).cookies["sessionid"].value
            context.add_cookies(
                [{"name": "sessionid", "value": value, "url": live.url}]
            )
        page = context.new_page()
        page.goto(path)
        return page

    yield opened
    for context in contexts:
        context.close()


def connected(page: Page) -> Page:
    """The page, once its socket is open."""
    expect(page.locator("body[data-net=up]")).to_be_attached()
    return page


def seqs(page: Page) -> list[int]:
    """The numbers of the messages in the page, from top to bottom."""
    return list(page.locator("#messages [data-seq]").evaluate_all(NUMBERS))


@pytest.fixture
def lounge(live: Live, alice: User, bob: User) -> Room:
    """A room of alice's that bob belongs to."""
    return room_of(alice, bob)


def test_missed_messages_fill_one_section_after_the_other(
    open_page: Open, alice: User, bob: User, lounge: Room
) -> None:
    fill(lounge, bob, 40)
    page = connected(open_page(alice, f"/rooms/{lounge.public_id}/"))
    fill(lounge, bob, 130)  # unpublished, so it comes in one go
    expect(page.locator("#m-170")).to_be_attached()
    assert seqs(page) == list(range(1, 171))
    sizes = page.locator(".chunk").evaluate_all(
        "all => all.map(c => c.children.length)"
    )
    assert sizes == [49, 50, 50, 21]


def test_scrolling_up_brings_the_whole_history_and_moves_no_row(
    open_page: Open, alice: User, bob: User, lounge: Room
) -> None:
    fill(lounge, bob, 120)
    page = connected(open_page(alice, f"/rooms/{lounge.public_id}/"))
    page.locator("#scroll").hover()
    page.mouse.wheel(0, -100_000)
    expect(page.locator("#m-71")).to_be_in_viewport()
    before = page.locator("#m-75").bounding_box()
    expect(page.locator("#m-21")).to_be_attached()
    after = page.locator("#m-75").bounding_box()
    assert before and after
    assert abs(after["y"] - before["y"]) < 1
    page.mouse.wheel(0, -100_000)
    expect(page.get_by_text("Welcome to Lounge")).to_be_attached()
    assert seqs(page) == list(range(1, 121))
    expect(page.locator("[data-day]")).to_have_count(1)
    page.get_by_text("Jump to latest").click()
    expect(page.locator("#m-120")).to_be_in_viewport()


def test_a_refused_bubble_can_be_sent_again_or_discarded(
    open_page: Open, alice: User, lounge: Room
) -> None:
    page = connected(open_page(alice, f"/rooms/{lounge.public_id}/"))
    for number in range(limits.MESSAGE_BURST + 3):
        page.fill("#body", f"text {number}")
        page.press("#body", "Enter")
    expect(page.locator(".msg--refused").first).to_be_visible()
    expect(page.locator(".msg--pending:not(.msg--refused)")).to_have_count(0)
    page.get_by_role("button", name="Discard").first.click()
    expect(page.locator("#body")).to_be_focused()
    for _ in range(page.locator(".msg--refused").count()):
        page.wait_for_timeout(1100)  # as each bubble says: "Try again in 1 s."
        page.get_by_role("button", name="Try again").first.click()
    expect(page.locator("#pending-list form")).to_have_count(0)
    assert seqs(page) == list(range(1, limits.MESSAGE_BURST + 3))


def test_reading_paging_joining_and_posting_need_no_javascript(
    open_page: Open, alice: User, charlie: User, lounge: Room
) -> None:
    fill(lounge, alice, 70)
    page = open_page(charlie, "/", java_script_enabled=False)
    page.get_by_role("link", name="Join Lounge").click()
    page.get_by_role("button", name="Join the room").click()
    page.locator("#body").fill("no script at all")
    page.get_by_role("button", name="Send").click()
    expect(page.locator("#m-71")).to_contain_text("no script at all")
    page.get_by_text("Older messages").click()
    expect(page.locator("#m-1")).to_be_attached()


def test_a_room_made_in_the_dialog_is_in_everybodys_lobby_and_joined_with_a_click(
    open_page: Open, alice: User, bob: User
) -> None:
    watcher = connected(open_page(bob, "/"))
    maker = connected(open_page(alice, "/"))
    maker.get_by_role("button", name="New room").click()
    dialog = maker.get_by_role("dialog")
    dialog.get_by_label("Name").fill("\u200b")
    dialog.get_by_role("button", name="Make the room").click()
    expect(dialog.locator(".errorlist")).to_be_visible()
    dialog.get_by_label("Name").fill("Design")
    dialog.get_by_role("button", name="Make the room").click()
    expect(maker.get_by_role("heading", name="Design").first).to_be_visible()
    watcher.get_by_role("link", name="Join Design").click()
    expect(watcher.locator("#composer")).to_be_visible()
    expect(maker.get_by_text("2 members")).to_be_visible()
    maker.get_by_role("button", name="Say hello").click()
    expect(watcher.locator("#messages .msg")).to_contain_text("Hello!")


def test_axe_finds_nothing_on_any_page(
    open_page: Open, alice: User, charlie: User, lounge: Room
) -> None:
    fill(lounge, charlie, 60)
    room = f"/rooms/{lounge.public_id}/"
    visits: list[tuple[User | None, str, dict[str, Any]]] = [
        (alice, room, {}),
        (alice, room, DARK),
        (alice, room, PHONE),
        (charlie, room, {}),
        (alice, f"{room}edit", {}),
        (alice, f"{room}delete", DARK),
        (alice, f"{room}leave", PHONE),
        (alice, f"/rooms/{room_of(alice).public_id}/", DARK),
        (alice, "/", {}),
        (alice, "/", {**PHONE, **DARK}),
        (alice, "/rooms/new", DARK),
        (alice, "/profile/", DARK),
        (alice, "/invites/", {}),
        (alice, "/accounts/email/", {}),
        (alice, "/accounts/password/change/", DARK),
        (alice, "/accounts/logout/", {}),
        (None, "/accounts/login/", DARK),
        (None, "/accounts/signup/", {}),
        (None, "/accounts/password/reset/", {}),
        (None, f"/invite/{uuid4()}", {}),
        (alice, "/rooms/nothing/", DARK),
    ]
    found = {}
    for user, path, options in visits:
        page = open_page(user, path, **options)
        if violations := Axe().run(page).response["violations"]:
            key = f"{path} {options}"
            found[key] = [(one["id"], one["nodes"][0]["html"]) for one in violations]
        page.context.close()
    assert not found
