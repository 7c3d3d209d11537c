"""Pages in a real browser: nothing is lost at an edge, and anybody can use them."""

from typing import Any
from uuid import uuid4

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import FloatRect, Locator, Page, Route, expect

from accounts.models import User
from chat.models import Room
from livechat.lib import limits
from livechat.lib.markdown import render
from tests.chat.pages import fill, room_of
from tests.journeys.conftest import Open
from tests.live import Live

pytestmark = pytest.mark.journey

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True}
DARK = {"color_scheme": "dark"}
CODE = """```python
# a comment
@decorator
async def push(self, event: str) -> int:
    if self.buffer is not None and 1 != 2:
        return "text" + str(42)
    raise ValueError(True)
```

```diff
- removed
+ added
```"""
NUMBERS = "rows => rows.map(row => Number(row.dataset.seq))"


def connected(page: Page) -> Page:
    """The page, once its socket is open."""
    expect(page.locator("body[data-net=up]")).to_be_attached()
    return page


def seqs(page: Page) -> list[int]:
    """The numbers of the messages in the page, from top to bottom."""
    return list(page.locator("#messages [data-seq]").evaluate_all(NUMBERS))


def write(room: Room, author: User, text: str, *, continues: bool = False) -> None:
    """Append one message of that text to the room's log, as the worker would have."""
    fill(room, author, 1)
    newest = room.messages.filter(seq=room.last_seq)
    newest.update(body=text, html=render(text), continues=continues)


def box(page: Page, css: str) -> FloatRect:
    """Where the element is on the screen."""
    found = page.locator(css).bounding_box()
    assert found
    return found


def apart(one: FloatRect, other: FloatRect) -> bool:
    """Whether no point of the screen belongs to both."""
    beside = (
        one["x"] + one["width"] <= other["x"] or other["x"] + other["width"] <= one["x"]
    )
    return (
        beside
        or one["y"] + one["height"] <= other["y"]
        or other["y"] + other["height"] <= one["y"]
    )


@pytest.fixture
def lounge(live: Live, alice: User, bob: User) -> Room:
    """A room of alice's that bob belongs to."""
    return room_of(alice, bob)


def test_a_page_whose_server_says_nothing_any_more_connects_again(
    open_page: Open, live: Live, alice: User, lounge: Room
) -> None:
    page = connected(open_page(alice, f"/rooms/{lounge.public_id}/"))
    live.freeze("web")  # its connections stay open, as those of a lost network do
    try:
        # A ping goes every 15 s, and has 5 s.
        expect(page.locator("body[data-net=down]")).to_be_attached(timeout=30_000)
    finally:
        live.thaw("web")
    connected(page)


def test_a_script_that_comes_late_leaves_nobody_unconnected(
    open_page: Open, alice: User, lounge: Room
) -> None:
    page = open_page(alice, "/")

    def late(route: Route) -> None:
        # htmx is there and has had a turn of the loop before its extension comes.
        page.wait_for_timeout(300)
        route.continue_()

    page.route("**/hx-ws*.js", late)
    page.goto(f"/rooms/{lounge.public_id}/")
    connected(page)


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


def test_a_bubble_that_was_too_fast_goes_by_itself_unless_discarded(
    open_page: Open, alice: User, lounge: Room
) -> None:
    page = connected(open_page(alice, f"/rooms/{lounge.public_id}/"))
    page.locator("#body").focus()
    count = 0
    last = page.locator(".msg--refused")
    while count < limits.MESSAGE_BURST or not _comes(last):
        assert count < 5 * limits.MESSAGE_BURST  # tokens come back while one types
        page.keyboard.insert_text(f"text {count}")
        page.keyboard.press("Enter")
        last = page.locator(".msg--refused", has_text=f"text {count}")
        count += 1
    expect(last).to_contain_text("It tries again by itself.")
    last.get_by_role("button", name="Discard", exact=True).click()
    expect(page.locator("#body")).to_be_focused()
    expect(page.locator("#pending-list form")).to_have_count(0)
    assert seqs(page) == list(range(1, count))
    expect(page.locator("#messages")).not_to_contain_text(f"text {count - 1}")


def _comes(bubble: Locator) -> bool:
    """Whether it is there within half a second."""
    try:
        expect(bubble).to_be_visible(timeout=500)
    except AssertionError:
        return False
    return True


def test_a_text_that_is_too_long_is_kept_whole_and_not_sent(
    open_page: Open, alice: User, lounge: Room
) -> None:
    page = connected(open_page(alice, f"/rooms/{lounge.public_id}/"))
    expect(page.get_by_role("button", name="Send", exact=True)).to_be_disabled()
    text = "🙂" * (limits.MESSAGE_MAX_LENGTH + 12)
    page.fill("#body", text)
    said = page.get_by_text("12 characters too many: at most 8,000 fit.")
    expect(said).to_be_visible()
    page.press("#body", "Enter")
    expect(page.get_by_role("button", name="Send", exact=True)).to_be_disabled()
    expect(page.locator("#body")).to_have_value(text)
    expect(page.locator("#pending-list form")).to_have_count(0)
    page.fill("#body", text[12:] + "\n ")  # blanks at the end do not count
    expect(said).not_to_be_visible()
    page.press("#body", "Enter")
    expect(page.locator("#m-1")).to_be_attached()
    expect(page.locator("#body")).to_have_value("")


def test_a_long_message_is_folded_until_somebody_unfolds_it(
    open_page: Open, alice: User, bob: User, lounge: Room
) -> None:
    write(lounge, bob, "\n".join(f"line {number}" for number in range(300)))
    page = connected(open_page(alice, f"/rooms/{lounge.public_id}/"))
    assert box(page, "#m-1")["height"] < 800
    page.get_by_text("Show more").click()
    assert box(page, "#m-1")["height"] > 5000
    expect(page.locator("#m-1 .msg__name")).to_be_in_viewport()  # read on, from the top
    page.get_by_text("Show less").click()
    assert box(page, "#m-1")["height"] < 800


def test_the_time_of_a_grouped_message_shows_beside_its_bubble(
    open_page: Open, alice: User, bob: User, lounge: Room
) -> None:
    for author in (bob, alice):
        write(lounge, author, "first of a group")
        write(lounge, author, "second of a group", continues=True)
    page = connected(open_page(alice, f"/rooms/{lounge.public_id}/", locale="en-US"))
    for row in ("#m-2", "#m-4"):
        page.locator(row).hover()
        expect(page.locator(f"{row} .msg__header")).to_have_css("opacity", "1")
        assert apart(box(page, f"{row} .msg__time"), box(page, f"{row} .msg__bubble"))


@pytest.mark.parametrize("options", [{}, PHONE])
def test_a_toast_leaves_the_send_button_free_and_goes(
    open_page: Open, alice: User, lounge: Room, options: dict[str, Any]
) -> None:
    page = open_page(alice, f"/rooms/{lounge.public_id}/", **options)
    page.locator("#toasts").evaluate("it => it.innerHTML = '<p class=toast>No.</p>'")
    assert apart(box(page, ".toast"), box(page, "#composer"))
    expect(page.locator(".toast")).not_to_be_visible(timeout=20_000)
    expect(page.locator(".toast")).to_have_css("display", "none")


def test_a_long_name_of_a_room_stays_in_the_sidebar(
    open_page: Open, alice: User
) -> None:
    room = room_of(alice, name="W" * limits.NAME_MAX_LENGTH)
    page = open_page(alice, f"/rooms/{room.public_id}/")
    name, pane = box(page, "#sidebar-rooms .sidebar__name"), box(page, "#nav")
    assert name["x"] + name["width"] < pane["x"] + pane["width"]
    expect(page.get_by_title(room.name)).to_be_visible()


@pytest.mark.parametrize(
    ("opener", "pane"), [("Open your rooms", "#nav"), ("Details", "#info")]
)
def test_a_phones_panes_have_a_button_that_closes_them(
    open_page: Open, alice: User, lounge: Room, opener: str, pane: str
) -> None:
    page = open_page(alice, f"/rooms/{lounge.public_id}/", **PHONE)
    page.get_by_role("button", name=opener).click()
    expect(page.locator(pane)).to_be_visible()
    page.locator(pane).get_by_role("button", name="Close", exact=True).click()
    expect(page.locator(pane)).not_to_be_visible()


def test_an_invite_link_is_copied_with_one_click(open_page: Open, alice: User) -> None:
    page = open_page(alice, "/invites/", permissions=["clipboard-read"])
    page.get_by_role("button", name="Make a link").click()
    page.get_by_role("button", name="Copy", exact=True).click()
    expect(page.get_by_role("button", name="Copied", exact=True)).to_be_visible()
    link = page.locator("#new-link").inner_text()
    assert page.evaluate("navigator.clipboard.readText()") == link


def test_reading_paging_joining_and_posting_need_no_javascript(
    open_page: Open, alice: User, charlie: User, lounge: Room
) -> None:
    fill(lounge, alice, 70)
    page = open_page(charlie, "/", java_script_enabled=False)
    page.get_by_role("link", name="Join Lounge").click()
    page.get_by_role("button", name="Join the room").click()
    page.locator("#body").fill("no script at all")
    page.get_by_role("button", name="Send", exact=True).click()
    said = page.locator("#messages .chat").last
    expect(said).to_contain_text("no script at all")
    page.get_by_text("Older messages").click()
    expect(page.locator("#m-1")).to_be_attached()


def test_who_is_removed_sees_it_at_once_and_loses_the_message_box(
    open_page: Open, alice: User, bob: User, lounge: Room
) -> None:
    room = f"/rooms/{lounge.public_id}/"
    his = connected(open_page(bob, room))
    admin = open_page(alice, room)
    admin.get_by_label("Room menu").click()
    admin.get_by_role("link", name="Members").click()
    admin.get_by_label("Manage Bob").click()
    admin.get_by_text("Remove from the room…").click()
    expect(admin.get_by_text("They can join again")).to_be_visible()
    admin.get_by_role("button", name="Remove Bob").click()
    expect(his.get_by_text("You do not belong to this room any more.")).to_be_visible()
    expect(his.locator("#messages")).to_contain_text("Alice removed Bob.")
    expect(his.locator("#body")).to_have_count(0)
    expect(admin.get_by_label("Manage Bob")).to_have_count(0)


def test_adding_and_muting_somebody_need_no_javascript(
    open_page: Open, alice: User, charlie: User, lounge: Room
) -> None:
    room = f"/rooms/{lounge.public_id}/"
    his = connected(open_page(charlie, "/"))
    admin = open_page(alice, f"{room}members", java_script_enabled=False)
    admin.get_by_label("Add somebody by name").fill("charlie")
    admin.get_by_role("button", name="Add", exact=True).click()
    expect(his.locator("#sidebar-rooms")).to_contain_text("Lounge")
    admin.get_by_label("Manage Charlie").click()
    admin.get_by_role("button", name="Mute", exact=True).click()
    expect(admin.get_by_text("muted · since")).to_be_visible()
    his.goto(room)
    expect(his.get_by_text("has muted you")).to_be_visible()
    expect(his.locator("#body")).to_be_hidden()


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
    expect(watcher.locator("#messages .chat")).to_contain_text("Hello!")


@pytest.mark.parametrize("options", [{}, DARK])
def test_code_can_be_read_in_every_bubble_and_theme(
    open_page: Open, alice: User, bob: User, lounge: Room, options: dict[str, Any]
) -> None:
    write(lounge, bob, CODE)
    write(lounge, alice, CODE)
    tall = {"viewport": {"width": 1280, "height": 1400}, **options}
    page = open_page(alice, f"/rooms/{lounge.public_id}/", **tall)
    expect(page.locator("#m-2 .gd")).to_be_in_viewport()
    found = Axe().run(page, options={"runOnly": ["color-contrast"]}).response
    assert found["violations"] == []
    judged = " ".join(node["html"] for one in found["passes"] for node in one["nodes"])
    for token in ("c1", "k", "nd", "nf", "s2", "mi", "bp", "gd", "gi"):
        assert f'class="{token}"' in judged


def test_axe_finds_nothing_on_any_page(
    open_page: Open, alice: User, charlie: User, lounge: Room
) -> None:
    fill(lounge, charlie, 60)
    for author in (alice, charlie):
        write(lounge, author, "a long one\n" * 60)
    room = f"/rooms/{lounge.public_id}/"
    visits: list[tuple[User | None, str, dict[str, Any]]] = [
        (alice, room, {}),
        (alice, room, DARK),
        (alice, room, PHONE),
        (charlie, room, {}),
        (alice, f"{room}edit", {}),
        (alice, f"{room}delete", DARK),
        (alice, f"{room}leave", PHONE),
        (alice, f"{room}members", DARK),
        (alice, f"{room}members", PHONE),
        (charlie, f"{room}members", {}),
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
