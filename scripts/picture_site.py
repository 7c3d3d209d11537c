"""A livechat of its own for pictures, and what people do on it until one is taken."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from playwright.sync_api import Browser, Page, ViewportSize, expect, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "docs/screenshots"
PASSWORD = "correct horse battery staple"  # noqa: S105 - of people who do not exist
CHROMIUM_FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run"]
DESKTOP: ViewportSize = {"width": 1360, "height": 860}
PHONE: ViewportSize = {"width": 390, "height": 844}
LINKED = """<title>Laying the keel</title>
<meta property="og:site_name" content="The Boat Yard">
<meta property="og:description" content="Which piece comes first, how it is held, and
what has to be true of it before anything else is built upon it.">"""


@contextmanager
def a_browser() -> Iterator[Browser]:
    """A browser without a window, the system's own where there is one."""
    system = shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=system, args=CHROMIUM_FLAGS
        )
        yield browser
        browser.close()


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


def page_of(browser: Browser, url: str, locale: str = "en-US") -> Page:
    """A new person's page there; `locale` is what their browser speaks."""
    context = browser.new_context(viewport=DESKTOP, color_scheme="light", locale=locale)
    page = context.new_page()
    page.goto(url)
    return page


def fill(page: Page, **fields: str) -> None:
    """Fill in the page's one form and send it."""
    for name, value in fields.items():
        page.fill(f"main [name={name}]", value)
    page.locator("main form button").first.click()
    page.wait_for_load_state()


def invite(page: Page, url: str) -> str:
    """A link by which one person may sign up."""
    page.goto(f"{url}/invites/")
    fill(page, days="1")
    return page.inner_text(".notice a")


def guest(
    browser: Browser, url: str, link: str, name: str, locale: str = "en-US"
) -> Page:
    """The page of somebody who came by the link, in the first room."""
    page = page_of(browser, link, locale)
    email = f"{name}@example.org"
    fill(page, display_name=name.title(), email=email, password1=PASSWORD)
    page.goto(url)
    page.locator(".room-card__name a").first.click()
    return page


def talk(people: dict[str, Page], said: Iterable[tuple[str, str]]) -> None:
    """Let them say it in a room that is empty; all see it."""
    for page in people.values():
        expect(page.locator("body[data-net=up]")).to_be_attached()
    for number, (name, text) in enumerate(said, start=1):
        people[name].fill("#body", text)
        people[name].press("#body", "Enter")
        for page in people.values():
            expect(page.locator("#messages .chat")).to_have_count(number)


def make_rooms(page: Page, url: str, rooms: Iterable[tuple[str, str]]) -> None:
    """Names and what they are for; one that is for nothing is private."""
    for name, description in rooms:
        page.goto(f"{url}/rooms/new")
        if not description:
            page.check("main [name=is_private]")
        fill(page, name=name, description=description)


def picture(page: Page, name: str) -> None:
    """Take the picture of this name, of what the window shows."""
    page.evaluate("document.fonts.ready")
    page.screenshot(path=TARGET / f"{name}.png", animations="disabled")
