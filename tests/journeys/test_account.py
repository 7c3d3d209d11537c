"""The account in a real browser: a passkey is added and logs in without a password."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.conftest import PASSWORD
from tests.journeys.conftest import NewPage
from tests.journeys.site import Site

pytestmark = pytest.mark.journey


def set_up(page: Page, url: str) -> None:
    page.goto(f"{url}/setup/")
    page.get_by_label("Your name").fill("Olga Owner")
    page.get_by_label("Email").fill("olga@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Start", exact=True).click()
    expect(page.get_by_role("navigation", name="Rooms")).to_be_visible()


def with_a_fingerprint_reader(page: Page) -> None:
    tools = page.context.new_cdp_session(page)
    tools.send("WebAuthn.enable")
    reader = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    tools.send("WebAuthn.addVirtualAuthenticator", {"options": reader})


def no_barriers(page: Page) -> None:
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def test_a_passkey_is_added_and_logs_in_alone(site: Site, new_page: NewPage) -> None:
    page = new_page()
    # A passkey belongs to a name; browsers give none to 127.0.0.1.
    url = site.url.replace("127.0.0.1", "localhost")
    with_a_fingerprint_reader(page)
    set_up(page, url)

    page.goto(f"{url}/accounts/2fa/")
    no_barriers(page)
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Confirm", exact=True).click()
    expect(page.get_by_role("heading", name="Add a passkey")).to_be_visible()
    no_barriers(page)
    page.get_by_role("button", name="Add the passkey").click()
    expect(page.get_by_role("heading", name="Your recovery codes")).to_be_visible()
    no_barriers(page)

    page.goto(f"{url}/devices/")
    no_barriers(page)
    page.get_by_role("button", name="Log out everywhere").click()
    expect(page.get_by_text("You are logged out everywhere.")).to_be_visible()
    no_barriers(page)
    page.get_by_role("button", name="Log in with a passkey").click()
    expect(page.get_by_role("navigation", name="Rooms")).to_be_visible()
    told_why_there_is_none(new_page())


def told_why_there_is_none(page: Page) -> None:
    """At an address in numbers browsers give no passkey to anybody."""
    page.goto("/accounts/login/")
    page.get_by_role("button", name="Log in with a passkey").click()
    expect(page.get_by_text("only at the site's own name")).to_be_visible()
    no_barriers(page)
