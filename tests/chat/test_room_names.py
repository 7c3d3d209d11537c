"""No two public rooms have names that look alike; private ones have any name."""

import threading
from collections.abc import Callable
from importlib import import_module

import pytest
from django.apps import apps
from django.db import connection, connections

from accounts.models import User
from chat import actions
from chat.models import Room
from chat.room_names import TAKEN, NameTaken
from chat.room_settings import update_room
from livechat.lib.words import plain
from tests.chat.pages import client_of, room_of
from tests.chat.test_api_reports import Program

ALIKE = ["Design", "design", " DESIGN ", "D\u0435sign", "De-sign", "Des\u0131gn"]


@pytest.fixture
def design(alice: User) -> Room:
    return actions.create_room(alice, name="Design")


@pytest.mark.parametrize("name", ALIKE)
def test_no_public_room_is_made_with_a_name_that_another_has(
    design: Room, bob: User, name: str
) -> None:
    page = client_of(bob).post("/rooms/new", {"name": name})
    assert page.status_code == 422
    assert plain(TAKEN) in page.content.decode()
    reply = Program(bob).call("POST", "/api/rooms", {"name": name})
    assert (reply.status, reply.json["code"]) == (409, "conflict")
    assert list(Room.objects.all()) == [design]


def test_a_private_room_takes_no_name_and_is_refused_none(
    design: Room, bob: User
) -> None:
    for name in ("Design", "Plans"):
        actions.create_room(bob, name=name, is_private=True)
    assert actions.create_room(bob, name="Plans").name == "Plans"


def test_a_room_is_given_no_name_that_another_public_room_has(
    design: Room, alice: User
) -> None:
    room = actions.create_room(alice, name="Plans")
    form = {"name": "design", "slow_mode_s": "0"}
    page = client_of(alice).post(f"/rooms/{room.public_id}/edit", form)
    assert (page.status_code, plain(TAKEN) in page.content.decode()) == (422, True)
    program, path, here = Program(alice), "/api/rooms/{room}", room.public_id
    for name, status in (("DESIGN", 409), ("PLANS", 200)):
        reply = program.call("PATCH", path, {"name": name}, room=here)
        assert reply.status == status
    room.refresh_from_db()
    assert (room.name, room.last_seq) == ("PLANS", 1)


def test_a_private_room_becomes_public_only_with_a_name_of_its_own(
    design: Room, alice: User
) -> None:
    room = actions.create_room(alice, name="Design", is_private=True)
    with pytest.raises(NameTaken):
        update_room(alice, room, is_private=False)
    update_room(alice, room, is_private=False, name="Design 2")
    assert not Room.objects.get(pk=room.pk).is_private


@pytest.mark.parametrize("how", ["deleted", "private", "renamed"])
def test_a_name_that_is_given_up_is_free(design: Room, alice: User, how: str) -> None:
    if how == "deleted":
        actions.delete_room(alice, design)
    elif how == "private":
        update_room(alice, design, is_private=True)
    else:
        update_room(alice, design, name="Shapes")
    assert actions.create_room(alice, name="design").name_key is not None


def test_an_archived_room_keeps_its_name(design: Room, alice: User) -> None:
    update_room(alice, design, is_archived=True)
    with pytest.raises(NameTaken):
        actions.create_room(alice, name="Design")


def test_the_admin_says_so_too(design: Room, alice: User) -> None:
    client = client_of(alice)
    page = client.post("/admin/chat/room/add/", {"name": "design"})
    assert plain(TAKEN) in page.content.decode()
    other = actions.create_room(alice, name="Plans")
    path = f"/admin/chat/room/{other.pk}/change/"
    assert plain(TAKEN) in client.post(path, {"name": "Design"}).content.decode()
    assert client.post(path, {"name": "Plans"}).status_code == 302
    assert client.post("/admin/chat/room/add/", {"name": "Own"}).status_code == 302


@pytest.mark.django_db(transaction=True)
def test_of_two_at_the_same_moment_one_gets_the_name(alice: User, bob: User) -> None:
    begin, told = threading.Barrier(2), list[str]()

    def make(user: User) -> None:
        begin.wait()
        try:
            told.append(actions.create_room(user, name="Design").name)
        except NameTaken as error:
            told.append(str(error))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=make, args=(one,)) for one in (alice, bob)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(told) == sorted(["Design", TAKEN])


def test_rooms_from_before_keep_their_names_and_the_oldest_its_claim(
    alice: User,
) -> None:
    old, young = room_of(alice, name="Lounge"), room_of(alice, name="lounge")
    room_of(alice, name="Lounge", is_private=True)
    migration = import_module("chat.migrations.0027_names_of_public_rooms")
    give_keys: Callable[..., None] = migration.give_keys
    give_keys(apps, connection.schema_editor())
    keys = dict(Room.objects.values_list("pk", "name_key"))
    assert [pk for pk, key in keys.items() if key] == [old.pk]
    with pytest.raises(NameTaken):
        actions.create_room(alice, name="Lounge")
    update_room(alice, young, topic="still here")
    assert Room.objects.get(pk=young.pk).topic == "still here"
