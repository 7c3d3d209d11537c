"""Real Chromium pages: their rows are what a person sees, and are noted as they change.

A page is opened once and never reloaded by us; what the network does to it is its own
to mend.
"""

import asyncio
import contextlib
import random
import shutil
from typing import Any

from playwright.async_api import (
    Browser,
    ConsoleMessage,
    Page,
    Playwright,
    async_playwright,
)
from playwright.async_api import Error as BrowserError

from tests.chaos.outbox import body_hash
from tests.chaos.stage import Stage
from tests.chaos.world import Hands, Person
from tests.chromium import ARGUMENTS

LOOK_EVERY_S = 0.3
WRITE_EVERY_S = 3.0
TIMEOUT_MS = 20_000

# What stands on the page: the rows from the top to the bottom, and what waits.
LOOK = """() => ({
  rows: [...document.querySelectorAll("#messages .msg[data-seq]")].map(
    (row) => [Number(row.dataset.seq), row.dataset.clientId || ""]),
  pending: document.querySelectorAll("#pending-list form").length,
  cursor: Number(document.querySelector("#cursor")?.value || 0),
})"""
# The text of each row, whether it says that it was deleted, and that it was edited.
STATES = """() =>
  [...document.querySelectorAll("#messages .msg[data-author]")].map((row) => [
    Number(row.dataset.seq),
    (row.querySelector(".msg__long") || row.querySelector(".msg__bubble"))
      .textContent.trim(),
    row.classList.contains("msg--deleted"),
    row.querySelector(".msg__edited") !== null,
  ])"""
KEY = "() => document.querySelector('#composer [name=client_id]').value"


class Window:
    """One page of one person, on one room, at one web process."""

    def __init__(self, stage: Stage, person: Person, room: str, web: str) -> None:
        self.stage = stage
        self.person = person
        self.room = room
        self.web = web
        self.name = f"page of {person.name}"
        self.rows: list[tuple[int, str]] = []
        self.pending = 0
        self.cursor = 0  # the highest change that the page has
        self._page: Page | None = None
        self._writing: asyncio.Task[None] | None = None
        self._looking: asyncio.Task[None] | None = None

    async def open(self, browser: Browser, cookie: dict[str, str]) -> None:
        """Log in by the cookie and open the room."""
        context = await browser.new_context(base_url=self.stage.url(self.web))
        url = {"url": self.stage.url(self.web)}
        made: Any = {**cookie, **url}
        await context.add_cookies([made])
        self._page = await context.new_page()
        self._page.on("console", self._hear)
        await self._page.goto(f"/rooms/{self.room}/", timeout=TIMEOUT_MS)
        await self._page.wait_for_selector("body[data-net=up]", timeout=TIMEOUT_MS)

    def _hear(self, told: ConsoleMessage) -> None:
        if told.type == "error":
            self.note("console", text=told.text[:500])

    def start(self, rng: random.Random) -> None:
        """Look at the page all the time, and write on it now and then."""
        self._looking = asyncio.create_task(self._look_on())
        self._writing = asyncio.create_task(self._write_on(rng))

    async def stop_writing(self) -> None:
        """Write nothing more; go on looking."""
        if self._writing is not None:
            self._writing.cancel()
            await asyncio.gather(self._writing, return_exceptions=True)

    async def stop(self) -> None:
        """Look no longer."""
        for task in (self._writing, self._looking):
            if task is not None:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)

    @property
    def last(self) -> int:
        """The number of the lowest row on the page."""
        return self.rows[-1][0] if self.rows else 0

    def note(self, kind: str, **fields: Any) -> None:
        """Note something of this page."""
        fields = {"who": self.name, "room": self.room, **fields}
        self.stage.recorder.note(kind, **fields)

    async def _look_on(self) -> None:
        while True:
            await self.look()
            await asyncio.sleep(LOOK_EVERY_S)

    async def look(self) -> None:
        """Take in what stands on the page; note it when it has changed."""
        if self._page is None:
            return
        with contextlib.suppress(BrowserError):  # it is just loading itself again
            found = await self._page.evaluate(LOOK)
            rows = [(seq, key) for seq, key in found["rows"]]
            self.pending, self.cursor = found["pending"], found["cursor"]
            if rows != self.rows:
                self.rows = rows
                self.note("screen", seqs=[seq for seq, _ in rows])

    async def _write_on(self, rng: random.Random) -> None:
        while True:
            await asyncio.sleep(rng.expovariate(1 / WRITE_EVERY_S))
            if self.pending < 4:
                await self._write(f"written on a page {rng.randbytes(8).hex()}")

    async def _write(self, text: str) -> None:
        page = self._page
        if page is None:
            return
        with contextlib.suppress(BrowserError):
            key = await page.evaluate(KEY)
            await page.locator("#body").fill(text, timeout=TIMEOUT_MS)
            fields = {"key": key, "hash": body_hash(text), "user": self.person.id}
            self.note("send", link=0, **fields)
            self.note("again", key=key)  # its page may repeat it unseen
            await page.locator("#body").press("Enter", timeout=TIMEOUT_MS)

    async def note_final(self) -> None:
        """Note what stands there when all is quiet."""
        await self.look()
        self.note("page_states", rows=await self._states())
        self.note("page", rows=self.rows)
        self.note("final", last=self.last, missing=0, cursor=self.cursor)
        self.note("outbox", left=self.pending)

    async def _states(self) -> list[list[Any]]:
        if self._page is None:
            return []
        found = await self._page.evaluate(STATES)
        return [[seq, body_hash(text), *rest] for seq, text, *rest in found]


class Windows:
    """The browsers of a run, a process each."""

    def __init__(self) -> None:
        self.all: list[Window] = []
        self._playwright: Playwright | None = None

    async def open(self, hands: Hands, windows: list[Window]) -> None:
        """Open each page in a browser of its own."""
        self._playwright = await async_playwright().start()
        system = shutil.which("chromium") or shutil.which("chromium-browser")
        for window in windows:
            browser = await self._playwright.chromium.launch(
                executable_path=system, args=ARGUMENTS
            )
            cookie = await hands.ask("session", user=window.person.id)
            await window.open(browser, cookie)
            self.all.append(window)

    async def stop(self) -> None:
        """Close everything."""
        for window in self.all:
            await window.stop()
        if self._playwright is not None:
            await self._playwright.stop()
