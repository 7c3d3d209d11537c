"""The profile, the theme, and the page of invites."""

import re

import pytest
from django.test import Client

from accounts.models import Community, Invite, User, initials
from tests.accounts.conftest import client_of


def test_a_member_changes_name_and_theme(bob: User) -> None:
    client = client_of(bob)
    assert client.get("/profile/").status_code == 200
    form = {"display_name": " Bobby  Tables ", "theme": "dark"}
    assert client.post("/profile/", form).status_code == 302
    bob.refresh_from_db()
    assert (bob.display_name, bob.theme) == ("Bobby Tables", "dark")


def test_a_saved_profile_says_so_once(bob: User) -> None:
    client = client_of(bob)
    form = {"display_name": "Bob", "theme": "dark"}
    assert "Saved." in client.post("/profile/", form, follow=True).content.decode()
    assert "Saved." not in client.get("/profile/").content.decode()


def test_a_member_may_respell_the_own_name(bob: User) -> None:
    client = client_of(bob)
    client.post("/profile/", {"display_name": "BOB", "theme": "system"})
    bob.refresh_from_db()
    assert bob.display_name == "BOB"


@pytest.mark.parametrize(
    "wrong",
    [
        {"display_name": "Alice"},
        {"display_name": "ali\u0441e"},
        {"display_name": ""},
        {"display_name": "deleted  PERSON"},
        {"theme": "neon"},
        {"theme": "x" * 60_000},
    ],
)
def test_a_wrong_profile_changes_nothing(
    bob: User, alice: User, wrong: dict[str, str]
) -> None:
    form = {"display_name": "Robert", "theme": "dark"} | wrong
    assert client_of(bob).post("/profile/", form).status_code == 422
    bob.refresh_from_db()
    assert (bob.display_name, bob.theme) == ("Bob", "system")


@pytest.mark.parametrize("theme", ["system", "light", "dark"])
def test_a_member_sets_the_theme(bob: User, theme: str) -> None:
    response = client_of(bob).post("/theme/", {"theme": theme, "next": "/profile/"})
    assert response["Location"] == "/profile/"
    bob.refresh_from_db()
    assert bob.theme == theme


def test_the_theme_is_set_in_place_for_htmx(bob: User) -> None:
    client = client_of(bob)
    headers = {"HX-Request": "true"}
    assert client.post("/theme/", {"theme": "dark"}, headers=headers).status_code == 204


def test_an_unknown_theme_is_refused(bob: User) -> None:
    assert client_of(bob).post("/theme/", {"theme": "neon"}).status_code == 422
    assert client_of(bob).get("/theme/").status_code == 405


@pytest.mark.parametrize("target", ["https://evil.example", "//evil.example", "x:y"])
def test_the_theme_form_leads_nowhere_else(bob: User, target: str) -> None:
    response = client_of(bob).post("/theme/", {"theme": "dark", "next": target})
    assert response["Location"] == "/profile/"


def test_the_owner_makes_a_link_that_is_shown_once(alice: User) -> None:
    client = client_of(alice)
    page = client.post("/invites/", {"days": "3", "uses": "5"})
    found = re.findall(r"http://testserver(/invite/[\w-]+)", page.content.decode())
    [link] = set(found)
    assert Invite.objects.get().max_uses == 5
    assert "/invite/" not in client.get("/invites/").content.decode()
    assert Client().get(link).status_code == 302

    assert client.post(f"/invites/{Invite.objects.get().pk}/revoke/").status_code == 302
    assert Client().get(link).status_code == 404


@pytest.mark.parametrize(
    ("days", "uses"),
    [("0", "1"), ("31", "1"), ("1", "0"), ("1", "1001"), ("x", "1"), ("1", "9" * 99)],
)
def test_an_invite_beyond_the_limits_is_refused(
    alice: User, days: str, uses: str
) -> None:
    page = client_of(alice).post("/invites/", {"days": days, "uses": uses})
    assert page.status_code == 422
    assert not Invite.objects.exists()


def test_the_list_tells_one_link_from_another(alice: User, bob: User) -> None:
    soon, _ = Invite.issue(alice, max_uses=5, days=3)
    used_up, _ = Invite.issue(bob, max_uses=2)
    over, _ = Invite.issue(alice)
    Invite.objects.filter(pk=used_up.pk).update(uses=2)
    Invite.objects.filter(pk=over.pk).update(expires_at=over.created_at)
    page = client_of(alice).get("/invites/").content.decode()
    rows = [
        " ".join(re.sub("<[^>]*>", " ", row).split())
        for row in re.findall(r'class="rows__text">(.*?)</span>', page)
    ]
    ended, full, open_ = rows
    assert ended.endswith(f"ended {over.created_at:%-d %B %Y}")
    assert full.endswith("by Bob · used 2 of 2 · used up")
    assert open_.startswith(f"Made {soon.created_at:%-d %B %Y, %H:%M} UTC by Alice")
    assert "used 0 of 5" in open_
    assert open_.endswith(f"until {soon.expires_at:%-d %B %Y, %H:%M} UTC")


def test_charlie_has_no_invites_to_see_or_revoke(alice: User, charlie: User) -> None:
    invite, _ = Invite.issue(alice)
    client = client_of(charlie)
    assert client.get("/invites/").status_code == 404
    assert client.post("/invites/", {"days": "1", "uses": "1"}).status_code == 404
    assert client.post(f"/invites/{invite.pk}/revoke/").status_code == 404
    assert client.post(f"/invites/{9**30}/revoke/").status_code == 404
    assert Invite.objects.count() == 1


def test_an_invite_that_is_not_there_cannot_be_revoked(alice: User) -> None:
    assert client_of(alice).post(f"/invites/{9**30}/revoke/").status_code == 404


@pytest.mark.parametrize("path", ["/profile/", "/invites/"])
def test_strangers_are_led_to_sign_in(alice: User, path: str) -> None:
    assert Client().get(path)["Location"].startswith("/accounts/login/")


def test_pages_name_the_community(alice: User) -> None:
    Community.objects.update(name="The Allotment")
    assert "The Allotment" in Client().get("/nothing-here").content.decode()


def test_the_log_in_page_offers_an_account_only_to_who_may_make_one(
    alice: User,
) -> None:
    assert "You need an invite" in Client().get("/accounts/login/").content.decode()
    guest = Client()
    guest.get(f"/invite/{Invite.issue(alice)[1]}")
    assert "Make an account" in guest.get("/accounts/login/").content.decode()
    Community.objects.update(sign_up=Community.SignUp.OPEN)
    assert "Make an account" in Client().get("/accounts/login/").content.decode()


def test_email_is_spelt_in_one_way(alice: User) -> None:
    Community.objects.update(sign_up=Community.SignUp.OPEN)
    pages = [
        (Client(), "/accounts/login/"),
        (Client(), "/accounts/signup/"),
        (Client(), "/accounts/password/reset/"),
        (client_of(alice), "/accounts/email/"),
        (client_of(alice), "/profile/"),
    ]
    for client, path in pages:
        page = client.get(path).content.decode()
        assert "mail" in page.lower(), path
        assert "e-mail" not in page.lower(), path


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("Bob", "B"),
        ("(bob)", "B"),
        ("alice b. example", "AE"),
        ("“Bob” (away)", "BA"),
        ("bob !", "B"),
        ("4 bob", "4B"),
        ("🎉", "?"),
    ],
)
def test_initials_are_letters_and_digits(name: str, letters: str) -> None:
    assert initials(name) == letters
