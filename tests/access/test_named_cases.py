"""Attempts by name: other rooms' objects, guesses, fields that nobody asked for."""

import json
import re
from itertools import pairwise
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError
from django.http import Http404
from django.test import Client

from accounts.models import User
from chat import access, actions, room_settings
from chat import members as people
from chat.api_members import member_fields
from chat.api_parts import one_room
from chat.changes import NotPossible
from chat.message_fields import message_fields
from chat.models import Membership, Message, Room
from livechat.lib.ids import ALPHABET, LENGTH
from tests.access import matrix
from tests.access.world import World, world
from tests.chat.pages import client_of, room_of

# What anybody may see without an account: the entrance, and what machines ask.
OF_THE_APP = {"manifest", "offline", "service_worker"}  # the site on a home screen
# `digest_end` works by a signed link, as mail programs follow it without a log-in.
OPEN = {"invite", "join", "openapi", "health", "digest_end", *OF_THE_APP} | {
    f"account_{name}"
    for name in (
        "login",
        "signup",
        "inactive",
        "email_verification_sent",
        "confirm_email",
        "reset_password",
        "reset_password_done",
        "reset_password_from_key",
        "reset_password_from_key_done",
    )
}
PERSON = {"id", "name", "bot"}


@pytest.fixture
def here(db: None) -> World:
    return world()


def call(client: Client, method: str, path: str, body: Any = None) -> int:
    data = "" if body is None else json.dumps(body)
    return client.generic(method, path, data, "application/json").status_code


def test_z2_nobody_without_an_account_sees_what_is_not_listed_as_open() -> None:
    rows = matrix.room_rows() + matrix.site_rows() + matrix.entrance_rows()
    rows += matrix.intent_rows() + matrix.site_intent_rows()
    assert {row.name for row in rows if row.cells["AN"] == "Y"} == OPEN


def test_z3_an_object_of_another_room_is_not_found_through_ones_own(
    here: World,
) -> None:
    mine = room_of(here.users["RA"], name="Mine")
    client = client_of(here.users["RA"])
    path = f"/api/rooms/{mine.public_id}"
    for person in (here.target, here.banned):
        member = f"{path}/members/{person.public_id}"
        assert call(client, "PATCH", member, {"muted": True}) == 404
        assert call(client, "DELETE", member) == 404
        assert call(client, "DELETE", f"{path}/bans/{person.public_id}") == 404
    assert here.rooms["private"].memberships.filter(user=here.target).exists()


def test_z4_ids_are_random_and_their_neighbours_and_counters_find_nothing(
    here: World,
) -> None:
    client = client_of(here.users["ST"])
    ids = [Room.objects.create(name=f"n{one}").public_id for one in range(100)]
    assert all(re.fullmatch(f"[{ALPHABET}]{{{LENGTH}}}", one) for one in ids)
    assert all(one[:6] != other[:6] for one, other in pairwise(ids))
    vault = here.rooms["private"].public_id
    neighbours = [vault[:-1] + sign for sign in ALPHABET]
    for guess in [*neighbours, *map(str, range(1, 50))]:
        assert call(client, "GET", f"/api/rooms/{guess}") == 404


def test_z8_an_admin_of_one_room_is_nobody_in_another(here: World) -> None:
    room_of(here.users["ST"], name="Mine")
    client = client_of(here.users["ST"])
    for privacy, refused in (("private", 404), ("public", 403)):
        path = f"/api/rooms/{here.rooms[privacy].public_id}"
        who = here.target.public_id
        assert call(client, "DELETE", f"{path}/members/{who}") == refused
        assert call(client, "POST", f"{path}/bans", {"user": who}) == refused
        assert call(client, "DELETE", path) == refused


def test_z15_an_answer_holds_these_fields_and_no_others(here: World) -> None:
    room, user = here.rooms["private"], here.users["ME"]
    member = member_fields(Membership.objects.get(room=room, user=user))
    assert member.keys() == {"user", "role", "owner", "muted", "joined_at"}
    assert member["user"].keys() == PERSON
    found = message_fields(Message.objects.filter(room=room)[0])
    assert found["author"].keys() == PERSON
    assert found.keys() == {
        *("seq", "changed_seq", "kind", "author", "client_id", "body", "html"),
        *("event", "reply_to", "thread", "in_room", "attachments", "links"),
        "created_at",
    }
    assert one_room(user, room.public_id).keys() == {
        *("id", "kind", "name", "description", "topic", "private", "members"),
        *("joined", "read_only", "members_pin", "slow_mode_s", "archived"),
        *("role", "last_seq", "last_changed_seq", "unread", "mentions"),
    }


@pytest.mark.parametrize("part", ["", "/messages", "/members"])
def test_z15_no_answer_tells_a_member_an_address_or_when_somebody_was_here(
    here: World, part: str
) -> None:
    client = client_of(here.users["ME"])
    room = here.rooms["private"].public_id
    for path in (f"/api/rooms/{room}{part}", f"/rooms/{room}/{part[1:]}"):
        if path.endswith("/messages") and path.startswith("/rooms"):
            continue  # it takes messages and shows none
        text = client.get(path).content.decode()
        text = text.replace(here.users["ME"].email, "")  # their own, in their menu
        assert "Plain Member" in text or part == ""
        for word in ("@example.org", "127.0.0.1", "last_login", "last_seen"):
            assert word not in text


def test_z17_who_has_no_right_bans_and_removes_nobody(here: World) -> None:
    room = here.rooms["private"]
    for role in ("MU", "ME", "BO"):
        for act in (people.ban, people.remove_member):
            with pytest.raises(PermissionDenied):
                act(here.users[role], room, here.target)
    assert room.memberships.filter(user=here.target).exists()


def test_z18_who_is_banned_comes_back_by_no_door(here: World) -> None:
    banned = here.users["BA"]
    for room in here.rooms.values():
        with pytest.raises(Http404):
            actions.join_room(banned, room)
        with pytest.raises(PermissionDenied):
            people.add_member(here.users["ME"], room, banned)
        with pytest.raises(NotPossible):  # an admin has to lift the ban first
            people.add_member(here.users["RA"], room, banned)
        assert not room.memberships.filter(user=banned).exists()


def test_z18_an_address_has_one_account(here: World) -> None:
    with pytest.raises(IntegrityError):
        User.objects.create_user(here.users["BA"].email, "x", display_name="Again")


def test_z19_what_was_private_stays_so_in_a_room_that_became_public(
    here: World,
) -> None:
    room, keeper = here.rooms["private"], here.keeper
    room_settings.update_room(keeper, room, is_private=False)
    room.refresh_from_db()
    path = f"/api/rooms/{room.public_id}/messages"
    read = {role: client_of(here.users[role]).get(path).json() for role in ("ST", "ME")}
    assert "secret" not in str(read["ST"])
    assert "secret" in str(read["ME"])
    room_settings.update_room(keeper, room, is_private=True)
    assert client_of(here.users["ST"]).get(path).status_code == 404


def test_z21_the_admin_of_the_site_is_offered_no_message(here: World) -> None:
    shown = {model._meta.label for model in admin.site._registry}
    assert "chat.Message" not in shown
    assert shown & {one._meta.label for one in apps.get_app_config("chat").get_models()}
    client = client_of(here.users["SA"])
    room = here.rooms["private"].pk
    for part in ("change", "history", "delete"):
        page = client.get(f"/admin/chat/room/{room}/{part}/").content.decode()
        assert "Vault" in page
        assert "secret" not in page
        assert "Plain Member" not in page


@pytest.mark.parametrize("privacy", ["private", "public"])
def test_where_members_pin_a_member_and_a_bot_do_and_nobody_else_more(
    here: World, privacy: str
) -> None:
    room, people = here.rooms[privacy], here.users.items()
    before = {role for role, user in people if access.can(user, "pin", room)}
    room_settings.update_room(here.users["RA"], room, members_pin=True)
    now = Room.objects.get(pk=room.pk)
    after = {role for role, user in people if access.can(user, "pin", now)}
    assert after - before == {"ME", "BO"}
    assert before - after == set()
