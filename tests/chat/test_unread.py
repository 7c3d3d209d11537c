"""What is unread: a difference of numbers, exact whoever writes and whatever counts."""

import re
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from chat import actions, members, room_settings, sidebar
from chat.inbox import PostIntent
from chat.models import Membership, Message, Room
from chat.posting import write_batch
from chat.reading import mark_all_read, mark_read, store
from chat.room import Registry
from chat.unread import New, errors_in, new_in, unread_in
from chat.worker_tables import Shard
from tests.chat.pages import client_of, fill, room_of


def unread(user: User, room: Room) -> int:
    """What the member has to read now."""
    found = Membership.objects.select_related("room").get(user=user, room=room)
    return unread_in(found)


def post(room: Room, author: User, *texts: str) -> None:
    """Let the room worker's transaction write texts."""
    intents = [
        PostIntent(
            room=room.pk,
            user=author.pk,
            epoch=author.epoch,
            client_id=uuid4(),
            body=text,
            reply_to=None,
            process="",
            address="",
            ref=None,
            public_id=room.public_id,
        )
        for text in texts
    ]
    # Not by `leases.balance`: the worker of a running site would get its share.
    held = {"owner": "test", "epoch": 1, "until": timezone.now()}
    Shard.objects.update_or_create(number=room.shard, defaults=held)
    write_batch(intents, {room.shard: 1}, Registry())
    room.refresh_from_db()


def numbers_are_right() -> bool:
    """Whether counting again gives the same."""
    return list(errors_in(Room.objects.all())) == []


def test_a_message_is_unread_for_all_but_its_author(alice: User, bob: User) -> None:
    lounge = room_of(alice, bob)
    post(lounge, alice, "one", "two")
    assert (unread(alice, lounge), unread(bob, lounge)) == (0, 2)
    post(lounge, bob, "three")  # who writes has read what stood there
    assert (unread(alice, lounge), unread(bob, lounge)) == (1, 0)
    assert numbers_are_right()


def test_who_came_and_went_counts_for_nobody(
    alice: User, bob: User, charlie: User
) -> None:
    lounge = room_of(alice, bob)
    post(lounge, alice, "one")
    actions.join_room(charlie, lounge)
    actions.leave_room(charlie, lounge)
    post(lounge, alice, "two")
    members.set_muted(alice, lounge, bob, muted=True)
    lounge.refresh_from_db()
    assert (lounge.last_seq, lounge.quiet_count) == (5, 3)
    assert unread(bob, lounge) == 2
    assert unread(alice, lounge) == 0
    assert numbers_are_right()


def test_a_newcomer_has_read_what_was_there(alice: User, bob: User) -> None:
    lounge = room_of(alice)
    post(lounge, alice, "one", "two")
    actions.join_room(bob, lounge)
    assert unread(bob, lounge) == 0
    post(lounge, alice, "three")
    assert unread(bob, lounge) == 1
    assert numbers_are_right()


@pytest.mark.parametrize(("upto", "left"), [(0, 3), (1, 2), (3, 1), (5, 0), (99, 0)])
def test_any_number_may_be_marked_and_the_rest_is_unread(
    alice: User, bob: User, charlie: User, upto: int, left: int
) -> None:
    lounge = room_of(alice, bob)
    post(lounge, alice, "one", "two")
    actions.join_room(charlie, lounge)  # number 3
    post(lounge, alice, "four")
    members.set_muted(alice, lounge, charlie, muted=True)  # number 5
    lounge.refresh_from_db()
    assert mark_read(bob, lounge, upto) == min(upto, 5)
    assert unread(bob, lounge) == left
    assert numbers_are_right()


def test_nobody_marks_what_is_not_theirs(alice: User, bob: User, charlie: User) -> None:
    lounge, vault = room_of(alice), room_of(alice, name="Vault", is_private=True)
    wanted = {
        (charlie.pk, lounge.public_id): 1,
        (charlie.pk, vault.public_id): 1,
        (charlie.pk, "none"): 1,
        (alice.pk, lounge.public_id): 0,
    }
    assert store(wanted) == {
        (charlie.pk, lounge.public_id): "forbidden",
        (charlie.pk, vault.public_id): "no_room",
        (charlie.pk, "none"): "no_room",
        (alice.pk, lounge.public_id): 0,
    }
    assert mark_read(bob, lounge, 1) is None


def test_unread_never_goes_before_what_is_theirs_to_read(
    alice: User, bob: User
) -> None:
    lounge = room_of(alice, is_private=True)
    post(lounge, alice, "secret", "secret too")
    room_settings.update_room(alice, lounge, is_private=False)  # number 3
    actions.join_room(bob, lounge)  # number 4
    lounge.refresh_from_db()
    mark_read(bob, lounge, 0)
    assert Membership.objects.get(user=bob).last_read_seq == 2
    assert unread(bob, lounge) == 0


def test_all_is_marked_read_at_once(alice: User, bob: User) -> None:
    rooms = [room_of(alice, bob, name=f"Room {number}") for number in range(3)]
    for room in rooms[:2]:
        post(room, alice, "news")
    assert mark_all_read(bob) == 2
    assert [unread(bob, room) for room in rooms] == [0, 0, 0]
    assert mark_all_read(bob) == 0


def test_the_first_new_message_is_the_first_that_counts(
    alice: User, bob: User, charlie: User
) -> None:
    lounge = room_of(alice, bob)
    post(lounge, bob, "seen")
    actions.join_room(charlie, lounge)
    lounge.refresh_from_db()
    post(lounge, alice, "new", "newer")
    standing = Membership.objects.select_related("room").get(user=bob)
    assert new_in(standing) == New(count=2, first_seq=3)


def test_the_doctor_finds_a_wrong_number(alice: User, bob: User) -> None:
    lounge = room_of(alice, bob)
    room_settings.update_room(alice, lounge, name="Salon")
    call_command("doctor", "unread")
    Room.objects.update(quiet_count=7)
    Membership.objects.filter(user=bob).update(quiet_read=2)
    with pytest.raises(CommandError, match="2 numbers are wrong"):
        call_command("doctor", "unread")


def test_the_page_shows_the_badge_the_line_and_the_way_to_it(
    alice: User, bob: User
) -> None:
    lounge = room_of(alice, bob)
    fill(lounge, alice, 3)
    mark_read(bob, lounge, 1)
    page = client_of(bob).get(f"/rooms/{lounge.public_id}/").content.decode()
    assert f'<span id="badge-{lounge.public_id}" class="count">2<' in page
    assert 'data-new="New" data-seq="2"' in page
    assert page.count("data-new=") == 1
    assert 'href="#m-2"' in page
    mark_read(bob, lounge, 3)
    page = client_of(bob).get(f"/rooms/{lounge.public_id}/").content.decode()
    assert f'<span id="badge-{lounge.public_id}" class="count" hidden>' in page
    assert "data-new=" not in page


def test_the_way_leads_to_an_older_page_that_shows_the_first(
    alice: User, bob: User
) -> None:
    lounge = room_of(alice, bob)
    fill(lounge, alice, 200)
    mark_read(bob, lounge, 20)
    client = client_of(bob)
    page = client.get(f"/rooms/{lounge.public_id}/").content.decode()
    assert 'href="?before=61#m-21"' in page
    older = client.get(f"/rooms/{lounge.public_id}/?before=61").content.decode()
    assert 'data-new="New" data-seq="21"' in older


def test_a_plain_form_marks_read_and_unread(alice: User, bob: User) -> None:
    lounge = room_of(alice, bob)
    fill(lounge, alice, 5)
    client: Client = client_of(bob)
    address = f"/rooms/{lounge.public_id}/read"
    assert client.post(address, {"upto": 5}).headers["Location"] == "/"
    assert unread(bob, lounge) == 0
    client.post(address, {"unread_from": 4})
    assert unread(bob, lounge) == 2
    assert "unread from there on" in client.get("/").content.decode()
    assert client.post("/read").headers["Location"] == "/"
    assert unread(bob, lounge) == 0


def test_the_sum_behind_a_badge_is_told(alice: User, bob: User, charlie: User) -> None:
    lounge = room_of(alice, bob)
    post(lounge, alice, "one <b>two</b>")
    actions.join_room(charlie, lounge)
    page = client_of(bob).get(f"/rooms/{lounge.public_id}/unread").content.decode()
    assert "not yet read <strong>1 message</strong> in Lounge" in page
    assert "do not count: 1 since you last read here" in page
    assert "one &lt;b&gt;two&lt;/b&gt;" in page
    assert Message.objects.filter(kind="system").count() == 1


def rows_of(page: str, section: str) -> list[str]:
    """The names of the rooms in a section of the side, in their order."""
    part = page.partition(f'<ul id="sidebar-{section}"')[2].partition("</ul>")[0]
    return re.findall(r'class="sidebar__name" title="([^"]+)"', part)


def test_a_favourite_stands_above_the_other_rooms(alice: User, bob: User) -> None:
    for name in ("Attic", "Cellar", "Lounge"):
        room_of(alice, bob, name=name)
    client = client_of(bob)
    cellar = Room.objects.get(name="Cellar")
    own = f"/rooms/{cellar.public_id}/own"
    assert "sidebar-favourites" not in client.get("/").content.decode()
    client.post(own, {"favourite": "yes"})
    page = client.get("/").content.decode()
    assert rows_of(page, "favourites") == ["Cellar"]
    assert rows_of(page, "rooms") == ["Attic", "Lounge"]
    assert rows_of(client_of(alice).get("/").content.decode(), "rooms") == [
        "Attic",
        "Cellar",
        "Lounge",
    ]
    client.post(own, {"favourite": "no"})
    assert "sidebar-favourites" not in client.get("/").content.decode()


@pytest.mark.parametrize(
    ("level", "shown"), [("all", "2"), ("mentions", None), ("nothing", None)]
)
def test_the_level_of_a_room_decides_over_its_badge(
    alice: User, bob: User, level: str, shown: str | None
) -> None:
    lounge = room_of(alice, bob)
    fill(lounge, alice, 2)
    client = client_of(bob)
    client.post(f"/rooms/{lounge.public_id}/own", {"level": level})
    page = client.get("/").content.decode()
    found = re.search(r'class="count">(\d+)<', page)
    assert (found and found[1]) == shown
    assert ("sidebar__row--quiet" in page) is (level == "nothing")
    assert unread(bob, lounge) == 2


@pytest.mark.parametrize("given", [{}, {"level": "loud"}, {"favourite": "maybe"}])
def test_a_senseless_setting_of_ones_own_is_refused(
    alice: User, given: dict[str, str]
) -> None:
    lounge = room_of(alice)
    answer = client_of(alice).post(f"/rooms/{lounge.public_id}/own", given)
    assert answer.status_code == 422


def test_a_folded_section_stays_folded_until_it_is_unfolded(alice: User) -> None:
    room_of(alice)
    client = client_of(alice)
    opened = client.get("/").content.decode().count("<details open>")
    client.post("/side/rooms")
    assert client.get("/").content.decode().count("<details open>") == opened - 1
    client.post("/side/rooms")
    assert client.get("/").content.decode().count("<details open>") == opened
    assert client.post("/side/none").status_code == 404


def test_five_hundred_rooms_cost_no_more_questions_than_one(
    alice: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    rooms = Room.objects.bulk_create(
        Room(name=f"Room {number}", creator=alice) for number in range(500)
    )
    Membership.objects.bulk_create(Membership(room=one, user=alice) for one in rooms)
    sidebar.context(alice)  # templates are compiled
    with django_assert_num_queries(4):
        listed = sidebar.context(alice)["sidebar"]
    assert sum(one.html.count("<li") for one in listed) == 500


def test_what_a_message_costs_for_all_badges_does_not_grow_with_members(
    alice: User, bob: User
) -> None:
    """One write of a row found by an index, and no question for a member."""
    few, many = room_of(alice, bob), room_of(alice, bob, name="Many")
    crowd = [
        User.objects.create_user(f"c{number}@example.org", display_name=f"C {number}")
        for number in range(60)
    ]
    Membership.objects.bulk_create(Membership(room=many, user=one) for one in crowd)
    counts = []
    for room in (few, many):
        post(room, alice, "warm")
        with CaptureQueriesContext(connection) as asked:
            post(room, alice, "counted")
        counts.append(len(asked))
        marks = [
            one["sql"]
            for one in asked
            if "chat_membership" in one["sql"] and "UPDATE" in one["sql"]
        ]
        assert len(marks) == 1
    assert counts[0] == counts[1]
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            sql = marks[0].partition("times: ")[2].replace("%s", "1")
            cursor.execute(f"EXPLAIN QUERY PLAN {sql}")
            (plan,) = (row[3] for row in cursor.fetchall())
        assert "USING INDEX" in plan, plan
