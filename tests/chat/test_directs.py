"""Direct and group messages: the same people find the same room, nobody else does."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from chat import actions, heirs
from chat.changes import NotPossible, TooManyChanges
from chat.directs import begin_direct
from chat.models import Membership, Message, Room
from livechat.lib import limits
from tests.chat.pages import client_of, fill, room_of


def people(count: int) -> list[User]:
    return [
        User.objects.create_user(f"p{at}@example.org", display_name=f"Person {at:02}")
        for at in range(count)
    ]


def side(page: str, which: str) -> str:
    """The names in one list of the sidebar."""
    part = page.partition(f'id="sidebar-{which}"')[2].partition("</ul>")[0]
    return " ".join(re.findall(r'title="([^"]*)"', part))


def begun(client: Client, *others: User) -> str:
    """Where the form leads to."""
    ids = [user.public_id for user in others]
    return client.post("/directs/new", {"user": ids}).headers["Location"]


def test_the_same_people_find_the_same_room_whoever_begins(
    alice: User, bob: User, charlie: User
) -> None:
    place = begun(client_of(alice), bob)
    assert begun(client_of(bob), alice) == place
    assert begun(client_of(alice), bob, alice) == place
    assert begun(client_of(alice), bob, charlie) != place
    assert list(Room.objects.order_by("pk").values_list("kind", flat=True)) == [
        "direct",
        "group",
    ]


def test_each_sees_the_others_names_in_it(
    alice: User, bob: User, charlie: User
) -> None:
    place = begun(client_of(alice), bob, charlie)
    fill(Room.objects.get(), alice, 1)
    for user, name in ((alice, "Bob and Charlie"), (charlie, "Alice and Bob")):
        page = client_of(user).get(place).content.decode()
        assert f"<title>{name} · " in page
        assert side(page, "directs") == name
    bob.display_name = "Robert"
    bob.save()
    assert "Charlie and Robert" in client_of(alice).get(place).content.decode()


def test_a_title_names_a_few_and_counts_the_others(alice: User) -> None:
    room, _ = begin_direct(alice, people(9))
    page = client_of(alice).get(f"/rooms/{room.public_id}/").content.decode()
    assert "Person 00, Person 01, Person 02 and 6 more" in page


def test_it_stands_in_the_sidebar_and_not_in_the_lobby(alice: User, bob: User) -> None:
    room_of(alice, name="Lounge")
    room, _ = begin_direct(bob, [alice])
    fill(room, bob, 1)
    page = client_of(alice).get("/").content.decode()
    assert (side(page, "rooms"), side(page, "directs")) == ("Lounge", "Bob")
    assert f"room-name-{room.public_id}" not in page


def test_it_is_at_the_others_side_from_its_first_message_on(
    alice: User, bob: User
) -> None:
    room, _ = begin_direct(alice, [bob])
    asked = ("/", "/palette?q=alice", "/api/directs")
    for path in asked:
        assert room.public_id not in client_of(bob).get(path).content.decode()
    assert room.public_id in client_of(alice).get("/").content.decode()
    fill(room, alice, 1)
    for path in asked:
        assert room.public_id in client_of(bob).get(path).content.decode()


def test_those_with_the_latest_word_come_first(alice: User, bob: User) -> None:
    first, second = people(2)
    early, _ = begin_direct(alice, [first])
    begin_direct(alice, [second])
    assert side(client_of(alice).get("/").content.decode(), "directs") == (
        "Person 01 Person 00"
    )
    fill(early, first, 1)
    assert side(client_of(alice).get("/").content.decode(), "directs") == (
        "Person 00 Person 01"
    )


def test_nobody_else_learns_that_it_is_there(
    alice: User, bob: User, charlie: User
) -> None:
    """Not the site's owner either: alice is that."""
    room, _ = begin_direct(bob, [charlie])
    client, none = client_of(alice), "/rooms/nowhere12345/"
    for place in ("", "members", "edit", "delete", "history?before=5", "leave"):
        theirs = client.get(f"/rooms/{room.public_id}/{place}")
        assert theirs.status_code == 404
        assert theirs.content == client.get(none + place).content
    assert room.public_id not in client.get("/").content.decode()
    admin = client.get("/admin/chat/room/")
    assert room.public_id not in admin.content.decode()
    change = client.get(f"/admin/chat/room/{room.pk}/change/", follow=True)
    assert change.redirect_chain


@pytest.mark.parametrize(
    ("place", "form"),
    [
        ("edit", {"name": "Mine"}),
        ("delete", {}),
        ("members", {"name": "Charlie"}),
        ("members/{bob}/role", {"role": "admin"}),
        ("members/{bob}/mute", {"muted": "yes"}),
        ("members/{bob}/removal", {}),
        ("bans/{bob}", {}),
        ("leave", {}),
    ],
)
def test_its_people_and_who_runs_it_never_change(
    alice: User, bob: User, charlie: User, place: str, form: dict[str, str]
) -> None:
    room, _ = begin_direct(alice, [bob])
    before = list(Membership.objects.values_list())
    address = f"/rooms/{room.public_id}/{place.format(bob=bob.public_id)}"
    assert client_of(alice).post(address, form).status_code in {403, 409}
    assert list(Membership.objects.values_list()) == before
    assert Room.objects.get(pk=room.pk).last_seq == 0


def test_nobody_becomes_its_admin_when_an_account_is_closed(
    alice: User, bob: User
) -> None:
    begin_direct(alice, [bob])
    heirs.appoint_admins()
    assert not Message.objects.exists()
    assert set(Membership.objects.values_list("role", flat=True)) == {"member"}


def test_the_page_finds_people_and_keeps_whom_one_chose(
    alice: User, bob: User, charlie: User
) -> None:
    client = client_of(alice)
    page = client.get("/directs/new").content.decode()
    assert re.findall(r'pick__name">(\w+)<', page) == ["Bob", "Charlie"]
    form = {"q": "  CHAR ", "user": bob.public_id, "find": "yes"}
    page = client.post("/directs/new", form).content.decode()
    assert re.findall(r'value="(\w+)" checked', page) == [bob.public_id]
    assert re.findall(r'pick__name">(\w+)<', page) == ["Bob", "Charlie"]
    page = client.get("/directs/new", {"q": "zz"}).content.decode()
    assert "Nobody here has “zz”" in page
    assert not Room.objects.exists()


@pytest.mark.parametrize("wrong", ["nobody", "", "\u202e", "x" * 5000])
def test_somebody_who_is_not_there_is_refused(
    alice: User, bob: User, wrong: str
) -> None:
    form = {"user": [bob.public_id, wrong]}
    answer = client_of(alice).post("/directs/new", form)
    assert answer.status_code == 422
    assert "Choose again" in answer.content.decode()
    assert not Room.objects.exists()


def test_nobody_or_only_oneself_is_refused(alice: User) -> None:
    for ids in ([], [alice.public_id]):
        answer = client_of(alice).post("/directs/new", {"user": ids})
        assert answer.status_code == 422
        assert "Choose somebody else" in answer.content.decode()
    assert not Room.objects.exists()


def test_a_group_has_at_most_ten_people(alice: User) -> None:
    others = people(limits.DIRECT_MAX_PEOPLE)
    with pytest.raises(NotPossible, match="at most 9"):
        begin_direct(alice, others)
    assert begin_direct(alice, others[1:])[1]


def test_who_writes_to_many_strangers_is_stopped_for_the_day(alice: User) -> None:
    *others, last = people(limits.DIRECTS_PER_DAY + 1)
    for other in others:
        key = f"{alice.pk},{other.pk}"
        Room.objects.create(kind="direct", people_key=key, creator=alice)
    with pytest.raises(TooManyChanges, match="24 hours"):
        begin_direct(alice, [last])
    Room.objects.update(created_at=timezone.now() - timedelta(days=1))
    assert begin_direct(alice, [last])[1]


def test_whose_account_is_closed_cannot_be_written_to_anew(
    alice: User, bob: User
) -> None:
    bob.is_active = False
    bob.save()
    with pytest.raises(NotPossible, match="cannot write to Bob"):
        begin_direct(alice, [bob])


def test_the_sidebar_asks_as_many_questions_for_many_as_for_one(
    alice: User, bob: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    begin_direct(alice, [bob])
    client = client_of(alice)
    client.get("/")
    with django_assert_num_queries(10):
        client.get("/")
    for other in people(20):
        begin_direct(alice, [other, bob])
    with django_assert_num_queries(10):
        client.get("/")


def test_a_newcomer_is_not_put_into_one(alice: User, bob: User, charlie: User) -> None:
    begin_direct(alice, [bob])
    with pytest.raises(NotPossible):
        actions.leave_room(alice, Room.objects.get())
