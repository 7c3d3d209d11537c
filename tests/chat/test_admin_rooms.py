"""The Django admin opens no private room to those who administer the site."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from chat.models import Membership, Room


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


def test_the_owner_of_the_site_cannot_let_themselves_into_a_private_room(
    owner: Client, alice: User, vault: Room
) -> None:
    path = reverse("admin:chat_membership_add")
    page = owner.post(path, {"room": vault.pk, "user": alice.pk})
    assert b"You cannot add yourself to this room." in page.content
    assert not Membership.objects.filter(room=vault, user=alice).exists()
    assert owner.get(reverse("room", args=[vault.public_id])).status_code == 404


def test_the_owner_of_the_site_lets_others_in_and_out(
    owner: Client, charlie: User, vault: Room
) -> None:
    path = reverse("admin:chat_membership_add")
    form = {"room": vault.pk, "user": charlie.pk}
    assert owner.post(path, form).status_code == 302
    membership = Membership.objects.get(room=vault, user=charlie)
    path = reverse("admin:chat_membership_delete", args=[membership.pk])
    assert owner.post(path, {"post": "yes"}).status_code == 302
    assert not Membership.objects.filter(room=vault, user=charlie).exists()


def test_who_runs_a_private_room_edits_it_in_the_admin_too(
    owner: Client, alice: User, vault: Room
) -> None:
    Membership.objects.create(room=vault, user=alice, role=Membership.Role.ADMIN)
    path = reverse("admin:chat_room_change", args=[vault.pk])
    form = {"name": "Cellar", "description": "", "is_private": "on"}
    assert owner.post(path, form).status_code == 302
    vault.refresh_from_db()
    assert (vault.name, vault.is_private) == ("Cellar", True)
