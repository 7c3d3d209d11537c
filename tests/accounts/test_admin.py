"""The admin: owners and admins only, owners above admins, no secrets, no messages."""

import re
from collections.abc import Mapping
from datetime import timedelta

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from accounts.models import Invite, Revocation, Token, User
from chat.models import Membership, Room
from livechat.lib import limits
from tests.accounts.conftest import client_of
from tests.conftest import PASSWORD

PAGES = [
    "accounts_user",
    "accounts_bot",
    "accounts_invite",
    "accounts_community",
    "accounts_token",
    "chat_room",
]


@pytest.fixture
def ada(db: None) -> User:
    return User.objects.create_user(
        "ada@example.org", PASSWORD, display_name="Ada", role=User.Role.ADMIN
    )


def change(who: User, whom: User, **changes: str) -> int:
    """The status of the change form; empty `is_active` means no."""
    form = {
        "display_name": whom.display_name,
        "email": whom.email,
        "role": whom.role,
        "is_active": "on",
    }
    fields = {name: value for name, value in (form | changes).items() if value}
    path = reverse("admin:accounts_user_change", args=[whom.pk])
    status = client_of(who).post(path, fields).status_code
    whom.refresh_from_db()
    return status


@pytest.mark.parametrize("page", PAGES)
def test_owner_and_admin_see_each_list(alice: User, ada: User, page: str) -> None:
    for user in (alice, ada):
        path = reverse(f"admin:{page}_changelist")
        assert client_of(user).get(path).status_code == 200


@pytest.mark.parametrize("page", PAGES)
def test_charlie_finds_no_admin(alice: User, charlie: User, page: str) -> None:
    path = reverse(f"admin:{page}_changelist")
    assert client_of(charlie).get(path, follow=True).status_code == 404
    assert client_of(charlie).get("/admin/login/").status_code == 404


def test_strangers_sign_in_by_the_page_that_has_limits(alice: User) -> None:
    response = Client().get("/admin/", follow=True)
    assert response.redirect_chain[-1][0].startswith("/accounts/login/")
    form = {"username": alice.email, "password": PASSWORD}
    client = Client()
    client.post("/admin/login/", form)
    assert client.get("/profile/").status_code == 302


def test_only_these_models_are_there() -> None:
    names = {model._meta.label for model in admin.site._registry}
    assert names == {
        "accounts.User",
        "accounts.Bot",
        "accounts.Invite",
        "accounts.Community",
        "accounts.Token",
        "chat.Room",
    }


def test_an_admin_may_not_touch_an_owner(alice: User, ada: User) -> None:
    assert change(ada, alice, role="member") == 403
    assert change(ada, alice, email="mine@example.org") == 403
    assert (alice.role, alice.email) == ("owner", "alice@example.org")


def test_an_admin_makes_admins_but_no_owners(alice: User, ada: User, bob: User) -> None:
    assert change(ada, bob, role="owner") == 200
    assert bob.role == "member"
    assert change(ada, ada, role="owner") == 200
    assert ada.role == "admin"
    assert change(ada, bob, role="admin") == 302
    assert bob.role == "admin"


@pytest.mark.parametrize("changes", [{"role": "member"}, {"is_active": ""}])
def test_the_last_owner_stays(alice: User, changes: dict[str, str]) -> None:
    assert change(alice, alice, **changes) == 200
    assert (alice.role, alice.is_active) == ("owner", True)


def test_an_owner_may_go_when_there_is_another(alice: User, bob: User) -> None:
    assert change(alice, bob, role="owner") == 302
    assert change(alice, alice, role="member") == 302
    assert alice.role == "member"


def test_deactivation_ends_sessions_and_tokens(alice: User, bob: User) -> None:
    client = client_of(bob)
    Token.issue(bob)
    assert change(alice, bob, is_active="") == 302
    assert client.get("/profile/").status_code == 302
    assert not Token.objects.exists()
    assert Revocation.objects.filter(user=bob, session_hash="").exists()


def test_a_new_address_is_the_one_to_sign_in_with(alice: User, bob: User) -> None:
    assert change(alice, bob, email="Robert@Example.org") == 302
    form = {"login": "robert@example.org", "password": PASSWORD}
    assert Client().post("/accounts/login/", form).status_code == 302


@pytest.mark.parametrize(
    "changes",
    [{"email": "ALICE@example.org"}, {"display_name": "al\u00edce"}, {"role": "king"}],
)
def test_a_value_that_is_taken_or_unknown_is_refused(
    alice: User, bob: User, changes: dict[str, str]
) -> None:
    assert change(alice, bob, **changes) == 200
    assert (bob.email, bob.display_name) == ("bob@example.org", "Bob")


@pytest.mark.parametrize("action", ["add", "delete"])
def test_people_are_neither_added_nor_deleted(alice: User, action: str) -> None:
    args = [alice.pk] if action == "delete" else []
    path = reverse(f"admin:accounts_user_{action}", args=args)
    assert client_of(alice).get(path).status_code == 403


def messages_of(client: Client, path: str, form: Mapping[str, object]) -> str:
    page = client.post(path, dict(form), follow=True).content.decode()
    return page.replace("&amp;", "&")


def test_a_password_link_is_shown_for_others_but_not_for_an_owner(
    alice: User, ada: User, bob: User
) -> None:
    form = {"action": "make_password_link", "_selected_action": [bob.pk, alice.pk]}
    page = messages_of(client_of(ada), reverse("admin:accounts_user_changelist"), form)
    links = re.findall(r"http://testserver(/accounts/password/reset/key/[\w-]+/)", page)
    assert len(links) == 1
    assert "Only an owner" in page
    assert "set-password" in Client().get(links[0])["Location"]


def invite_form(*, uses: int = 2, days: int = 7) -> dict[str, str]:
    """The admin's form of an invite that ends so many days from now."""
    until = timezone.now() + timedelta(days=days)
    date, time = until.strftime("%Y-%m-%d %H:%M:%S").split()
    return {"max_uses": str(uses), "expires_at_0": date, "expires_at_1": time}


@pytest.mark.parametrize(
    "given",
    [
        {"uses": 0},
        {"uses": limits.INVITE_MAX_USES + 1},
        {"days": -1},
        {"days": limits.INVITE_MAX_DAYS + 1},
    ],
)
def test_the_limits_of_an_invite_hold_in_the_admin_too(
    alice: User, given: dict[str, int]
) -> None:
    path = reverse("admin:accounts_invite_add")
    assert client_of(alice).post(path, invite_form(**given)).status_code == 200
    assert not Invite.objects.exists()


def test_an_invite_at_its_limits_is_made_in_the_admin(alice: User) -> None:
    path = reverse("admin:accounts_invite_add")
    form = invite_form(uses=limits.INVITE_MAX_USES, days=limits.INVITE_MAX_DAYS)
    assert client_of(alice).post(path, form).status_code == 302
    assert Invite.objects.get().max_uses == limits.INVITE_MAX_USES


def test_a_new_invite_shows_its_link_once(alice: User) -> None:
    client = client_of(alice)
    form = invite_form()
    page = messages_of(client, reverse("admin:accounts_invite_add"), form)
    [link] = re.findall(r"http://testserver(/invite/[\w-]+)", page)
    invite = Invite.objects.get()
    path = reverse("admin:accounts_invite_change", args=[invite.pk])
    assert invite.code_hash not in client.get(path).content.decode()
    assert Client().get(link).status_code in {302, 404}


def test_a_token_shows_no_secret_and_is_made_nowhere(alice: User, bob: User) -> None:
    Token.issue(bob)
    token = Token.objects.get()
    client = client_of(alice)
    path = reverse("admin:accounts_token_change", args=[token.pk])
    assert token.secret_hash not in client.get(path).content.decode()
    assert client.get(reverse("admin:accounts_token_add")).status_code == 403
    path = reverse("admin:accounts_token_delete", args=[token.pk])
    assert client.post(path, {"post": "yes"}).status_code == 302
    assert not Token.objects.exists()


def test_an_admin_sees_no_token_of_an_owner(alice: User, ada: User) -> None:
    Token.issue(alice, name="backup")
    page = client_of(ada).get(reverse("admin:accounts_token_changelist"))
    assert "backup" not in page.content.decode()


def test_the_owner_makes_changes_and_deletes_a_room(alice: User) -> None:
    client = client_of(alice)
    form = {"name": " Garden  shed ", "description": "", "is_private": "on"}
    assert client.post(reverse("admin:chat_room_add"), form).status_code == 302
    room = Room.objects.get()
    assert (room.name, room.is_private) == ("Garden shed", True)
    assert Membership.objects.get().role == Membership.Role.ADMIN

    form = {"name": "Shed", "description": "Tools"}
    path = reverse("admin:chat_room_change", args=[room.pk])
    assert client.post(path, form).status_code == 302
    room.refresh_from_db()
    assert (room.name, room.description, room.is_private) == ("Shed", "Tools", False)

    path = reverse("admin:chat_room_delete", args=[room.pk])
    assert client.get(path).status_code == 200
    assert client.post(path, {"post": "yes"}).status_code == 302
    assert not Room.objects.exists()


@pytest.mark.parametrize("name", ["", "\u200b", "x" * 51])
def test_a_room_needs_a_name(alice: User, name: str) -> None:
    path = reverse("admin:chat_room_add")
    assert client_of(alice).post(path, {"name": name}).status_code == 200
    assert not Room.objects.exists()


def test_messages_have_no_page() -> None:
    with pytest.raises(NoReverseMatch):
        reverse("admin:chat_message_changelist")
