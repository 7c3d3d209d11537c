"""Earlier texts: who may see them, late copies of edits, and what goes with the end."""

import uuid

import pytest
from django.test import Client

from accounts.models import User
from chat import sweeping
from chat.models import Membership, Message, Room
from chat.versions import Version
from tests.chat.asking import asked, cookie_of
from tests.chat.conftest import Member
from tests.chat.pages import client_of, fill, room_of
from tests.chat.test_message_changes import change
from tests.live import Live

SECRET = "nobody may read this any more"


async def test_the_texts_before_edits_are_kept_in_their_order(
    live: Live, room: Room, member: Member
) -> None:
    user, token = member(room, "Bob")
    async with live.client(token) as bob:
        seq = (await bob.post(room.public_id, "one"))["seq"]
        for text in ("two", "two", "three"):
            await change(bob, "edit", room, seq, body=text)
    page = await asked(
        live,
        f"/rooms/{room.public_id}/{seq}/versions",
        headers={"Cookie": f"sessionid={cookie_of(user)}"},
    )
    kept = [one.body async for one in Version.objects.order_by("-pk")]
    assert kept == ["two", "one"]
    texts = [page.text.index(f">{text}<") for text in ("three", "two", "one")]
    assert texts == sorted(texts)


async def test_a_copy_of_an_edit_that_comes_after_a_later_edit_does_nothing(
    live: Live, room: Room, member: Member
) -> None:
    _, token = member(room, "Bob")
    first = {"body": "two", "client_id": str(uuid.uuid4())}
    async with live.client(token) as bob:
        seq = (await bob.post(room.public_id, "one"))["seq"]
        await change(bob, "edit", room, seq, **first)
        last = await change(bob, "edit", room, seq, body="three")
        late = await change(bob, "edit", room, seq, **first)
    assert (late["type"], late["changed_seq"]) == ("ack", last["changed_seq"])
    assert (await Message.objects.aget(room=room, seq=seq)).body == "three"


async def test_with_a_message_its_earlier_texts_are_deleted(
    live: Live, room: Room, member: Member
) -> None:
    user, token = member(room, "Bob")
    async with live.client(token) as bob:
        seq = (await bob.post(room.public_id, SECRET))["seq"]
        await change(bob, "edit", room, seq, body="harmless")
        assert await Version.objects.filter(body=SECRET).aexists()
        await change(bob, "delete", room, seq)
    assert not await Version.objects.aexists()
    page = await asked(
        live,
        f"/rooms/{room.public_id}/{seq}/versions",
        headers={"Cookie": f"sessionid={cookie_of(user)}"},
    )
    assert page.status == 404
    assert SECRET not in page.text


def versions(client: Client, room: Room, seq: int) -> int:
    return client.get(f"/rooms/{room.public_id}/{seq}/versions").status_code


@pytest.fixture
def vault(alice: User, bob: User) -> Room:
    """A private room with an edited message of alice's."""
    room = room_of(alice, bob, is_private=True)
    fill(room, alice, 3)
    _version(room, 2)
    return room


def _version(room: Room, seq: int) -> None:
    Version.objects.create(
        room=room,
        seq=seq,
        client_id=uuid.uuid4(),
        body=SECRET,
        html=SECRET,
        written_at=room.created_at,
    )


def test_who_may_not_read_a_message_sees_none_of_its_texts(
    bob: User, charlie: User, vault: Room
) -> None:
    assert versions(client_of(bob), vault, 2) == 200
    assert versions(client_of(charlie), vault, 2) == 404
    Membership.objects.filter(room=vault, user=bob).update(reads_from_seq=3)
    assert versions(client_of(bob), vault, 2) == 404
    assert versions(client_of(bob), vault, 2**70) == 404


def test_the_texts_of_a_deleted_room_go_with_its_messages(vault: Room) -> None:
    vault.deleted_at = vault.created_at
    vault.save()
    assert sweeping.sweep()
    assert not Version.objects.exists()
