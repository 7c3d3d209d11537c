"""Bots: made in the admin and by the command; a token is their only way in."""

import re
from io import StringIO

import pytest
from django.contrib.admin.models import LogEntry
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from accounts.erasure import erase
from accounts.models import Token, User
from tests.accounts.conftest import client_of
from tests.conftest import PASSWORD

TOKEN = re.compile(r"lc_[\w-]{43}")
ADD = "/admin/accounts/bot/add/"


def whoami(token: str) -> dict[str, object]:
    headers = {"Authorization": f"Bearer {token}"}
    response = Client().get("/api/me", headers=headers)
    found: dict[str, object] = response.json() if response.status_code == 200 else {}
    return found


def run(*command: str) -> str:
    out = StringIO()
    call_command("bot", *command, stdout=out)
    return out.getvalue().strip()


def made(client: Client, name: str = "Build bot") -> tuple[User, str]:
    """A bot that is made in the admin, and the token that the next page shows."""
    page = client.post(ADD, {"display_name": name}, follow=True).content.decode()
    [token] = TOKEN.findall(page)
    return User.objects.get(is_bot=True), token


def change_page(bot: User) -> str:
    return reverse("admin:accounts_bot_change", args=[bot.pk])


def test_the_admin_makes_a_bot_and_shows_its_token_once(alice: User) -> None:
    client = client_of(alice)
    bot, token = made(client, "  Build   bot ")
    assert (bot.display_name, bot.role, bot.is_active) == ("Build bot", "member", True)
    assert not bot.has_usable_password()
    assert whoami(token)["name"] == "Build bot"
    pages = [reverse("admin:accounts_bot_changelist"), change_page(bot)]
    assert not any(token in client.get(page).content.decode() for page in pages)
    assert token not in str(Token.objects.values()) + str(LogEntry.objects.values())


def test_a_bot_has_neither_an_address_nor_a_role_to_change(alice: User) -> None:
    client = client_of(alice)
    bot, _ = made(client)
    form = {
        "display_name": "CI",
        "is_active": "on",
        "role": "owner",
        "email": "a@b.org",
    }
    assert client.post(change_page(bot), form).status_code == 302
    address = bot.email
    bot.refresh_from_db()
    assert (bot.display_name, bot.role, bot.email) == ("CI", "member", address)
    user_page = reverse("admin:accounts_user_change", args=[bot.pk])
    assert client.get(user_page, follow=True).redirect_chain  # it is no person there


def test_a_bot_that_is_closed_loses_its_tokens(alice: User) -> None:
    client = client_of(alice)
    bot, token = made(client)
    form = {"display_name": bot.display_name}
    assert client.post(change_page(bot), form).status_code == 302
    assert not whoami(token)
    assert not Token.objects.exists()


def test_a_new_token_of_the_admin_ends_the_others_and_is_remembered(
    alice: User,
) -> None:
    client = client_of(alice)
    bot, token = made(client)
    form = {"action": "make_token", "_selected_action": [bot.pk]}
    path = reverse("admin:accounts_bot_changelist")
    page = client.post(path, form, follow=True).content.decode()
    [second] = TOKEN.findall(page)
    assert whoami(second)["id"] == bot.public_id
    assert not whoami(token)
    done = LogEntry.objects.latest("action_time")
    assert (done.user, done.object_id) == (alice, str(bot.pk))
    assert done.get_change_message() == "Made a new token."


@pytest.mark.parametrize(
    "name", ["", "\u200b", "x" * 51, "al\u00edce", "Deleted person"]
)
def test_a_bot_needs_a_name_of_its_own(alice: User, name: str) -> None:
    page = client_of(alice).post(ADD, {"display_name": name})
    assert page.status_code == 200
    with pytest.raises(CommandError):
        run("create", name)
    assert not User.objects.filter(is_bot=True).exists()


def test_charlie_makes_no_bot(charlie: User) -> None:
    form = {"display_name": "Spy"}
    assert client_of(charlie).post(ADD, form, follow=True).status_code == 404
    assert not User.objects.filter(is_bot=True).exists()


def test_what_the_admin_remembers_of_an_erased_bot_has_no_name(alice: User) -> None:
    bot, _ = made(client_of(alice))
    erase(bot, messages=False)
    assert "Build bot" not in str(LogEntry.objects.values())


def test_the_command_makes_a_bot_and_prints_its_token_alone(alice: User) -> None:
    token = run("create", "Build bot")
    assert TOKEN.fullmatch(token)
    assert whoami(token)["name"] == "Build bot"
    assert User.objects.get(is_bot=True).tokens.count() == 1


def test_the_command_lists_bots_and_makes_one_more_token(
    alice: User, bob: User
) -> None:
    first = run("create", "Build bot")
    second = run("token", "build BOT", "--for", "backup")
    assert whoami(first) == whoami(second) != {}
    bot = User.objects.get(is_bot=True)
    assert run("list") == f"{bot.public_id}  2 tokens  active  Build bot"


@pytest.mark.parametrize("name", ["Bob", "nobody"])
def test_the_command_makes_no_token_for_who_is_no_bot(bob: User, name: str) -> None:
    with pytest.raises(CommandError, match="no active bot"):
        run("token", name)
    assert not Token.objects.exists()


def test_nobody_logs_in_as_a_bot(alice: User) -> None:
    run("create", "Build bot")
    bot = User.objects.get(is_bot=True)
    for password in ("", PASSWORD, bot.password):
        form = {"login": bot.email, "password": password}
        assert Client().post("/accounts/login/", form).status_code != 302
    with pytest.raises(CommandError, match="is a bot"):
        call_command("password_link", bot.email)
