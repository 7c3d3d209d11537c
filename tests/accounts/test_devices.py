"""The page of devices: what it shows, and the end of sessions and tokens by it."""

import re

import pytest
from django.db import DatabaseError
from django.test import Client
from django.utils import timezone

from accounts import devices
from accounts.agents import device_name
from accounts.devices import language_of
from accounts.models import Device, Token, User
from accounts.sessions import principal_of
from livechat.lib import limits
from tests.accounts.conftest import client_of
from tests.accounts.test_sessions import key_of
from tests.conftest import PASSWORD

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0"
CHROME = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/156.0 Safari/537.36"


def is_in(client: Client) -> bool:
    return principal_of(cookie=key_of(client), bearer=None) is not None


def logged_in(user: User, agent: str = FIREFOX, address: str = "192.0.2.7") -> Client:
    client = Client(headers={"User-Agent": agent}, REMOTE_ADDR=address)
    form = {"login": user.email, "password": PASSWORD}
    assert client.post("/accounts/login/", form).status_code == 302
    return client


def rows_of(client: Client) -> list[str]:
    page = client.get("/devices/").content.decode()
    found = re.findall(r'class="rows__text">(.*?)</span>', page)
    return [" ".join(re.sub("<[^>]*>", " ", row).split()) for row in found]


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        (FIREFOX, "Firefox on Linux"),
        (CHROME, "Chrome on Windows"),
        (CHROME + " Edg/156.0", "Edge on Windows"),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1 "
            "Version/19.0 Mobile/15E148 Safari/604.1",
            "Safari on iPhone",
        ),
        ("curl/8.9.1", "curl"),
        ("", "An unknown device"),
        ("<script>\x00\udcff" * 9, "An unknown device"),
    ],
)
def test_a_browser_is_named_in_words(agent: str, name: str) -> None:
    assert device_name(agent) == name


def test_who_chose_no_language_is_written_to_in_their_last_browsers(bob: User) -> None:
    assert language_of(bob) == "en"
    form = {"login": bob.email, "password": PASSWORD}
    Client(headers={"Accept-Language": "de-AT"}).post("/accounts/login/", form)
    assert language_of(bob) == "de"
    bob.language = "en"
    assert language_of(bob) == "en"


def test_the_page_tells_where_one_is_logged_in(bob: User, alice: User) -> None:
    here = logged_in(bob)
    logged_in(bob, CHROME, "198.51.100.4")
    logged_in(alice, "curl/8.9.1")
    other, this = rows_of(here)
    assert other.startswith("Chrome on Windows 198.51.100.4 · last seen now")
    assert this.startswith("Firefox on Linux this device · 192.0.2.7 · active now")
    assert key_of(here) not in here.get("/devices/").content.decode()


def test_one_device_is_logged_out_and_no_other(bob: User) -> None:
    here, there, third = logged_in(bob), logged_in(bob), logged_in(bob)
    row = Device.objects.get(session_id=key_of(there))
    page = here.post(f"/devices/{row.public_id}/end/", follow=True).content.decode()
    assert "Firefox on Linux is logged out." in page
    assert (is_in(here), is_in(there), is_in(third)) == (True, False, True)
    assert here.post(f"/devices/{row.public_id}/end/").status_code == 404


def test_the_end_of_this_device_is_a_log_out(bob: User) -> None:
    here = logged_in(bob)
    row, key = Device.objects.get(), key_of(here)
    answer = here.post(f"/devices/{row.public_id}/end/")
    assert answer["Location"] == "/accounts/login/"
    assert principal_of(cookie=key, bearer=None) is None
    assert not Device.objects.exists()


def test_nobody_ends_the_device_or_token_of_somebody_else(
    bob: User, charlie: User
) -> None:
    there = logged_in(bob)
    Token.issue(bob)
    client = client_of(charlie)
    row, token = bob.devices.get(), bob.tokens.get()
    assert client.post(f"/devices/{row.public_id}/end/").status_code == 404
    assert client.post(f"/tokens/{token.pk}/end/").status_code == 404
    assert is_in(there)
    assert bob.tokens.exists()


def test_all_others_are_logged_out_at_once(bob: User, alice: User) -> None:
    here, there, alices = logged_in(bob), logged_in(bob), logged_in(alice)
    here.post("/devices/others/end/")
    assert (is_in(here), is_in(there), is_in(alices)) == (True, False, True)


def test_log_out_everywhere_leaves_no_session(bob: User) -> None:
    here, there = logged_in(bob), logged_in(bob)
    key = key_of(here)
    page = here.post("/devices/all/end/", follow=True).content.decode()
    assert "You are logged out everywhere." in page
    assert principal_of(cookie=key, bearer=None) is None
    assert not is_in(there)
    assert not bob.devices.exists()


def test_a_token_is_ended_by_its_owner(bob: User) -> None:
    secret = Token.issue(bob, name="weather")
    client = client_of(bob)
    page = client.post(f"/tokens/{bob.tokens.get().pk}/end/", follow=True)
    assert "The token weather opens nothing any more." in page.content.decode()
    assert principal_of(cookie=None, bearer=secret) is None


def test_a_visit_is_written_down_once_in_five_minutes(
    bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = logged_in(bob)
    first = Device.objects.get().seen_at
    client.get("/profile/")
    assert Device.objects.get().seen_at == first
    monkeypatch.setitem(
        devices._noted, key_of(client), devices._noted[key_of(client)] - 301
    )
    client.get("/profile/")
    assert Device.objects.get().seen_at > first


def test_a_session_from_before_there_were_devices_gets_one(bob: User) -> None:
    client = client_of(bob)
    Device.objects.all().delete()
    devices._noted.clear()
    client.get("/profile/", REMOTE_ADDR="192.0.2.9", headers={"User-Agent": CHROME})
    row = Device.objects.get()
    assert (row.name, row.address) == ("Chrome on Windows", "192.0.2.9")


def test_a_page_does_not_fail_because_its_visit_cannot_be_noted(
    bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise DatabaseError("disk full")

    client = client_of(bob)
    devices._noted.clear()
    monkeypatch.setattr(devices, "_store", full)
    assert client.get("/profile/").status_code == 200


def test_what_has_expired_is_not_listed_and_the_list_has_an_end(
    bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = logged_in(bob), logged_in(bob, CHROME)
    row = Device.objects.get(session_id=key_of(there))
    row.session.expire_date = timezone.now()
    row.session.save()
    assert len(rows_of(here)) == 1
    logged_in(bob)
    monkeypatch.setattr(limits, "DEVICES_MAX", 1)
    assert len(rows_of(here)) == 1


def test_devices_are_not_for_visitors(db: None) -> None:
    for path in ("/devices/others/end/", "/devices/all/end/"):
        assert (
            Client().post(path)["Location"].startswith(("/accounts/login/", "/setup"))
        )
