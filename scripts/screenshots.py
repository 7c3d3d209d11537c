"""Takes the pictures of the documentation: three people talk on a livechat of its own.

Everything happens as for real, from the first visit on, in a temporary folder and on a
free port; the pictures land in `docs/screenshots`.
"""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from playwright.sync_api import (
    Browser,
    Locator,
    Page,
    ViewportSize,
    expect,
    sync_playwright,
)

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "docs/screenshots"
PASSWORD = "correct horse battery staple"  # noqa: S105 - of people who do not exist
CHROMIUM_FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run"]
DESKTOP: ViewportSize = {"width": 1360, "height": 860}
PHONE: ViewportSize = {"width": 390, "height": 844}

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
LINKED = """<title>Laying the keel</title>
<meta property="og:site_name" content="The Boat Yard">
<meta property="og:description" content="Which piece comes first, how it is held, and
what has to be true of it before anything else is built upon it.">"""
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


def main() -> int:
    """The exit code; the pictures are there when it is 0."""
    TARGET.mkdir(parents=True, exist_ok=True)
    system = shutil.which("chromium") or shutil.which("chromium-browser")
    with boats() as link, own_livechat(link) as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=system, args=CHROMIUM_FLAGS
        )
        _take_all(browser, url, link)
        browser.close()
    return 0


@contextmanager
def boats() -> Iterator[str]:
    """The address of a small site on loopback, for links to it."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(LINKED.encode())

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@contextmanager
def own_livechat(link: str = "") -> Iterator[str]:
    """The address of a new, empty livechat, which ends with the block.

    It may look at `link`, though that is inside.

    Raises:
        RuntimeError: it did not start; its last words are in the message.
    """
    with tempfile.TemporaryDirectory(prefix="livechat-pictures-") as var:
        settings = {"LIVECHAT_VAR": var, "PORT": str(_free_port())}
        settings["LINK_ORIGINS"] = link
        launcher = subprocess.Popen(
            [sys.executable, "-m", "livechat.launch"],
            cwd=ROOT,
            env=os.environ | settings,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            yield _address(launcher)
        finally:
            launcher.terminate()
            launcher.communicate(timeout=30)


def _address(launcher: "subprocess.Popen[str]") -> str:
    said = ""
    for line in launcher.stdout or ():
        said = line
        if line.startswith("READY "):
            return line.split()[1]
    raise RuntimeError(f"livechat did not start; it said: {said}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _take_all(browser: Browser, url: str, link: str) -> None:
    alice = _page(browser, url)
    _picture(alice, "setup")
    _fill(alice, name="Alice", email="alice@example.org", password=PASSWORD)
    people = {"alice": alice}
    for name in ("bob", "charlie"):
        people[name] = _guest(browser, url, _invite(alice, url), name)
    _make_rooms(alice, url)
    alice.goto(url)
    _picture(alice, "lobby")
    alice.get_by_role("link", name="Open General").click()
    _talk(people)
    people["bob"].locator("#body").press_sequentially("One")
    expect(alice.locator(".typist")).to_be_visible()
    for scheme in ("light", "dark"):
        alice.emulate_media(color_scheme=scheme)
        _picture(alice, f"room-{scheme}")
    alice.emulate_media(color_scheme="light")
    _look_behind(alice, people["bob"], link)
    _run_a_room(alice, url)
    _be_told(alice, people["bob"], url)
    _keep_at_hand(alice, people["bob"])
    alice.set_viewport_size(PHONE)
    people["bob"].locator("#body").press_sequentially(" more")
    _picture(alice, "room-phone")


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
        _picture(page, f"links-{scheme}")
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
        _picture(page, f"thread-{scheme}")
    page.emulate_media(color_scheme="light")
    page.set_viewport_size(PHONE)
    _picture(page, "thread-phone")
    page.set_viewport_size(DESKTOP)
    page.get_by_role("button", name="Close the thread").click()
    _choose(page, question, "Pin for everybody")
    _choose(page, question, "Save for later")
    page.get_by_role("button", name="Pinned messages").click()
    expect(page.locator("#pins .pin")).to_have_count(1)
    _picture(page, "pins")
    page.keyboard.press("Escape")
    for name in ("Saved", "Threads"):
        page.get_by_role("link", name=name, exact=True).click()
        _picture(page, name.lower())
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
    _picture(page, "direct")
    for part, name in (("edit", "room-settings"), ("members", "members")):
        page.goto(f"{room}{part}")
        _picture(page, name)
    page.goto(f"{room}invites")
    page.get_by_role("button", name="Make a link").click()
    expect(page.locator("img.qr")).to_be_visible()
    _picture(page, "room-link")
    _be_somebody(page, url)
    page.goto(room)
    page.locator(".msg__name", has_text="Bob").first.click()
    expect(page.locator("#message-menu .about")).to_be_visible()
    _picture(page, "person-card")
    page.keyboard.press("Escape")


def _be_somebody(page: Page, url: str) -> None:
    """A status, and the page of one's own data."""
    page.goto(f"{url}/profile/status/")
    page.get_by_role("button", name="In a meeting").click()
    _picture(page, "status")
    page.goto(f"{url}/profile/data/")
    _picture(page, "own-data")


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
    _picture(page, "bell")
    page.emulate_media(color_scheme="dark")
    _picture(page, "bell-dark")
    page.set_viewport_size(PHONE)
    _picture(page, "bell-phone")
    page.set_viewport_size(DESKTOP)
    page.emulate_media(color_scheme="light")
    page.goto(f"{url}/notifications")
    _picture(page, "notifications")
    page.goto(f"{url}/reminders")
    _fill(page, words="tomorrow 9:00 read the new texts")
    _picture(page, "reminders")
    page.goto(room)


def _page(browser: Browser, url: str) -> Page:
    page = browser.new_context(viewport=DESKTOP, color_scheme="light").new_page()
    page.goto(url)
    return page


def _fill(page: Page, **fields: str) -> None:
    """Fill in the page's one form and send it."""
    for name, value in fields.items():
        page.fill(f"main [name={name}]", value)
    page.locator("main form button").first.click()
    page.wait_for_load_state()


def _invite(page: Page, url: str) -> str:
    page.goto(f"{url}/invites/")
    _fill(page, days="1")
    return page.inner_text(".notice a")


def _guest(browser: Browser, url: str, link: str, name: str) -> Page:
    page = _page(browser, link)
    email = f"{name}@example.org"
    _fill(page, display_name=name.title(), email=email, password1=PASSWORD)
    page.goto(url)
    page.locator(".room-card__name a").first.click()
    return page


def _talk(people: dict[str, Page]) -> None:
    for page in people.values():
        expect(page.locator("body[data-net=up]")).to_be_attached()
    for number, (name, text) in enumerate(TALK, start=1):
        people[name].fill("#body", text)
        people[name].press("#body", "Enter")
        for page in people.values():
            expect(page.locator("#messages .chat")).to_have_count(number)


def _make_rooms(page: Page, url: str) -> None:
    for name, description in ROOMS:
        page.goto(f"{url}/rooms/new")
        if not description:
            page.check("main [name=is_private]")
        _fill(page, name=name, description=description)


def _picture(page: Page, name: str) -> None:
    page.evaluate("document.fonts.ready")
    page.screenshot(path=TARGET / f"{name}.png", animations="disabled")


if __name__ == "__main__":
    sys.exit(main())
