"""The page of notifications, and what ends a browser's subscription."""

import json
from datetime import timedelta

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import actions as accounts
from accounts.models import User
from accounts.sessions import end_all_sessions
from livechat.lib import limits, webpush
from livechat.push.models import Delivery, Preferences, Push, Subscription
from tests.chat.pages import client_of
from tests.conftest import PASSWORD
from tests.push.browser import session_of, subscribed, told_by_browser

PAGE = "/profile/notifications/"
ON = PAGE + "on/"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0"


def turn_on(client: Client, endpoint: str = "") -> int:
    told = {"subscription": json.dumps(told_by_browser(endpoint))}
    answer = client.post(ON, told, headers={"User-Agent": FIREFOX})
    return answer.status_code


def test_a_browser_is_turned_on_and_named_and_removed(bob: User) -> None:
    client = client_of(bob)
    empty = client.get(PAGE).content.decode()
    assert webpush.public_key(settings.VAPID_PRIVATE_KEY) in empty
    assert "No browser is turned on yet" in empty
    assert turn_on(client) == 302
    page = client.get(PAGE).content.decode()
    assert "Firefox on Linux" in page
    assert "this browser" in page
    one = Subscription.objects.get()
    assert one.session_id == client.session.session_key
    assert client.post(reverse("push_remove", args=[one.public_id])).status_code == 302
    assert not Subscription.objects.exists()


def test_turning_on_again_keeps_one_row(bob: User) -> None:
    client = client_of(bob)
    for endpoint in ("https://a.example/1", "https://a.example/1"):
        assert turn_on(client, endpoint) == 302
    assert Subscription.objects.count() == 1
    # The browser threw its old subscription away and made another one.
    assert turn_on(client, "https://a.example/2") == 302
    assert Subscription.objects.get().endpoint == "https://a.example/2"


def test_a_person_has_a_bounded_number_of_browsers(bob: User) -> None:
    for _ in range(limits.PUSH_SUBSCRIPTIONS_MAX - 1):
        subscribed(bob, session=session_of(bob))
    assert turn_on(client_of(bob)) == 302
    other = client_of(bob)
    told = {"subscription": json.dumps(told_by_browser())}
    answer = other.post(ON, told)
    assert answer.status_code == 422
    assert "remove one first" in answer.content.decode()
    assert Subscription.objects.count() == limits.PUSH_SUBSCRIPTIONS_MAX


def test_whoever_signs_in_next_in_the_same_browser_gets_it_empty(
    alice: User, bob: User
) -> None:
    endpoint = "https://a.example/shared"
    assert turn_on(client_of(alice), endpoint) == 302
    theirs = Subscription.objects.get()
    Push.objects.create(
        subscription=theirs, tag="t", title="for Alice", url="/", state="waiting",
        created_at=timezone.now(), due_at=timezone.now(), expires_at=timezone.now(),
    )  # fmt: skip
    assert turn_on(client_of(bob), endpoint) == 302
    assert Subscription.objects.get().user == bob
    assert not Push.objects.exists()


def test_who_knows_an_address_alone_takes_nothing_over(alice: User, bob: User) -> None:
    endpoint = "https://a.example/alices"
    assert turn_on(client_of(alice), endpoint) == 302
    other = told_by_browser(endpoint, auth=webpush.encoded(b"x" * 16))
    answer = client_of(bob).post(ON, {"subscription": json.dumps(other)})
    assert answer.status_code == 422
    assert Subscription.objects.get().user == alice


def ended(user: User, client: Client) -> bool:
    """Whether nothing is sent to the client's browser any more."""
    return not user.push_subscriptions.alive().exists()


def test_a_log_out_ends_it(bob: User) -> None:
    client = client_of(bob)
    turn_on(client)
    client.post("/accounts/logout/")
    assert ended(bob, client)


def test_the_end_of_all_sessions_ends_it(bob: User) -> None:
    client = client_of(bob)
    turn_on(client)
    end_all_sessions(bob)
    assert ended(bob, client)


def test_a_deactivation_ends_it(bob: User) -> None:
    client = client_of(bob)
    turn_on(client)
    accounts.deactivate(bob)
    assert ended(bob, client)


def test_a_new_password_ends_it_elsewhere_and_keeps_it_here(bob: User) -> None:
    here, there = client_of(bob), client_of(bob)
    turn_on(there)
    turn_on(here, "https://a.example/here")
    new = "a staple of correct batteries"
    form = {"oldpassword": PASSWORD, "password1": new, "password2": new}
    assert here.post("/accounts/password/change/", form).status_code == 302
    (kept,) = bob.push_subscriptions.alive()
    assert kept.endpoint == "https://a.example/here"
    assert kept.session_id == here.session.session_key


def test_a_test_is_sent_to_all_browsers_and_not_too_often(bob: User) -> None:
    client = client_of(bob)
    for _ in range(2):
        subscribed(bob, session=session_of(bob))
    assert client.post(PAGE + "test/").status_code == 302
    assert Push.objects.filter(tag="test", due_at__lte=timezone.now()).count() == 2
    answer = client.post(PAGE + "test/")
    assert answer.status_code == 429
    assert "Wait 5 seconds" in answer.content.decode()
    before = timezone.now() - timedelta(seconds=6)
    Preferences.objects.update(tested_at=before)
    assert client.post(PAGE + "test/").status_code == 302


def test_quiet_hours_are_kept_and_half_of_them_is_refused(bob: User) -> None:
    client = client_of(bob)
    form = {"shows_text": "False", "zone": "Europe/Berlin", "quiet_from": "22:00"}
    answer = client.post(PAGE, form)
    assert answer.status_code == 422
    assert "Give both times" in answer.content.decode()
    assert client.post(PAGE, form | {"quiet_to": "07:00"}).status_code == 302
    stored = Preferences.objects.get(user=bob)
    assert (str(stored.quiet_from), str(stored.quiet_to)) == ("22:00:00", "07:00:00")
    assert not stored.shows_text
    page = client.get(PAGE).content.decode()
    assert 'value="22:00"' in page


def test_a_pause_is_told_and_ended(bob: User) -> None:
    client = client_of(bob)
    for choice in ("1h", "4h", "tomorrow"):
        assert client.post(PAGE + "pause/", {"pause": choice}).status_code == 302
        assert "Paused until" in client.get(PAGE).content.decode()
    assert client.post(PAGE + "pause/", {"pause": "off"}).status_code == 302
    assert "Paused until" not in client.get(PAGE).content.decode()
    assert client.post(PAGE + "pause/", {"pause": "for ever"}).status_code == 422


def test_the_log_says_how_it_went(alice: User, bob: User) -> None:
    Delivery.objects.create(
        user=bob, device="Safari on iPhone", outcome="refused", status=403
    )
    Delivery.objects.create(user=alice, device="Edge on Windows", outcome="delivered")
    page = client_of(bob).get(PAGE).content.decode()
    assert "Refused by the push service" in page
    assert "answer 403" in page
    assert "Edge on Windows" not in page


def test_the_service_worker_is_there_for_everybody_and_not_kept(db: None) -> None:
    User.objects.create_user("a@example.org", display_name="A")
    answer = Client().get("/sw.js")
    assert answer.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert "no-cache" in answer.headers["Cache-Control"]
    assert b"showNotification" in answer.content
    assert b"{%" not in answer.content


def api(
    client: Client, method: str, path: str, body: object = None
) -> tuple[int, object]:
    data = "" if body is None else json.dumps(body)
    answer = client.generic(method, f"/api/push/{path}", data, "application/json")
    return answer.status_code, json.loads(answer.content) if answer.content else None


def test_the_api_says_and_does_what_the_page_does(bob: User) -> None:
    client = client_of(bob)
    status, made = api(client, "POST", "subscriptions", told_by_browser())
    assert status == 201
    assert isinstance(made, dict)
    status, listed = api(client, "GET", "subscriptions")
    assert isinstance(listed, dict)
    assert [one["id"] for one in listed["subscriptions"]] == [made["id"]]
    assert "endpoint" not in json.dumps(listed)
    assert api(client, "POST", "tests") == (200, {"devices": 1})
    assert api(client, "POST", "tests")[0] == 429
    wanted = {"shows_text": False, "quiet_from": "22:00", "quiet_to": "07:30"}
    wanted |= {"plays_sound": False, "digest": "weekly"}
    status, stored = api(client, "PATCH", "preferences", wanted)
    assert (status, stored) == (200, {**wanted, "zone": "UTC", "paused_until": None})
    assert api(client, "PATCH", "preferences", {"digest": "hourly"})[0] == 400
    assert api(client, "PATCH", "preferences", {"zone": "Mars/Base"})[0] == 400
    assert api(client, "PATCH", "preferences", {"quiet_to": None})[0] == 400
    assert api(client, "GET", "preferences") == (200, stored)
    assert api(client, "GET", "deliveries") == (200, {"deliveries": []})
    assert api(client, "DELETE", f"subscriptions/{made['id']}") == (204, None)
    assert api(client, "DELETE", f"subscriptions/{made['id']}")[0] == 404


@pytest.mark.parametrize(
    "body", [{}, {"endpoint": 1}, {"endpoint": "https://a.example", "keys": {}}, []]
)
def test_the_api_refuses_what_is_no_subscription(bob: User, body: object) -> None:
    assert api(client_of(bob), "POST", "subscriptions", body)[0] == 400
