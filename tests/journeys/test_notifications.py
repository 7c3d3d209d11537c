"""Notifications in a real browser: turned on, tested, shown, taken away, turned off.

A browser's own push service is on the internet, so the browser's part of subscribing is
made up here, and what the site sends is handed to the service worker by its debugger.
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import CDPSession, Page, expect

from tests.journeys.conftest import NewPage
from tests.journeys.site import Site, make_run
from tests.journeys.test_two_people_talk import invite_link, set_up, sign_up
from tests.live import wait_until
from tests.push.browser import told_by_browser
from tests.push.service import Service, push_service

pytestmark = pytest.mark.journey

PAGE = "/profile/notifications/"
SUBSCRIBE = "PushManager.prototype.subscribe = async () => ({ toJSON: () => (%s) })"
# A colour on its way from light to dark has a contrast that nobody sees for long.
STILL = """Promise.allSettled(
  document.getAnimations().map((one) => one.finished)
).then(() => 0)"""
SHOWN = """async () => {
  const { active } = await navigator.serviceWorker.ready;
  const there = await navigator.serviceWorker.getRegistration();
  const all = await there.getNotifications();
  return all.map(({ title, body, tag }) => [title, body, tag]);
}"""


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    """The browser's push service."""
    with push_service() as found:
        yield found


@pytest.fixture(scope="module")
def site(service: Service) -> Iterator[Site]:
    """A site whose owner trusts that push service."""
    with make_run(PUSH_GATEWAYS=service.url) as found:
        yield found


def worker_of(page: Page) -> tuple[CDPSession, str]:
    """A debugger of the page, and its service worker's registration."""
    debugger = page.context.new_cdp_session(page)
    found: list[str] = []

    def note(event: dict[str, Any]) -> None:
        found.extend(one["registrationId"] for one in event["registrations"])

    debugger.on("ServiceWorker.workerRegistrationUpdated", note)
    debugger.send("ServiceWorker.enable")
    page.wait_for_function("navigator.serviceWorker.ready.then(() => true)")
    return debugger, found[0]


def shown(page: Page) -> list[list[str]]:
    """What the browser shows of the site: title, text and tag of each."""
    found: list[list[str]] = page.evaluate(SHOWN)
    return found


def no_barriers(page: Page) -> None:
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        page.evaluate(STILL)
        found = Axe().run(page).response["violations"]
        assert [(one["id"], one["nodes"][0]["html"]) for one in found] == []


def turned_on(page: Page, site: Site, service: Service) -> None:
    """Find the page, turn this browser on, and get a test."""
    page.context.grant_permissions(["notifications"], origin=site.url)
    told = json.dumps(told_by_browser(f"{service.url}/send/alice"))
    page.add_init_script(SUBSCRIBE % told)
    page.goto("/profile/")
    page.get_by_role("link", name="Notifications").click()
    no_barriers(page)
    expect(page.locator(".push__cannot")).to_be_hidden()
    page.get_by_role("button", name="Turn on in this browser").click()
    expect(page.locator("#devices + .rows")).to_contain_text("Chrome on Linux")
    page.get_by_role("button", name="Send me a test").click()
    expect(page.locator(".notice")).to_contain_text("within seconds")
    wait_until(lambda: len(service.taken) == 1, "the pusher sends the test", 20)


def told_and_read(page: Page, site: Site, test: dict[str, Any]) -> None:
    """Hand the service worker what a push service would, and see what it shows."""
    debugger, registration = worker_of(page)

    def deliver(payload: dict[str, Any]) -> None:
        debugger.send(
            "ServiceWorker.deliverPushMessage",
            {
                "origin": site.url,
                "registrationId": registration,
                "data": json.dumps(payload),
            },
        )

    deliver(test)
    deliver(test | {"body": "a newer word"})
    deliver({"title": "Bob", "body": "Hello", "tag": "room-x", "url": "/"})
    wait_until(lambda: len(shown(page)) == 2, "two tags are shown")
    assert ["It works", "a newer word", "test"] in shown(page)
    deliver({"close": True, "tag": "test"})
    wait_until(lambda: len(shown(page)) == 1, "one is taken away")
    assert shown(page) == [["Bob", "Hello", "room-x"]]


def paused_and_removed(page: Page) -> None:
    """The log tells of the test; a pause shows; the browser is turned off again."""
    page.reload()
    log = page.locator("#log + .rows")
    expect(log).to_contain_text("Taken by the push service")
    page.get_by_role("button", name="1 hour").click()
    expect(page.locator(".notice--row")).to_contain_text("Paused until")
    no_barriers(page)
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.get_by_role("button", name="Remove").click()
    expect(page.locator("main")).to_contain_text("No browser is turned on yet")


def test_a_browser_is_turned_on_tested_told_and_turned_off(
    new_page: NewPage, site: Site, service: Service
) -> None:
    alice, bob = new_page(0), new_page(1)
    set_up(alice)
    sign_up(bob, invite_link(alice), "Bob")
    turned_on(alice, site, service)
    told_and_read(alice, site, service.taken[0].told)
    paused_and_removed(alice)
    bob.goto(PAGE)  # whose browser says no
    bob.get_by_role("button", name="Turn on in this browser").click()
    expect(bob.get_by_role("alert")).to_contain_text("told not to show notifications")
    no_barriers(bob)
