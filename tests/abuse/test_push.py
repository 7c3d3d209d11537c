"""Subscriptions of no browser, addresses that lead inside, others' devices."""

import json
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from accounts.models import User
from livechat.push.models import Subscription
from tests.abuse.naughty import TEXTS
from tests.abuse.rules import held
from tests.chat.pages import client_of
from tests.push.browser import AUTH, P256DH, subscribed, told_by_browser

INSIDE = [
    "http://push.example/x",
    "https://127.0.0.1/x",
    "https://[::1]/x",
    "https://[::ffff:10.0.0.1]/x",
    "https://169.254.169.254/latest/meta-data/",
    "https://2130706433/x",
    "https://push.example:6379/x",
    "https://push.example:22/x",
    "https://user:password@push.example/x",
    "https://push.example/\r\nHost: inside",
    "https://push.example/ HTTP/1.1\n\n",
    "file:///etc/passwd",
    "javascript:alert(1)",
    "//push.example/x",
    "https://" + "a" * 2_000,
    "",
]
MALFORMED: list[Any] = [
    None, 1, "x", [], {}, {"endpoint": "https://push.example"},
    {"endpoint": ["https://push.example"], "keys": {"p256dh": P256DH, "auth": "x"}},
    {"endpoint": "https://push.example", "keys": [P256DH]},
    {"endpoint": "https://push.example", "keys": {"p256dh": 1, "auth": None}},
    told_by_browser(p256dh="A" * 87),
    told_by_browser(auth=""),
    told_by_browser(auth="A" * 3_000),
    told_by_browser(p256dh="\u202e" + P256DH),
]  # fmt: skip


@pytest.fixture
def client(bob: User) -> Client:
    found = client_of(bob)
    found.raise_request_exception = False
    return found


def both_ways(client: Client, told: str) -> tuple[int, int]:
    """The statuses of the form and of the API."""

    def form() -> HttpResponse:
        return client.post("/profile/notifications/on/", {"subscription": told})  # type: ignore[return-value]

    def api() -> HttpResponse:
        return client.post(  # type: ignore[return-value]
            "/api/push/subscriptions", told, content_type="application/json"
        )

    what = told[:60]
    return held(form, what), held(api, what)


def refused_both_ways(client: Client, told: str) -> None:
    assert both_ways(client, told) == (422, 400), told[:60]
    assert not Subscription.objects.exists()


@pytest.mark.parametrize("endpoint", INSIDE[:5] + INSIDE[6:])
def test_an_address_that_leads_inside_is_not_taken(
    client: Client, endpoint: str
) -> None:
    told = told_by_browser() | {"endpoint": endpoint}
    refused_both_ways(client, json.dumps(told))


@pytest.mark.parametrize("told", MALFORMED, ids=lambda one: json.dumps(one)[:40])
def test_what_no_browser_sends_is_not_taken(client: Client, told: Any) -> None:
    refused_both_ways(client, json.dumps(told))


@pytest.mark.parametrize("told", ["", "{", "[" * 3_000, '{"a":' * 500, "NaN", "\x00"])
def test_what_is_no_json_is_not_taken(client: Client, told: str) -> None:
    refused_both_ways(client, told)


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_a_hostile_user_agent_names_no_device(client: Client, text: str) -> None:
    agent = text.encode("utf-8", "replace").decode("latin-1")
    told = {"subscription": json.dumps(told_by_browser())}
    answer = client.post(
        "/profile/notifications/on/", told, headers={"User-Agent": agent}
    )
    assert answer.status_code == 302
    assert len(Subscription.objects.get().name) <= 50


def test_others_devices_are_not_there(client: Client, alice: User) -> None:
    theirs = subscribed(alice)
    for path in (theirs.public_id, "none12345678"):
        form = client.post(f"/profile/notifications/{path}/remove/")
        assert form.status_code == 404
        assert client.delete(f"/api/push/subscriptions/{path}").status_code == 404
    assert Subscription.objects.get() == theirs


@pytest.mark.parametrize("field", ["quiet_from", "quiet_to", "zone", "shows_text"])
def test_hostile_preferences_are_refused(client: Client, field: str) -> None:
    good = {"shows_text": "True", "zone": "UTC", "quiet_from": "", "quiet_to": ""}
    for name, text in TEXTS.items():
        form = good | {field: text.encode("utf-8", "replace").decode()}

        def ask(form: dict[str, str] = form) -> HttpResponse:
            return client.post("/profile/notifications/", form)  # type: ignore[return-value]

        assert held(ask, name) in {302, 422}
    stored = json.loads(client.get("/api/push/preferences").content)
    assert stored["zone"] == "UTC"


def test_the_browsers_secrets_are_told_to_nobody(client: Client, bob: User) -> None:
    one = subscribed(bob)
    for path in ("/profile/notifications/", "/api/push/subscriptions"):
        body = client.get(path).content.decode()
        assert one.endpoint not in body
        assert one.auth not in body
    assert AUTH
