"""Blocks: neither of two writes to the other any more, and nobody is told."""

import asyncio
import uuid
from collections.abc import Callable

import pytest
from django.test import Client

from accounts.blocks import TooManyBlocks, block, is_between, unblock
from accounts.models import Block, User
from chat.changes import NotPossible
from chat.directs import begin_direct
from chat.models import Message, Room
from livechat.lib import limits
from tests.chat.pages import client_of, room_of
from tests.live import Client as Socket
from tests.live import Live


def press(client: Client, other: User, value: str) -> str:
    form = {"blocked": value}
    path = f"/people/{other.public_id}/block"
    return client.post(path, form, follow=True).content.decode()


def test_somebody_is_blocked_and_let_near_again_by_their_card(
    alice: User, bob: User
) -> None:
    client = client_of(alice)
    assert "You block Bob. They are not told." in press(client, bob, "yes")
    press(client, bob, "yes")
    assert Block.objects.count() == 1
    assert "You block Bob." in client.get(f"/people/{bob.public_id}").content.decode()
    assert "Bob" in client.get("/people/blocked").content.decode()
    assert "You no longer block Bob." in press(client, bob, "no")
    assert not Block.objects.exists()


def test_a_card_tells_the_blocked_one_nothing(alice: User, bob: User) -> None:
    block(alice, bob)
    page = client_of(bob).get(f"/people/{alice.public_id}").content.decode()
    assert "You block" not in page
    assert "Bob" not in client_of(bob).get("/people/blocked").content.decode()


def test_neither_begins_a_direct_message(alice: User, bob: User) -> None:
    block(alice, bob)
    for one, other in ((alice, bob), (bob, alice)):
        with pytest.raises(NotPossible):
            begin_direct(one, [other])
        page = client_of(one).get(f"/people/{other.public_id}").content.decode()
        assert "Write to them" not in page
    unblock(alice, bob)
    assert begin_direct(bob, [alice])[1]


def test_nobody_blocks_themselves_or_nobody(alice: User) -> None:
    assert "You cannot block yourself." in press(client_of(alice), alice, "yes")
    answer = client_of(alice).post("/people/nowhere/block", {"blocked": "yes"})
    assert answer.status_code == 404
    assert not Block.objects.exists()


@pytest.mark.parametrize("value", ["", "Yes", "\x00", "y" * 60_000, "[]"])
def test_a_strange_answer_blocks_nobody(alice: User, bob: User, value: str) -> None:
    press(client_of(alice), bob, value)
    assert not Block.objects.exists()


def test_blocks_have_an_end(
    alice: User, bob: User, charlie: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "BLOCKS_MAX", 1)
    block(alice, bob)
    block(alice, bob)
    with pytest.raises(TooManyBlocks):
        block(alice, charlie)
    page = press(client_of(alice), charlie, "yes")
    assert "You block 1 people. Unblock somebody first." in page


def test_somebody_whose_account_is_closed_can_be_unblocked(
    alice: User, bob: User
) -> None:
    block(alice, bob)
    bob.is_active = False
    bob.save()
    client = client_of(alice)
    assert client.get(f"/people/{bob.public_id}").status_code == 404
    press(client, bob, "no")
    assert not is_between(alice, bob)


def test_what_a_blocked_person_writes_is_folded_by_a_new_style_sheet(
    alice: User, bob: User
) -> None:
    room = room_of(alice, bob)
    client = client_of(alice)
    page = f"/rooms/{room.public_id}/"

    def sheet() -> str:
        text = client.get(page).content.decode()
        start = text.index("/me/")
        return text[start : text.index('"', start)].replace("&amp;", "&")

    before = sheet()
    assert bob.public_id not in client.get(before).content.decode()
    block(alice, bob)
    assert sheet() != before
    rules = client.get(sheet()).content.decode()
    assert f'[data-author="{bob.public_id}"]::before' in rules
    assert "1 message from a person you block" in rules


def test_a_guest_sees_the_cards_of_those_in_the_same_room_only(
    alice: User, bob: User, charlie: User
) -> None:
    room_of(alice, charlie)
    charlie.role = User.Role.GUEST
    charlie.save()
    client = client_of(charlie)
    shown = {
        one: client.get(f"/people/{one.public_id}").status_code for one in (alice, bob)
    }
    assert shown == {alice: 200, bob: 404}


async def test_the_worker_takes_no_message_between_two_of_whom_one_blocks(
    live: Live, person: Callable[[str], tuple[User, str]]
) -> None:
    (ann, anns), (ben, bens) = person("Ann"), person("Ben")
    room, _ = await asyncio.to_thread(begin_direct, ann, [ben])

    async def said(socket: Socket) -> str:
        client_id = str(uuid.uuid4())
        await socket.say("send", room=room.public_id, client_id=client_id, body="hi")
        answer = await socket.until(lambda one: one["type"] in {"ack", "error"})
        return str(answer.get("code", "ack"))

    async with live.client(anns) as of_ann, live.client(bens) as of_ben:
        for socket in (of_ann, of_ben):
            await socket.subscribe(room.public_id)
        assert (await said(of_ann), await said(of_ben)) == ("ack", "ack")
        block(ann, ben)
        assert (await said(of_ann), await said(of_ben)) == ("forbidden", "forbidden")
        unblock(ann, ben)
        assert (await said(of_ann), await said(of_ben)) == ("ack", "ack")
    assert Message.objects.filter(room=Room.objects.get()).count() == 4
