"""The Django admin opens no private room to those who administer the site."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.actions import make_bot
from accounts.models import User
from chat.models import Membership, Room
from chat.moderation_tables import AuditEntry
from tests.chat.pages import client_of


@pytest.fixture
def vault(bob: User) -> Room:
    """A private room of bob's, of which alice, who owns the site, is no member."""
    room = Room.objects.create(name="Vault", is_private=True, creator=bob)
    Membership.objects.create(room=room, user=bob, role=Membership.Role.ADMIN)
    return room


@pytest.fixture
def owner(alice: User) -> Client:
    """A browser of alice's."""
    client = Client()
    client.force_login(alice)
    return client


def test_the_owner_of_the_site_cannot_make_a_private_room_public(
    owner: Client, vault: Room
) -> None:
    path = reverse("admin:chat_room_change", args=[vault.pk])
    assert owner.post(path, {"name": "Open", "description": ""}).status_code == 403
    vault.refresh_from_db()
    assert (vault.name, vault.is_private) == ("Vault", True)


def test_the_admin_has_no_page_that_lets_anybody_into_a_room(owner: Client) -> None:
    page = owner.get(reverse("admin:index")).content.decode()
    assert "/admin/chat/room/" in page
    assert "membership" not in page.lower()


def test_who_runs_a_private_room_edits_it_in_the_admin_too(
    owner: Client, alice: User, vault: Room
) -> None:
    Membership.objects.create(room=vault, user=alice, role=Membership.Role.ADMIN)
    path = reverse("admin:chat_room_change", args=[vault.pk])
    form = {"name": "Cellar", "description": "", "is_private": "on"}
    assert owner.post(path, form).status_code == 302
    vault.refresh_from_db()
    assert (vault.name, vault.is_private) == ("Cellar", True)


def test_the_private_rooms_of_a_bot_are_told_who_was_given_its_token(
    owner: Client, bob: User, vault: Room
) -> None:
    bot = User(display_name="Robbi")
    make_bot(bot)
    lounge = Room.objects.create(name="Lounge")
    for room in (vault, lounge):
        Membership.objects.create(room=room, user=bot)
    form = {"action": "make_token", "_selected_action": [str(bot.pk)]}
    owner.post(reverse("admin:accounts_bot_changelist"), form)
    assert [one.room for one in AuditEntry.objects.all()] == [vault]
    client = client_of(bob)
    audit = f"/rooms/{vault.public_id}/audit"
    said = "Alice made a new token for the bot Robbi, and could read here with it."
    assert said in client.get(audit).content.decode()
    german = {"Accept-Language": "de"}
    said = "Alice hat ein neues Token für den Bot Robbi erstellt"
    assert said in client.get(audit, headers=german).content.decode()
