"""Reactions: who may, what everybody gets, what is refused, and what a page shows."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from chat import reactions
from chat.models import Membership, Message, Room
from livechat.lib import limits
from livechat.lib.emoji import common, emoji, find
from tests.chat.conftest import Member
from tests.chat.pages import client_of, fill, room_of
from tests.chat.shapes import check_frame
from tests.chat.test_message_changes import change
from tests.chat.test_views_messages import post
from tests.live import Client, Live


async def react(
    client: Client, room: Room, seq: int, text: str, *, on: bool = True
) -> Any:
    return await change(client, "react", room, seq, emoji=text, on=on)


async def test_a_reaction_is_a_change_that_everybody_gets_in_order(
    live: Live, room: Room, member: Member
) -> None:
    bob, bobs = member(room, "Bob")
    ann, anns = member(room, "Ann")
    async with live.client(bobs) as one, live.client(anns) as two:
        await two.subscribe(room.public_id)
        seq = (await one.post(room.public_id, "cake"))["seq"]
        first = await react(one, room, seq, "🎉")
        await react(two, room, seq, "🎉")
        last = await react(two, room, seq, "❤")
        changed = await two.expect("changed", changed_seq=last["changed_seq"])
        check_frame(changed)
        await two.say("subscribe", room=room.public_id, after=first["changed_seq"])
        missed = await two.expect("changed", changed_seq=last["changed_seq"])
    wanted = {"🎉": [bob.public_id, ann.public_id], "❤️": [ann.public_id]}
    assert changed["reactions"] == missed["reactions"] == wanted
    assert changed["edited_at"] is None


async def test_a_repeat_changes_nothing_and_what_was_taken_back_is_gone(
    live: Live, room: Room, member: Member
) -> None:
    _, token = member(room, "Bob")
    async with live.client(token) as bob:
        seq = (await bob.post(room.public_id, "cake"))["seq"]
        first = await react(bob, room, seq, "👍")
        again = await react(bob, room, seq, "👍")
        never = await react(bob, room, seq, "👎", on=False)
        await react(bob, room, seq, "👍", on=False)
    row = await Message.objects.aget(room=room, seq=seq)
    assert first["changed_seq"] == again["changed_seq"] == never["changed_seq"]
    assert row.reactions == ""
    assert row.changed_seq == first["changed_seq"] + 1


async def test_with_a_message_its_reactions_are_deleted(
    live: Live, room: Room, member: Member
) -> None:
    _, token = member(room, "Bob")
    async with live.client(token) as bob:
        seq = (await bob.post(room.public_id, "cake"))["seq"]
        await react(bob, room, seq, "👍")
        await change(bob, "delete", room, seq)
        late = await react(bob, room, seq, "👍")
    assert late["code"] == "no_message"
    assert (await Message.objects.aget(room=room, seq=seq)).reactions == ""


@pytest.mark.parametrize(
    "text", ["", "x", "👍👍", "<b>", "🇦", "🏻", "\u200d", "👍" + "\u200b" * 9, "1" * 99]
)
async def test_what_is_no_emoji_is_refused_and_not_stored(
    live: Live, room: Room, member: Member, text: str
) -> None:
    user, token = member(room, "Bob")
    async with live.client(token) as bob:
        seq = (await bob.post(room.public_id, "cake"))["seq"]
        refusal = await react(bob, room, seq, text)
    path = f"/rooms/{room.public_id}/{seq}/reactions"
    answer = await post(live, user, path, emoji=text)
    assert refusal["code"] == "bad_frame"
    assert answer.status == 422
    assert (await Message.objects.aget(room=room, seq=seq)).reactions == ""


@pytest.mark.parametrize(
    ("kinds", "people", "text", "code"),
    [
        (limits.REACTION_EMOJI_MAX, 1, "🦀", "limit"),
        (limits.REACTION_EMOJI_MAX - 1, 1, "🦀", ""),
        (1, limits.REACTIONS_MAX, "😀", "limit"),
        (1, limits.REACTIONS_MAX - 1, "😀", ""),
    ],
)
async def test_a_message_takes_so_many_and_no_more(
    live: Live,
    room: Room,
    member: Member,
    kinds: int,
    people: int,
    text: str,
    code: str,
) -> None:
    _, token = member(room, "Bob")
    chosen = ["😀", *(one.text for one in common()[20 : 20 + kinds])][:kinds]
    there = {one: [f"p{at}" for at in range(people)] for one in chosen}
    async with live.client(token) as bob:
        seq = (await bob.post(room.public_id, "cake"))["seq"]
        rows = Message.objects.filter(room=room, seq=seq)
        await rows.aupdate(reactions=reactions.stored(there))
        answer = await react(bob, room, seq, text)
    assert answer.get("code", "") == code


async def test_what_is_from_before_the_room_was_public_takes_none(
    live: Live, room: Room, member: Member
) -> None:
    _, token = member(room, "Bob")
    async with live.client(token) as bob:
        seq = (await bob.post(room.public_id, "old secret"))["seq"]
        await Room.objects.filter(pk=room.pk).aupdate(public_from_seq=seq + 1)
        answer = await react(bob, room, seq, "👍")
    assert answer["code"] == "forbidden"


def test_a_page_asks_once_for_the_names_of_all_who_reacted(
    alice: User, bob: User
) -> None:
    room = room_of(alice, bob)
    fill(room, alice, 9)
    client = client_of(alice)
    address = f"/rooms/{room.public_id}/history?before=9"
    there = reactions.stored({"👍": [alice.public_id, bob.public_id, "gone"]})
    counts = [_queries(client, address)]  # with what only the first one asks
    for upto in (1, 8):
        Message.objects.filter(room=room, seq__lte=upto).update(reactions=there)
        counts.append(_queries(client, address))
    assert counts[1] == counts[2]
    page = client.get(address).content.decode()
    assert page.count('title="Alice, Bob, somebody"') == 8
    assert f'data-by="{alice.public_id} {bob.public_id} gone"' in page


def _queries(client: Any, address: str) -> int:
    with CaptureQueriesContext(connection) as asked:
        assert client.get(address).status_code == 200
    return len(asked)


def test_the_picker_finds_emoji_by_words(bob: User, alice: User) -> None:
    room = room_of(alice, bob)
    fill(room, alice, 1)
    client = client_of(bob)
    address = f"/rooms/{room.public_id}/1/reactions"
    assert "🎉" in client.get(address).content.decode()
    found = client.get(address, {"q": "CRAB"}).content.decode()
    assert "🦀" in found
    assert "🎉" not in found
    none = client.get(address, {"q": "xyzzy"}).content.decode()
    assert "No emoji is called that" in none
    Membership.objects.filter(user=bob).update(is_muted=True)
    assert "🎉" not in client.get(address).content.decode()


def test_an_emoji_is_known_with_and_without_its_variation_and_tone() -> None:
    for text in ("❤", "❤️", "👍", "👍🏽", "👩‍💻", "🏳️‍🌈"):
        assert emoji(text) is not None, text
    assert emoji("❤") == emoji("❤️")
    assert len(common()) == 64
    assert find("red heart", 1)[0].text == "❤️"
    assert len(find("face", 5)) == 5
