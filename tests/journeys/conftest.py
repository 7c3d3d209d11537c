"""Two real browsers and a site that `make run` started."""

import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from accounts.models import User
from tests.chat.pages import client_of
from tests.chromium import ARGUMENTS
from tests.journeys.site import Site, make_run
from tests.live import Live

# The machine may be busy; what must be quick says so itself.
expect.set_options(timeout=20_000)

# What a browser says by itself when the server was killed, or refused a form.
EXPECTED_NOISE = (
    "WebSocket connection to",
    "net::ERR_CONNECTION_REFUSED",
    "htmx:ws:error",
    "htmx:error: Failed to fetch",
    "does not support the Push API in incognito",
    "with a status of 422",  # a form that came back with its reason
    "SecurityError",  # a passkey that the browser gives nobody, as the page says
    "NotAllowedError",
)

NewPage = Callable[..., Page]
Open = Callable[..., Page]


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    """An empty site, as after the first `make run`."""
    with make_run() as found:
        yield found


@pytest.fixture(scope="session")
def browsers() -> Iterator[list[Browser]]:
    """Two browser processes, so that nothing is shared between the people."""
    system = shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as playwright:
        opened = [
            playwright.chromium.launch(executable_path=system, args=ARGUMENTS)
            for _ in range(2)
        ]
        yield opened
        for browser in opened:
            browser.close()


@pytest.fixture
def new_page(browsers: list[Browser], site: Site) -> Iterator[NewPage]:
    """Opens a page of a fresh browser profile; its console must stay clean."""
    said: list[str] = []
    contexts = []

    def note(message: ConsoleMessage) -> None:
        noise = any(words in message.text for words in EXPECTED_NOISE)
        if message.type in {"error", "warning"} and not noise:
            said.append(message.text)

    def make(browser: int = 0, **options: Any) -> Page:
        context = browsers[browser].new_context(base_url=site.url, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", note)
        page.on("pageerror", lambda error: said.append(str(error)))
        return page

    yield make
    for context in contexts:
        context.close()
    assert not said, said


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
