"""A room whose last admin's account is closed is run by who belongs to it longest."""

import json
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from accounts import actions as accounts
from accounts.models import User
from chat import heirs, members
from chat.changes import pay
from chat.models import ChangeBucket, Membership, Message, Room
from livechat.lib import limits
from tests.chat.pages import room_of

ADMIN = Membership.Role.ADMIN


def close(user: User) -> None:
    """An owner of the site closes the account."""
    accounts.deactivate(user)


def admins(room: Room) -> set[str]:
    rows = room.memberships.filter(role=ADMIN, user__is_active=True)
    return set(rows.values_list("user__display_name", flat=True))


def since(room: Room, user: User, days: int, **fields: object) -> None:
    """They belong to the room for so many days."""
    at = timezone.now() - timedelta(days=days)
    room.memberships.filter(user=user).update(joined_at=at, **fields)


@pytest.fixture
def vault(transactional_db: None, alice: User, bob: User, charlie: User) -> Room:
    """A private room that alice runs; charlie belongs to it longer than bob."""
    room = room_of(alice, bob, charlie, name="Vault", is_private=True)
    since(room, charlie, 9)
    since(room, bob, 5)
    return room


def test_who_is_there_longest_runs_the_room_and_the_log_says_so(
    vault: Room, alice: User, charlie: User
) -> None:
    close(alice)
    assert admins(vault) == {charlie.display_name}
    vault.refresh_from_db()
    entry = Message.objects.get(room=vault)
    assert (entry.seq, entry.changed_seq) == (vault.last_seq, vault.last_changed_seq)
    assert json.loads(entry.event) == {
        "type": "role",
        "user": charlie.public_id,
        "role": "admin",
    }
    assert charlie.display_name in entry.body
    members.remove_member(charlie, vault, User.objects.get(display_name="Bob"))


def test_a_moderator_runs_it_before_a_member_who_is_there_longer(
    vault: Room, alice: User, bob: User, charlie: User
) -> None:
    since(vault, bob, 9)
    since(vault, charlie, 1, role="moderator")
    close(alice)
    assert vault.memberships.get(user=charlie).role == "admin"


def test_who_is_muted_runs_it_only_when_nobody_else_could(
    vault: Room, alice: User, bob: User, charlie: User
) -> None:
    since(vault, charlie, 9, is_muted=True)
    close(alice)
    assert admins(vault) == {bob.display_name}
    close(bob)
    assert admins(vault) == {charlie.display_name}
    assert not vault.memberships.get(user=charlie).is_muted


def test_a_room_with_another_admin_stays_as_it_is(
    vault: Room, alice: User, bob: User
) -> None:
    members.set_role(alice, vault, bob, ADMIN)
    close(alice)
    assert admins(vault) == {bob.display_name}
    assert Message.objects.filter(room=vault).count() == 1


def test_a_room_without_anybody_else_has_no_heir(
    transactional_db: None, alice: User
) -> None:
    den = room_of(alice, name="Den", is_private=True)
    close(alice)
    assert admins(den) == set()
    assert not Message.objects.filter(room=den).exists()


def test_it_costs_the_heir_none_of_their_changes(
    vault: Room, alice: User, charlie: User
) -> None:
    with transaction.atomic():
        for _ in range(limits.CHANGE_BURST):
            pay(charlie)
    before = ChangeBucket.objects.get(user=charlie).level
    close(alice)
    assert admins(vault) == {charlie.display_name}
    assert ChangeBucket.objects.get(user=charlie).level == before


def test_what_a_dead_process_left_undone_is_done_with_the_next_account(
    vault: Room, alice: User, bob: User, charlie: User
) -> None:
    User.objects.filter(pk=alice.pk).update(is_active=False)  # and died after it
    close(bob)
    assert admins(vault) == {charlie.display_name}
    count = Message.objects.filter(room=vault).count()
    heirs.appoint_admins()
    assert Message.objects.filter(room=vault).count() == count
