"""The commands: each prints one line, which works."""

from io import StringIO

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.test import Client

from accounts.models import Invite, Token, User
from accounts.sessions import principal_of


def output_of(*command: str) -> str:
    out = StringIO()
    call_command(*command, stdout=out)
    text = out.getvalue()
    assert text.count("\n") == 1
    return text.strip()


def path_of(link: str) -> str:
    assert link.startswith(settings.SITE_URL)
    return link.removeprefix(settings.SITE_URL)


def test_token_prints_a_token_of_which_only_the_hash_is_stored(bob: User) -> None:
    token = output_of("token", "BOB@example.org")
    principal = principal_of(cookie=None, bearer=token)
    assert principal is not None
    assert principal.user_id == bob.pk
    assert token not in str(Token.objects.values())


def test_password_link_prints_a_link_that_opens_the_form(bob: User) -> None:
    path = path_of(output_of("password_link", bob.email))
    assert "set-password" in Client().get(path)["Location"]


def test_invite_prints_a_link_that_lets_sign_up(alice: User) -> None:
    path = path_of(output_of("invite", "--uses", "3", "--days", "2"))
    assert Client().get(path).status_code == 302
    assert Invite.objects.get().max_uses == 3


@pytest.mark.parametrize("option", ["--uses=0", "--uses=1001", "--days=31", "--days=x"])
def test_invite_refuses_numbers_beyond_the_limits(alice: User, option: str) -> None:
    with pytest.raises(CommandError, match="expected 1 to"):
        call_command("invite", option)


@pytest.mark.parametrize("command", ["token", "password_link"])
def test_an_unknown_address_gets_a_sentence(alice: User, command: str) -> None:
    with pytest.raises(CommandError, match="Nobody active here"):
        call_command(command, "nobody@example.org")


@pytest.mark.django_db
def test_invite_says_that_the_site_has_no_owner() -> None:
    with pytest.raises(CommandError, match="no owner"):
        call_command("invite")
