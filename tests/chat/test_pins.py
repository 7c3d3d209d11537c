"""Pins: who sets them, what everybody is told, how many, and when they end."""

import asyncio
import json
from typing import Any

import pytest
from django.test import Client

from accounts.models import Token, User
from chat.changes import NotPossible
from chat.models import Membership, Message, Room
from chat.moderation_tables import AuditEntry
from chat.pins import pins_of, set_pinned
from livechat.lib import limits
from tests.chat.conftest import Member
from tests.chat.pages import client_of, fill, room_of
from tests.chat.shapes import check_frame
from tests.chat.test_message_changes import call, change
from tests.live import Live


def pinned(room: Room) -> list[int]:
    """The numbers of what is pinned, the latest first."""
    rows = Message.objects.filter(room=room, pinned_at__isnull=False)
    return list(rows.order_by("-pinned_at", "-seq").values_list("seq", flat=True))


async def moderator(room: Room, member: Member) -> str:
    """The token of one."""
    user, token = member(room, "Bob")
    found = Membership.objects.filter(room=room, user=user)
    await asyncio.to_thread(found.update, role="moderator")
    return token


async def test_a_pin_is_a_change_and_a_line_of_the_log_and_goes_with_the_text(
    live: Live, room: Room, member: Member
) -> None:
    token = await moderator(room, member)
    async with live.client(token) as bob, live.client(token) as reader:
        seq = (await bob.post(room.public_id, "the rules"))["seq"]
        await reader.subscribe(room.public_id)
        path = f"/api/rooms/{room.public_id}"
        put = await asyncio.to_thread(
            call, live, token, "PUT", f"{path}/messages/{seq}/pin"
        )
        changed = await reader.expect("changed", seq=seq)
        told = await reader.expect("message", kind="system")
        listed = await asyncio.to_thread(call, live, token, "GET", f"{path}/pins")
        await change(bob, "delete", room, seq)
        gone = await reader.expect("changed", seq=seq, deleted=True)
        left = await asyncio.to_thread(call, live, token, "GET", f"{path}/pins")
    check_frame(changed)
    check_frame(told)
    assert (put["status"], put["seq"], put["pinned"]) == (200, seq, True)
    assert changed["pinned"] is True
    assert told["event"] == {"type": "pinned", "message": seq}
    assert told["reply_to"] == seq
    assert told["changed_seq"] == changed["changed_seq"] + 1
    assert [one["seq"] for one in listed["messages"]] == [seq]
    assert gone["pinned"] is False
    assert left["messages"] == []
    assert pinned(room) == []


def test_pinning_what_is_pinned_changes_nothing_and_nobody_is_asked_to_read_it(
    alice: User, bob: User
) -> None:
    room = room_of(alice, bob)
    fill(room, bob, 2)
    for on in (True, True, False, False):
        set_pinned(alice, room, 1, pinned=on)
    room.refresh_from_db()
    assert (room.last_seq, room.last_changed_seq, room.quiet_count) == (4, 6, 2)
    sentences = AuditEntry.objects.values_list("sentence", flat=True)
    assert list(sentences) == [
        "Alice pinned a message.",
        "Alice took down a pinned message.",
    ]


def test_a_room_takes_so_many_pins_and_no_more(alice: User) -> None:
    room = room_of(alice)
    fill(room, alice, limits.PINS_MAX + 1)
    rows = Message.objects.filter(room=room, seq__lt=limits.PINS_MAX)
    rows.update(pinned_at=room.created_at)
    set_pinned(alice, room, limits.PINS_MAX, pinned=True)
    with pytest.raises(NotPossible, match="50 pins"):
        set_pinned(alice, room, limits.PINS_MAX + 1, pinned=True)
    assert len(pins_of(alice, Room.objects.get(pk=room.pk))) == limits.PINS_MAX


def test_what_nobody_pins(alice: User) -> None:
    room = room_of(alice)
    fill(room, alice, 3)
    Message.objects.filter(room=room, seq=1).update(kind="system")
    Message.objects.filter(room=room, seq=2).update(stream="open")
    for seq in (1, 2):
        with pytest.raises(NotPossible):
            set_pinned(alice, room, seq, pinned=True)
    assert pinned(room) == []


def test_a_pin_from_before_the_room_became_public_shows_its_text_to_nobody_new(
    alice: User, charlie: User
) -> None:
    room = room_of(alice)
    fill(room, alice, 3)
    set_pinned(alice, room, 1, pinned=True)
    Room.objects.filter(pk=room.pk).update(public_from_seq=3)
    with pytest.raises(NotPossible):
        set_pinned(alice, room, 2, pinned=True)
    page = client_of(charlie).get(f"/rooms/{room.public_id}/pins").content.decode()
    assert "Nothing is pinned here" in page
    before = Room.objects.get(pk=room.pk).last_changed_seq
    set_pinned(alice, room, 1, pinned=False)
    assert pinned(room) == []
    # The line alone was told: nothing that holds the text.
    assert Room.objects.get(pk=room.pk).last_changed_seq == before + 1


def test_the_page_lists_and_takes_down_without_javascript(
    alice: User, bob: User
) -> None:
    room = room_of(alice, bob)
    fill(room, bob, 2)
    admin, reader = client_of(alice), client_of(bob)
    path = f"/rooms/{room.public_id}"
    answer = admin.post(f"{path}/1/pin", {"on": "yes"})
    assert answer.headers["Location"] == f"{path}/#m-1"
    assert pinned(room) == [1]
    page = reader.get(f"{path}/pins").content.decode()
    assert "text 1" in page
    assert "Take down" not in page
    assert reader.post(f"{path}/1/pin", {"on": "no"}).status_code == 403
    assert admin.post(f"{path}/1/pin", {"on": "maybe"}).status_code == 422
    assert "Take down" in admin.get(f"{path}/pins").content.decode()
    admin.post(f"{path}/1/pin", {"on": "no"})
    assert pinned(room) == []


def test_a_refusal_is_a_notice_where_the_page_stays_open(alice: User) -> None:
    room = room_of(alice)
    fill(room, alice, 1)
    Message.objects.filter(room=room).update(stream="open")
    headers = {"HX-Request": "true"}
    path = f"/rooms/{room.public_id}/1/pin"
    answer = client_of(alice).post(path, {"on": "yes"}, headers=headers)
    assert answer.status_code == 200
    assert "Pin it when it is done." in answer.content.decode()


def test_in_a_direct_message_both_pin_and_a_muted_member_does_not(
    alice: User, bob: User
) -> None:
    room = room_of(alice, bob)
    fill(room, alice, 1)
    client: Client = client_of(bob)
    path = f"/api/rooms/{room.public_id}/messages/1/pin"
    bearer: dict[str, Any] = {"Authorization": f"Bearer {Token.issue(bob)}"}
    assert client.put(path, headers=bearer).status_code == 403
    Room.objects.filter(pk=room.pk).update(kind="direct")
    assert json.loads(client.put(path, headers=bearer).content)["pinned"] is True
    Membership.objects.filter(user=bob).update(is_muted=True)
    assert client.delete(path, headers=bearer).status_code == 403


def test_where_every_member_pins_those_who_may_write_do(
    alice: User, bob: User, charlie: User
) -> None:
    room = room_of(alice, bob, charlie)
    fill(room, alice, 1)
    Membership.objects.filter(room=room, user=charlie).update(is_muted=True)
    path, client = f"/rooms/{room.public_id}", client_of(bob)
    assert "Pin for everybody" not in client.get(f"{path}/1/menu").content.decode()
    form = {"name": "Lounge", "members_pin": "on"}
    assert client_of(alice).post(f"{path}/edit", form).status_code == 302
    assert "Pin for everybody" in client.get(f"{path}/1/menu").content.decode()
    assert client.post(f"{path}/1/pin", {"on": "yes"}).status_code == 302
    assert client_of(charlie).post(f"{path}/1/pin", {"on": "no"}).status_code == 403
    assert pinned(room) == [1]
    api = f"/api/rooms/{room.public_id}"
    answer = client_of(alice).patch(
        api, {"members_pin": False}, "application/json", headers=bearer(alice)
    )
    assert answer.json()["members_pin"] is False
    assert client.post(f"{path}/1/pin", {"on": "no"}).status_code == 403
    log = Message.objects.filter(room=room, kind="system").order_by("seq")
    kinds = [json.loads(one.event)["type"] for one in log]
    assert kinds == ["members_pin", "pinned", "moderators_pin"]


def bearer(user: User) -> dict[str, str]:
    return {"Authorization": f"Bearer {Token.issue(user)}"}
