"""Owner, admin, moderator, member, guest: who does what to whom."""

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404

from accounts.models import User
from chat import actions, members
from chat.changes import NotPossible
from chat.directs import begin_direct
from chat.models import Membership, Room
from tests.chat.pages import client_of, room_of

ROLES = ("admin", "moderator", "member")


@pytest.fixture
def lounge(bob: User) -> Room:
    """bob made it; he is no admin of the site, as alice is."""
    return room_of(bob)


def put(room: Room, role: str, name: str = "") -> User:
    name = name or role.title()
    user = User.objects.create_user(f"{name}@example.org", display_name=name)
    Membership.objects.create(room=room, user=user, role=role)
    return user


@pytest.mark.parametrize("act", [members.remove_member, members.ban])
@pytest.mark.parametrize("role", ROLES)
def test_an_admin_removes_anybody_but_the_owner(
    lounge: Room, bob: User, act: object, role: str
) -> None:
    admin, other = put(lounge, "admin", "Chief"), put(lounge, role)
    act(admin, lounge, other)  # type: ignore[operator] # either of the two
    assert not lounge.memberships.filter(user=other).exists()
    with pytest.raises(NotPossible, match="Bob owns this room"):
        act(admin, lounge, bob)  # type: ignore[operator] # either of the two
    assert lounge.memberships.filter(user=bob).exists()


@pytest.mark.parametrize("role", ROLES)
def test_a_moderator_mutes_and_removes_plain_members_only(
    lounge: Room, role: str
) -> None:
    moderator, other = put(lounge, "moderator", "Guard"), put(lounge, role)
    if role == "member":
        members.set_muted(moderator, lounge, other, muted=True)
        members.remove_member(moderator, lounge, other)
        assert not lounge.memberships.filter(user=other).exists()
        return
    with pytest.raises(NotPossible, match="Make them a member first"):
        members.set_muted(moderator, lounge, other, muted=True)
    with pytest.raises(NotPossible, match="Ask an admin"):
        members.remove_member(moderator, lounge, other)
    assert lounge.memberships.filter(user=other, is_muted=False).exists()


def test_a_moderator_gives_no_role_adds_nobody_and_bans_nobody(
    lounge: Room, charlie: User
) -> None:
    moderator, other = put(lounge, "moderator"), put(lounge, "member")
    for act in (
        lambda: members.set_role(moderator, lounge, moderator, "admin"),
        lambda: members.set_role(moderator, lounge, other, "moderator"),
        lambda: members.ban(moderator, lounge, other),
        lambda: members.add_member(moderator, lounge, charlie),
    ):
        with pytest.raises(PermissionDenied):
            act()
    assert lounge.last_seq == Room.objects.get().last_seq


def test_nobody_takes_the_room_from_its_owner_but_they_give_it_away(
    lounge: Room, bob: User
) -> None:
    admin = put(lounge, "admin")
    with pytest.raises(NotPossible, match="owns this room"):
        members.set_role(admin, lounge, bob, "member")
    members.set_role(bob, lounge, bob, "member")
    members.set_role(admin, lounge, bob, "moderator")  # owner no more
    assert lounge.memberships.get(user=bob).role == "moderator"


def test_an_admin_of_the_site_may_in_a_public_room(
    lounge: Room, alice: User, bob: User
) -> None:
    put(lounge, "admin")
    members.remove_member(alice, lounge, bob)
    assert not lounge.memberships.filter(user=bob).exists()


def test_the_page_offers_what_one_may_do(lounge: Room, bob: User) -> None:
    for role in ROLES:
        put(lounge, role)
    address = f"/rooms/{lounge.public_id}/members"
    people = {one.display_name: one for one in User.objects.all()}
    offered = {}
    for name in ("Bob", "Admin", "Moderator", "Member"):
        page = client_of(people[name]).get(address).content.decode()
        offered[name] = [who for who in people if f'aria-label="Manage {who}"' in page]
    assert offered == {
        "Bob": ["Admin", "Moderator", "Member"],
        "Admin": ["Moderator", "Member"],
        "Moderator": ["Member"],
        "Member": [],
    }


# Guests


@pytest.fixture
def guest(db: None) -> User:
    return User.objects.create_user(
        "g@example.org", display_name="Gwen", role=User.Role.GUEST
    )


def test_a_guest_sees_only_rooms_that_they_were_put_into(
    lounge: Room, bob: User, guest: User
) -> None:
    other = room_of(bob, name="Attic")
    members.add_member(bob, lounge, guest)
    client = client_of(guest)
    lobby = client.get("/").content.decode()
    assert ("Lounge" in lobby, "Attic" in lobby) == (True, False)
    assert client.get(f"/rooms/{lounge.public_id}/").status_code == 200
    assert client.get(f"/rooms/{other.public_id}/").status_code == 404
    assert "New room" not in lobby
    with pytest.raises(Http404):
        actions.join_room(guest, other)


def test_a_guest_makes_no_room_and_begins_no_direct_message(
    alice: User, guest: User
) -> None:
    client = client_of(guest)
    for place, form in (
        ("/rooms/new", {"name": "Mine"}),
        ("/directs/new", {"user": alice.public_id}),
    ):
        assert client.get(place).status_code == 403
        assert client.post(place, form).status_code == 403
    for act in (
        lambda: actions.create_room(guest, name="Mine"),
        lambda: begin_direct(guest, [alice]),
    ):
        with pytest.raises(PermissionDenied):
            act()
    assert not Room.objects.exists()


def test_a_guest_reads_a_direct_message_that_somebody_began(
    alice: User, guest: User
) -> None:
    room, _ = begin_direct(alice, [guest])
    assert client_of(guest).get(f"/rooms/{room.public_id}/").status_code == 200


def test_whoever_becomes_a_guest_is_signed_out_everywhere(
    alice: User, bob: User
) -> None:
    client = client_of(bob)
    assert client.get("/").status_code == 200
    form = {"display_name": "Bob", "email": bob.email, "role": "guest"}
    address = f"/admin/accounts/user/{bob.pk}/change/"
    answer = client_of(alice).post(address, {**form, "is_active": "on"})
    assert answer.status_code == 302
    assert client.get("/").headers["Location"].startswith("/accounts/login/")
