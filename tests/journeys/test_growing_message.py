"""A program's message grows on an open page, through a kill, and ends as Markdown."""

import json
import os
import subprocess
import sys
import uuid
from contextlib import ExitStack
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from websockets.sync.client import connect

from tests.journeys.conftest import NewPage
from tests.journeys.site import Site
from tests.journeys.test_two_people_talk import set_up, violations
from tests.live import ROOT

pytestmark = pytest.mark.journey

FINAL_MS = 20_000


def token(site: Site, email: str) -> str:
    """A bearer token, as the operator makes one."""
    environment = {**os.environ, "LIVECHAT_VAR": str(site.var)}
    environment.pop("REDIS_URL", None)
    made = subprocess.run(
        [sys.executable, "manage.py", "token", email],
        cwd=ROOT,
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    )
    return made.stdout.split()[-1]


class Program:
    """A socket that writes piece by piece."""

    def __init__(self, site: Site, secret: str, room: str) -> None:
        self.site, self.secret, self.room = site, secret, room
        self.sockets = ExitStack()
        self.connect()
        self.seq = self.ask("stream", client_id=str(uuid.uuid4()))["seq"]
        self.text = ""

    def connect(self) -> None:
        """Open a socket, after the last one is closed."""
        self.sockets.close()
        url = self.site.url.replace("http", "ws", 1) + "/ws/?v=1&format=json"
        headers = {"Authorization": f"Bearer {self.secret}"}
        opened = connect(url, additional_headers=headers, proxy=None)
        self.socket = self.sockets.enter_context(opened)

    def ask(self, kind: str, **fields: Any) -> dict[str, Any]:
        """The ack of an intent."""
        ref = uuid.uuid4().hex
        frame = {"type": kind, "room": self.room, "ref": ref, **fields}
        self.socket.send(json.dumps(frame))
        while True:
            answer: dict[str, Any] = json.loads(self.socket.recv(10))
            if answer.get("ref") == ref:
                assert answer["type"] == "ack", answer
                return answer

    def append(self, text: str) -> None:
        """Write on."""
        offset = len(self.text)
        self.ask("append", seq=self.seq, offset=offset, text=text)
        self.text += text


def test_a_programs_message_grows_on_the_page_to_its_end(
    site: Site, new_page: NewPage
) -> None:
    page = new_page(0)
    set_up(page)
    secret = token(site, "alice@example.org")
    room = page.url.rstrip("/").rsplit("/", 1)[-1]
    grow_to_the_end(site, page, Program(site, secret, room))
    be_killed(page, Program(site, secret, room))


def grow_to_the_end(site: Site, page: Page, program: Program) -> None:
    """It grows through a reload and a kill, and is spoken and made ready once."""
    bubble = page.locator(f"#t-{program.seq}")
    expect(bubble).to_have_attribute("aria-busy", "true")
    for piece in ("Two **wo", "rds** 😀 & <b>", "\n\n", "  and `code"):
        program.append(piece)
        expect(bubble).to_have_js_property("textContent", program.text)
    assert violations(page) == []
    page.reload()
    expect(bubble).to_have_js_property("textContent", program.text)
    lose_the_server(site, page)
    program.connect()
    program.append("`.")
    expect(bubble).to_have_js_property("textContent", program.text)
    assert page.locator("#announce").inner_text() == ""
    program.ask("finish", seq=program.seq)
    message = page.locator(f"#m-{program.seq}")
    expect(message.locator("strong")).to_have_text("words")
    expect(message.locator("code")).to_have_text("code")
    expect(bubble).to_have_count(0)
    expect(message.locator(".msg__end")).to_have_count(0)
    expect(page.locator("#announce")).to_contain_text("Alice: Two words")
    program.sockets.close()


def lose_the_server(site: Site, page: Page) -> None:
    """Kill the web process, and wait until the page is back."""
    site.kill("web")
    net = page.locator("body")
    expect(net).to_have_attribute("data-net", "down")
    expect(net).to_have_attribute("data-net", "up", timeout=30_000)


def be_killed(page: Page, program: Program) -> None:
    """What it wrote stays, with a note that it was interrupted."""
    program.append("I was *about* to")
    program.sockets.close()
    message = page.locator(f"#m-{program.seq}")
    expect(message.locator(".msg__end")).to_have_text("interrupted", timeout=FINAL_MS)
    expect(message.locator("em")).to_have_text("about")
    assert violations(page) == []
