"""Two people share a link and a diagram: a card comes and goes, a picture is drawn."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import NewPage
from tests.journeys.site import Site, make_run
from tests.journeys.test_message_menu import last, open_menu
from tests.journeys.test_rooms_and_directs import fits, seen_by_axe
from tests.journeys.test_two_people_talk import invite_link, say, set_up, sign_up
from tests.live import wait_until

pytestmark = pytest.mark.journey

PAGE = b"""<title>The keel</title>
<meta property="og:site_name" content="Boat builders">
<meta property="og:description" content="How the longest piece of a boat is laid.">"""
DIAGRAM = "```mermaid\ngraph LR\n  A[Order] --> B{Stored?}\n  B --> C[Ack]\n```"
WRONG = "```mermaid\ngraph LR\n  A[Order --> B\n```"


@pytest.fixture(scope="module")
def boats() -> Iterator[str]:
    """The address of a site on loopback that the server may look at."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(PAGE)

        def log_message(self, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="module")
def site(boats: str) -> Iterator[Site]:
    """An empty site that may look at the other one."""
    with make_run(LINK_ORIGINS=boats) as found:
        yield found


def test_a_link_gets_its_card_and_a_diagram_is_drawn(
    new_page: NewPage, boats: str
) -> None:
    alice, bob = new_page(0), new_page(1)
    set_up(alice)
    sign_up(bob, invite_link(alice), "Bob")
    share_a_link(alice, bob, boats)
    remove_its_card(bob, alice)
    draw(alice, bob)
    tell_of_a_mistake(alice, bob)


def share_a_link(alice: Page, bob: Page, boats: str) -> None:
    """Everybody sees what is behind it, without asking again."""
    say(bob, f"Read {boats}/keel first")
    for page in (alice, bob):
        card = last(page).locator(".link-card")
        expect(card).to_contain_text("The keel")
        expect(card).to_contain_text("Boat builders · 127.0.0.1")
        expect(card).to_have_attribute("rel", "nofollow noopener noreferrer")
        seen_by_axe(page)
    alice.set_viewport_size({"width": 390, "height": 780})
    fits(alice)
    seen_by_axe(alice)
    alice.set_viewport_size({"width": 1280, "height": 800})


def remove_its_card(bob: Page, alice: Page) -> None:
    """The author, and nobody else, from the message's menu."""
    menu = open_menu(alice, last(alice))
    expect(menu.get_by_role("button", name="Remove preview")).to_have_count(0)
    alice.keyboard.press("Escape")
    menu = open_menu(bob, last(bob))
    menu.get_by_role("button", name="Remove preview").click()
    for page in (alice, bob):
        expect(page.locator(".link-card")).to_have_count(0)
        expect(last(page)).to_contain_text("first")


def draw(alice: Page, bob: Page) -> None:
    """Each for oneself, when one asks; the frame is as high as its picture."""
    say(bob, DIAGRAM)
    offer = last(alice).get_by_role("link", name="Draw the diagram")
    expect(offer).to_be_visible()
    seen_by_axe(alice)
    offer.focus()
    alice.keyboard.press("Enter")
    frame = last(alice).frame_locator("iframe")
    expect(frame.locator("svg")).to_be_visible()
    expect(frame.locator("svg")).to_contain_text("Stored?")
    wait_until(lambda: 0 < spare_px(alice) < 60, "the frame is as high as its picture")
    seen_by_axe(alice)
    expect(last(bob).locator("iframe")).to_have_count(0)
    # What changes the message leaves what was drawn alone.
    open_menu(bob, last(bob)).get_by_role("link", name="React").click()
    bob.locator(".picker__one").first.click()
    expect(last(alice).locator(".chip")).to_have_count(1)
    expect(frame.locator("svg")).to_be_visible()


def spare_px(page: Page) -> float:
    """How much higher the last frame is than the picture in it."""
    frame = last(page).locator("iframe").bounding_box()
    picture = last(page).frame_locator("iframe").locator("svg").bounding_box()
    return frame["height"] - picture["height"] if frame and picture else 0.0


def tell_of_a_mistake(alice: Page, bob: Page) -> None:
    """A diagram that is none says so, in a sentence."""
    say(bob, WRONG)
    last(alice).get_by_role("link", name="Draw the diagram").click()
    problem = last(alice).frame_locator("iframe").get_by_role("alert")
    expect(problem).to_contain_text("This diagram cannot be drawn.")
    expect(problem).to_contain_text("Parse error on line")
    seen_by_axe(alice)
