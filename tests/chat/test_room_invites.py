"""Links into a room: made, used as often as they say, revoked, and what they tell."""

import re
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.utils import timezone

from accounts.models import Community, Invite, User
from chat import members
from chat.changes import NotPossible
from chat.models import Ban, Membership, Message, Room
from chat.moderation_tables import AuditEntry, RoomInvite
from chat.room_invites import NoSuchLink, make_link, revoke_link, use_link
from livechat.lib import limits
from tests.chat.pages import client_of, room_of

PASSWORD = "correct horse battery staple"


@pytest.fixture
def vault(bob: User) -> Room:
    """bob's private room."""
    return room_of(bob, name="Vault", is_private=True)


def linked(room: Room, by: User, *, uses: int = 1, signs_up: bool = False) -> str:
    return make_link(by, room, days=1, uses=uses, signs_up=signs_up)[1]


def test_the_page_shows_a_link_once_and_its_qr_code(vault: Room, bob: User) -> None:
    client, address = client_of(bob), f"/rooms/{vault.public_id}/invites"
    page = client.post(address, {"days": "2", "uses": "3"}).content.decode()
    (link,) = set(re.findall(r'href="(http://[^"]*/join/[^"]+)"', page))
    assert 'src="data:image/png;base64,' in page
    assert link not in client.get(address).content.decode()
    assert "used 0 of 3" in client.get(address).content.decode()
    code = urlsplit(link).path.rpartition("/")[2]
    assert code not in str(list(RoomInvite.objects.values_list()))
    assert AuditEntry.objects.get().sentence == (
        "Bob made a link into the room for 3 people."
    )


def test_whoever_has_the_link_sees_where_it_leads_and_joins(
    vault: Room, bob: User, charlie: User
) -> None:
    code = linked(vault, bob, uses=2)
    client = client_of(charlie)
    assert client.get(f"/rooms/{vault.public_id}/").status_code == 404
    page = client.get(f"/join/{code}").content.decode()
    assert "Join Vault" in page
    assert "Bob invites you" in page
    assert not Membership.objects.filter(user=charlie).exists()
    for _ in range(2):  # who belongs already uses nothing up
        answer = client.post(f"/join/{code}")
        assert answer.headers["Location"] == f"/rooms/{vault.public_id}/"
    assert RoomInvite.objects.get().uses == 1
    assert Message.objects.get().body == "Charlie joined by a link of Bob."


@pytest.mark.parametrize(
    "spoil",
    [
        lambda room, link: RoomInvite.objects.update(uses=1),
        lambda room, link: RoomInvite.objects.update(expires_at=timezone.now()),
        lambda room, link: RoomInvite.objects.all().delete(),
        lambda room, link: revoke_link(room.creator, room, link.pk),
        lambda room, link: Room.objects.update(deleted_at=timezone.now()),
        lambda room, link: Membership.objects.update(role="moderator"),
        lambda room, link: User.objects.filter(pk=room.creator_id).update(
            is_active=False
        ),
        lambda room, link: Ban.objects.create(
            room=room, user=User.objects.get(display_name="Charlie")
        ),
    ],
    ids=[
        "used up",
        "too old",
        "deleted",
        "revoked",
        "room deleted",
        "its maker may invite no more",
        "its maker's account is closed",
        "they are banned",
    ],
)
def test_a_link_that_does_not_work_lets_nobody_in_and_does_not_say_why(
    vault: Room, bob: User, charlie: User, spoil: object
) -> None:
    link, code = make_link(bob, vault, days=1, uses=1)
    spoil(vault, link)  # type: ignore[operator] # each is a function
    client = client_of(charlie)
    none = client.post("/join/none")
    answer = client.post(f"/join/{code}")
    assert (answer.status_code, answer.content) == (404, none.content)
    assert not Membership.objects.filter(user=charlie).exists()


def test_a_guest_who_has_a_link_comes_in(vault: Room, bob: User) -> None:
    guest = User.objects.create_user(
        "g@example.org", display_name="Gwen", role=User.Role.GUEST
    )
    use_link(guest, linked(vault, bob))
    assert client_of(guest).get(f"/rooms/{vault.public_id}/").status_code == 200


def test_only_who_runs_the_room_makes_links(
    vault: Room, bob: User, charlie: User
) -> None:
    members.add_member(bob, vault, charlie)
    with pytest.raises(PermissionDenied):
        make_link(charlie, vault, days=1, uses=1)
    members.set_role(bob, vault, charlie, "moderator")
    with pytest.raises(PermissionDenied):
        make_link(charlie, vault, days=1, uses=1)
    assert not RoomInvite.objects.exists()


def test_a_room_has_at_most_so_many_links(vault: Room, bob: User) -> None:
    RoomInvite.objects.bulk_create(
        RoomInvite(
            room=vault,
            code_hash=str(number),
            created_by=bob,
            expires_at=timezone.now() + timedelta(days=1),
            max_uses=1,
        )
        for number in range(limits.ROOM_INVITES_MAX)
    )
    with pytest.raises(NotPossible, match="Revoke one first"):
        make_link(bob, vault, days=1, uses=1)
    RoomInvite.objects.update(uses=1)
    assert make_link(bob, vault, days=1, uses=1)


def test_a_link_of_another_room_is_not_revoked_through_ones_own(
    vault: Room, bob: User, charlie: User
) -> None:
    link, _ = make_link(bob, vault, days=1, uses=1)
    own = room_of(charlie, name="Own")
    address = f"/rooms/{own.public_id}/invites/{link.pk}/end"
    assert client_of(charlie).post(address).status_code == 302
    assert RoomInvite.objects.filter(pk=link.pk).exists()


@pytest.mark.parametrize(
    "form",
    [
        {"days": "0", "uses": "1"},
        {"days": "31", "uses": "1"},
        {"days": "1", "uses": "0"},
        {"days": "1", "uses": "1001"},
        {"days": "x", "uses": ""},
    ],
)
def test_a_link_without_sense_is_refused(
    vault: Room, bob: User, form: dict[str, str]
) -> None:
    address = f"/rooms/{vault.public_id}/invites"
    assert client_of(bob).post(address, form).status_code == 422
    assert not RoomInvite.objects.exists()


# People without an account


def sign_up(client: Client, next_: str) -> str:
    form = {
        "display_name": "Newcomer",
        "email": "new@example.org",
        "password1": PASSWORD,
        "next": next_,
    }
    answer = client.post("/accounts/signup/", form)
    assert answer.status_code == 302, answer.content
    return answer.headers["Location"]


def test_a_link_of_the_sites_admin_brings_somebody_in_who_has_no_account(
    alice: User,
) -> None:
    room = room_of(alice, name="Vault", is_private=True)
    code = linked(room, alice, signs_up=True)
    client = Client()
    page = client.get(f"/join/{code}").content.decode()
    assert "Make an account" in page
    assert sign_up(client, f"/join/{code}") == f"/join/{code}"
    client.post(f"/join/{code}")
    newcomer = User.objects.get(display_name="Newcomer")
    assert room.memberships.filter(user=newcomer).exists()
    assert (Invite.objects.get().uses, RoomInvite.objects.get().uses) == (1, 1)


def test_a_link_of_a_rooms_admin_makes_no_accounts(vault: Room, bob: User) -> None:
    """Not even when they ask for it: who comes to the site is not theirs to decide."""
    client = client_of(bob)
    form = {"days": "1", "uses": "1", "signs_up": "on"}
    client.post(f"/rooms/{vault.public_id}/invites", form)
    code = linked(vault, bob, signs_up=True)
    assert not Invite.objects.exists()
    Community.objects.get_or_create(pk=1)
    stranger = Client()
    page = stranger.get(f"/join/{code}").content.decode()
    assert "Make an account" not in page
    assert "Log in and join" in page
    assert stranger.get("/accounts/signup/").status_code == 200
    assert "invite" in stranger.get("/accounts/signup/").content.decode().lower()


def test_who_is_not_signed_in_is_led_to_the_log_in_and_back(
    vault: Room, bob: User
) -> None:
    code = linked(vault, bob)
    answer = Client().post(f"/join/{code}")
    assert answer.headers["Location"] == f"/accounts/login/?next=/join/{code}"


def test_revoking_takes_the_invite_to_the_site_with_it(alice: User) -> None:
    room = room_of(alice)
    link, code = make_link(alice, room, days=1, uses=1, signs_up=True)
    revoke_link(alice, room, link.pk)
    assert not Invite.objects.exists()
    with pytest.raises(NoSuchLink):
        use_link(alice, code)
