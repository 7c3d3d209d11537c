"""The settings of a room: who may change them, what they do, and that all is told."""

import json
import re
from typing import Any

import pytest

from accounts.models import User
from chat.models import Message, Room
from chat.moderation_tables import AuditEntry
from chat.room_settings import update_room
from tests.chat.pages import client_of, room_of

PLAIN = {"name": "Lounge", "slow_mode_s": "0"}


def events(room: Room) -> list[str]:
    rows = Message.objects.filter(room=room).order_by("seq")
    return [json.loads(row.event)["type"] for row in rows]


@pytest.mark.parametrize(
    ("form", "field", "value", "event"),
    [
        ({"topic": " Launch  day "}, "topic", "Launch day", "topic"),
        ({"is_read_only": "on"}, "is_read_only", True, "read_only"),
        ({"members_pin": "on"}, "members_pin", True, "members_pin"),
        ({"slow_mode_s": "30"}, "slow_mode_s", 30, "slow_mode"),
        ({"is_private": "on"}, "is_private", True, "private"),
        ({"description": "Talk"}, "description", "Talk", "described"),
        ({"name": "Salon"}, "name", "Salon", "renamed"),
    ],
)
def test_each_setting_is_stored_told_and_audited_once(
    alice: User, bob: User, form: dict[str, str], field: str, value: Any, event: str
) -> None:
    lounge = room_of(alice, bob)
    address = f"/rooms/{lounge.public_id}/edit"
    for _ in range(2):  # a second time changes nothing
        answer = client_of(alice).post(address, {**PLAIN, **form})
        assert answer.status_code == 302
    assert getattr(Room.objects.get(), field) == value
    assert events(lounge) == [event]
    assert [one.kind for one in AuditEntry.objects.all()] == [event]
    page = client_of(bob).get(f"/rooms/{lounge.public_id}/audit").content.decode()
    assert AuditEntry.objects.get().sentence in page.replace("&#x27;", "'")


@pytest.mark.parametrize(
    "form",
    [
        {"name": ""},
        {"name": "x" * 51},
        {"topic": "x" * 121},
        {"topic": "a\x07b"},
        {"slow_mode_s": "7"},
        {"slow_mode_s": "-1"},
        {"slow_mode_s": "now"},
    ],
)
def test_what_does_not_fit_is_said_and_not_stored(
    alice: User, form: dict[str, str]
) -> None:
    lounge = room_of(alice)
    answer = client_of(alice).post(f"/rooms/{lounge.public_id}/edit", {**PLAIN, **form})
    assert answer.status_code == 422
    assert "errorlist" in answer.content.decode()
    assert events(lounge) == []


def test_a_slow_mode_that_a_program_set_is_kept_by_the_form(alice: User) -> None:
    lounge = room_of(alice)
    update_room(alice, lounge, slow_mode_s=7)
    address = f"/rooms/{lounge.public_id}/edit"
    page = client_of(alice).get(address).content.decode()
    assert re.search(r'value="7" selected>once in 7 seconds', page)
    client_of(alice).post(address, {"name": "Lounge", "slow_mode_s": "7"})
    assert Room.objects.get().slow_mode_s == 7
    assert events(lounge) == ["slow_mode"]


def test_an_archived_room_is_read_and_leaves_the_sidebar(
    alice: User, bob: User
) -> None:
    lounge = room_of(alice, bob)
    address = f"/rooms/{lounge.public_id}/"
    for _ in range(2):
        client_of(alice).post(f"{address}archive", {"archived": "yes"})
    page = client_of(bob).get(address)
    assert page.status_code == 200
    assert "This room is archived" in page.content.decode()
    assert f'id="side-{lounge.public_id}"' not in page.content.decode()
    assert "archived</span>" not in client_of(bob).get("/").content.decode()
    lobby = client_of(bob).get("/?archived=1").content.decode()
    assert "archived</span>" in lobby
    client_of(alice).post(f"{address}archive", {"archived": "no"})
    page = client_of(bob).get(address)
    assert "This room is archived" not in page.content.decode()
    assert f'id="side-{lounge.public_id}"' in page.content.decode()
    assert events(lounge) == ["archived", "restored"]


def test_a_senseless_word_of_the_archive_changes_nothing(alice: User) -> None:
    lounge = room_of(alice)
    address = f"/rooms/{lounge.public_id}/archive"
    assert client_of(alice).post(address, {"archived": "maybe"}).status_code == 302
    assert events(lounge) == []


def test_the_page_says_who_may_write_and_how_often(alice: User, bob: User) -> None:
    lounge = room_of(alice, bob)
    update_room(alice, lounge, is_read_only=True, slow_mode_s=300, topic="Quiet week")
    address = f"/rooms/{lounge.public_id}/"
    page = client_of(bob).get(address).content.decode()
    assert "Only admins and moderators write in this room." in page
    assert "Slow mode: each member may write once in 5 minutes" in page
    assert "Quiet week" in page
    voice = client_of(alice).get(address).content.decode()
    assert "Only admins and moderators write" not in voice.partition("voice")[2]


def test_the_audit_log_shows_the_latest_first_and_pages(alice: User) -> None:
    lounge = room_of(alice)
    for number in range(60):
        AuditEntry.objects.create(
            room=lounge, actor=alice, kind="topic", sentence=f"Entry {number:02}"
        )
    address = f"/rooms/{lounge.public_id}/audit"
    page = client_of(alice).get(address).content.decode()
    assert re.findall(r"Entry (\d\d)", page)[:2] == ["59", "58"]
    assert "Entry 09" not in page
    rest = client_of(alice).get(f"{address}?offset=50").content.decode()
    assert re.findall(r"Entry (\d\d)", rest) == [f"{n:02}" for n in range(9, -1, -1)]


def test_a_names_markup_is_only_text_in_the_audit_log(alice: User) -> None:
    lounge = room_of(alice)
    update_room(alice, lounge, name="<b>Bold</b>")
    page = client_of(alice).get(f"/rooms/{lounge.public_id}/audit").content.decode()
    assert "<b>Bold" not in page
    assert "&lt;b&gt;Bold" in page
