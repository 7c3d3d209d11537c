"""Takes the pictures of the documentation: three people talk on a livechat of its own.

Everything happens as for real, from the first visit on, in a temporary folder and on a
free port; the pictures land in `docs/screenshots`.
"""

import argparse
import sys
from collections.abc import Sequence

import screenshots_de
from picture_site import (
    DESKTOP,
    PASSWORD,
    PHONE,
    TARGET,
    a_browser,
    boats,
    fill,
    guest,
    invite,
    make_rooms,
    own_livechat,
    page_of,
    picture,
    talk,
)
from playwright.sync_api import Browser, Locator, Page, expect

ROOMS = (
    ("Design", "Shapes, colours and words"),
    ("Incidents", "What broke, and who is on it"),
    ("Founders", ""),
)
CODE = """```hub.py
async def push(self, event):
    # a socket is mute until it has resumed
    if self.buffer is not None:
        return self.buffer.append(event)
    await self.send(render(event))
```"""
DIAGRAM = """```mermaid
graph LR
    A[Message] --> B{Stored?}
    B -- yes --> C[Everybody sees it]
    B -- no --> D[It waits and says so]
    D --> B
```"""
TALK = (
    ("bob", "Morning! The fan-out branch is green: one frame for a whole room."),
    ("bob", "Here is the part that matters:"),
    ("bob", CODE),
    ("alice", "Love it. So the page only ever sends its `cursor`, and the server "
     "decides: replay, or a fresh page?"),
    ("alice", "Ship it."),
    ("charlie", "Three things are left:\n\n- the **pill** at the bottom\n- a *quiet* "
     "empty state\n- a word about it in the docs"),
    ("bob", "On it."),
)  # fmt: skip


def main(arguments: Sequence[str]) -> int:
    """The exit code; the pictures are there when it is 0."""
    parser = argparse.ArgumentParser(description="Take the pictures of the documents.")
    language = parser.add_argument("--language", choices=("en", "de"), default="en")
    language.help = "de: a small set, to see whether German fits"
    wanted = parser.parse_args(arguments).language
    TARGET.mkdir(parents=True, exist_ok=True)
    with boats() as link, own_livechat(link) as url, a_browser() as browser:
        if wanted == "de":
            screenshots_de.take(browser, url)
        else:
            _take_all(browser, url, link)
    return 0


def _take_all(browser: Browser, url: str, link: str) -> None:
    alice = page_of(browser, url)
    picture(alice, "setup")
    fill(alice, name="Alice", email="alice@example.org", password=PASSWORD)
    people = {"alice": alice}
    for name in ("bob", "charlie"):
        people[name] = guest(browser, url, invite(alice, url), name)
    make_rooms(alice, url, ROOMS)
    alice.goto(url)
    picture(alice, "lobby")
    alice.get_by_role("link", name="Open General").click()
    talk(people, TALK)
    people["bob"].locator("#body").press_sequentially("One")
    expect(alice.locator(".typist")).to_be_visible()
    expect(alice.locator(".sidebar .count:visible")).to_have_count(0)
    for scheme in ("light", "dark"):
        alice.emulate_media(color_scheme=scheme)
        picture(alice, f"room-{scheme}")
    alice.emulate_media(color_scheme="light")
    _look_behind(alice, people["bob"], link)
    _run_a_room(alice, url)
    _be_told(alice, people["bob"], url)
    _keep_at_hand(alice, people["bob"])
    alice.set_viewport_size(PHONE)
    people["bob"].locator("#body").press_sequentially(" more")
    picture(alice, "room-phone")


def _look_behind(page: Page, bob: Page, link: str) -> None:
    """What is behind a link, and a diagram that is drawn; in both themes."""
    for text in (f"The order of work is in {link}/keel, as ever.", DIAGRAM):
        bob.fill("#body", text)
        bob.press("#body", "Enter")
    expect(page.locator(".link-card")).to_be_visible()
    page.get_by_role("link", name="Draw the diagram").click()
    frame = page.frame_locator(".drawing__frame")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        if scheme == "dark":  # what is drawn keeps its colours until it is drawn anew
            page.reload()
            page.get_by_role("link", name="Draw the diagram").click()
        expect(frame.locator("svg")).to_be_visible()
        picture(page, f"links-{scheme}")
    page.emulate_media(color_scheme="light")


def _keep_at_hand(page: Page, other: Page) -> None:
    """A thread beside the room, what is pinned in it, and what one keeps for later."""
    room = page.url.split("#")[0]
    question = page.locator("#messages .chat", has_text="Three things are left")
    for who, text in ((other, "I take the pill."), (page, "Then I write the words.")):
        asked = who.locator("#messages .chat", has_text="Three things are left")
        _choose(who, asked, "Reply in a thread")
        who.fill("#thread-body", text)
        who.press("#thread-body", "Enter")
        expect(who.locator(".thread__replies")).to_contain_text(text)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        picture(page, f"thread-{scheme}")
    page.emulate_media(color_scheme="light")
    page.set_viewport_size(PHONE)
    picture(page, "thread-phone")
    page.set_viewport_size(DESKTOP)
    page.get_by_role("button", name="Close the thread").click()
    _choose(page, question, "Pin for everybody")
    _choose(page, question, "Save for later")
    page.get_by_role("button", name="Pinned messages").click()
    expect(page.locator("#pins .pin")).to_have_count(1)
    picture(page, "pins")
    page.keyboard.press("Escape")
    for name in ("Saved", "Threads"):
        page.get_by_role("link", name=name, exact=True).click()
        picture(page, name.lower())
    page.goto(room)


def _choose(page: Page, message: Locator, name: str) -> None:
    """One of the entries of a message's menu."""
    message.hover()
    message.get_by_role("button", name="Actions for this message").click()
    page.locator("#message-menu").get_by_role("button", name=name).click()


def _run_a_room(page: Page, url: str) -> None:
    """A direct message, a room's settings and a link into it; then the room again."""
    room = page.url.split("#")[0]
    page.goto(f"{url}/directs/new")
    page.get_by_label("Bob").check()
    page.get_by_role("button", name="Write to them").click()
    expect(page.locator("body[data-net=up]")).to_be_attached()
    page.fill("#body", "Just between us: shall we ship it **today**?")
    page.press("#body", "Enter")
    expect(page.locator("#messages .chat")).to_have_count(1)
    picture(page, "direct")
    for part, name in (("edit", "room-settings"), ("members", "members")):
        page.goto(f"{room}{part}")
        picture(page, name)
    page.goto(f"{room}invites")
    page.get_by_role("button", name="Make a link").click()
    expect(page.locator("img.qr")).to_be_visible()
    picture(page, "room-link")
    _be_somebody(page, url)
    page.goto(room)
    page.locator("button.msg__name", has_text="Bob").first.click()
    expect(page.locator("#message-menu .about")).to_be_visible()
    picture(page, "person-card")
    page.keyboard.press("Escape")


def _be_somebody(page: Page, url: str) -> None:
    """A status, and the page of one's own data."""
    page.goto(f"{url}/profile/status/")
    page.get_by_role("button", name="In a meeting").click()
    picture(page, "status")
    page.goto(f"{url}/profile/data/")
    picture(page, "own-data")


def _be_told(page: Page, other: Page, url: str) -> None:
    """The bell with its list, the page of it, and reminders; then the room again."""
    room = other.url.split("#")[0]
    page.goto(url)
    expect(page.locator("body[data-net=up]")).to_be_attached()
    other.fill("#body", "@Alice the pill is done. Have a look?")
    other.press("#body", "Enter")
    expect(page.locator("#bell")).to_be_visible()
    page.get_by_role("button", name="Notifications").click()
    expect(page.locator(".notice-row").first).to_contain_text("the pill is done")
    picture(page, "bell")
    page.emulate_media(color_scheme="dark")
    picture(page, "bell-dark")
    page.set_viewport_size(PHONE)
    picture(page, "bell-phone")
    page.set_viewport_size(DESKTOP)
    page.emulate_media(color_scheme="light")
    page.goto(f"{url}/notifications")
    picture(page, "notifications")
    page.goto(f"{url}/reminders")
    fill(page, words="tomorrow 9:00 read the new texts")
    picture(page, "reminders")
    page.goto(room)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
