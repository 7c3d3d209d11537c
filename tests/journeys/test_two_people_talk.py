"""The whole path, for real: sign up, talk, see each other, lose the server, go on."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.journeys.conftest import NewPage
from tests.journeys.site import Site

PASSWORD = "correct horse battery staple"

pytestmark = pytest.mark.journey


def set_up(page: Page) -> None:
    """The first visit: one form makes the owner and the room "General"."""
    page.goto("/")
    page.get_by_label("Your name").fill("Alice")
    page.get_by_label("Email").fill("alice@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Start", exact=True).click()
    page.wait_for_url(re.compile("/rooms/"))


def invite_link(page: Page) -> str:
    """Make an invite link on its page."""
    room = page.url
    page.goto("/invites/")
    page.get_by_role("button", name="Make a link").click()
    link = page.get_by_role("status").get_by_role("link").inner_text()
    page.goto(room)
    return link


def sign_up(page: Page, link: str, name: str) -> None:
    """Come by an invite link."""
    page.goto(link)
    page.get_by_label("Your name").fill(name)
    page.get_by_label("Email").fill(f"{name.lower()}@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign up", exact=True).click()
    page.wait_for_url(re.compile("/rooms/"))


def say(page: Page, text: str) -> None:
    """Write and send with Enter."""
    page.locator("#body").fill(text)
    page.locator("#body").press("Enter")


def shown(page: Page) -> list[str]:
    """What people wrote, as it stands on the page."""
    return page.locator("#messages .chat .msg__bubble").all_inner_texts()


def violations(page: Page) -> list[str]:
    """What axe finds on the page as it is."""
    found = Axe().run(page).response["violations"]
    return [f"{one['id']}: {one['nodes'][0]['html']}" for one in found]


def test_two_people_talk_lose_the_server_and_come_back(
    site: Site, new_page: NewPage
) -> None:
    alice, bob = new_page(0), new_page(1)
    set_up(alice)
    expect(alice.locator("#body")).to_be_focused()
    assert violations(alice) == []  # the empty room
    sign_up(bob, invite_link(alice), "Bob")
    expect(bob.locator("#body")).to_be_focused()
    for page in (alice, bob):
        expect(page.locator("#people .person--online")).to_have_count(2)
    see_each_other_type(alice, bob)
    talk(alice, bob)
    for page in (alice, bob):
        assert violations(page) == []
    lose_the_server(site, alice, bob)
    bob.close()
    # Also when the last thing known of Bob came from the process that was killed.
    expect(alice.locator("#people .person--online")).to_have_count(1, timeout=10_000)
    for name in ("web", "roomworker"):
        assert "Traceback" not in site.log(name)


def see_each_other_type(alice: Page, bob: Page) -> None:
    """Typing is seen, not by oneself, and ends two seconds after the last key."""
    alice.locator("#body").press_sequentially("Hel")
    expect(bob.get_by_text("Alice is typing…")).to_be_visible(timeout=2000)
    expect(alice.get_by_text("Alice is typing…")).not_to_be_visible()
    expect(bob.get_by_text("Alice is typing…")).not_to_be_visible(timeout=3500)


def talk(alice: Page, bob: Page) -> None:
    """Each sees the other's words once, rendered, in one order."""
    say(alice, "Hello **Bob**")
    expect(bob.locator("#messages strong")).to_have_text("Bob")
    say(bob, "Hello Alice")
    expect(alice.locator("#messages .chat .msg__bubble").last).to_have_text(
        "Hello Alice"
    )
    assert shown(alice) == shown(bob) == ["Hello Bob", "Hello Alice"]
    expect(alice.locator("#pending-list form")).to_have_count(0)


def lose_the_server(site: Site, alice: Page, bob: Page) -> None:
    """The web process dies under two open pages; what is written meanwhile waits."""
    for page in (alice, bob):
        page.evaluate("window.neverReloaded = true")
    site.kill("web")
    expect(alice.locator("body[data-net=down]")).to_be_attached()
    say(alice, "written while the server was away")
    expect(alice.locator("#pending-list form")).to_have_count(1)
    for page in (alice, bob):
        expect(page.locator("body[data-net=up]")).to_be_attached(timeout=20_000)
    say(bob, "and we are back")
    for page in (alice, bob):
        expect(page.locator("#messages .chat .msg__bubble")).to_have_count(
            4, timeout=10_000
        )
        assert page.evaluate("window.neverReloaded") is True
    assert shown(alice) == shown(bob)
    assert set(shown(alice)[2:]) == {
        "written while the server was away",
        "and we are back",
    }
    expect(alice.locator("#pending-list form")).to_have_count(0)
    for page in (alice, bob):
        expect(page.locator("#people .person--online")).to_have_count(2)
