"""charlie and the ex-member: what is not theirs looks like what is not there."""

import asyncio
import json
import uuid
from typing import Any

import pytest

from chat import actions, room_settings
from chat.models import Membership, Message, Room
from tests.chat.asking import asked
from tests.chat.conftest import Member, Person
from tests.live import Client, Live

ID = str(uuid.UUID(int=9))
ACTIONS: list[dict[str, Any]] = [
    {"type": "subscribe"},
    {"type": "subscribe", "after": 0},
    {"type": "unsubscribe"},
    {"type": "send", "client_id": ID, "body": "let me in"},
    {"type": "send", "client_id": ID, "body": "let me in", "reply_to": 1},
    {"type": "read", "seq": 1},
    {"type": "typing", "on": True},
    {"type": "typing", "on": False},
]


async def errors(client: Client, room: str) -> list[dict[str, Any]]:
    """The answers to every action on the room; each must be an error."""
    found = []
    for number, action in enumerate(ACTIONS):
        ref = f"a{number}"
        await client.raw(json.dumps({**action, "room": room, "ref": ref}))
        found.append(await client.expect("error", ref=ref))
    return found


def without_room(frames: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**frame, "room": None} if "room" in frame else frame for frame in frames]


async def test_an_outsider_cannot_tell_a_private_room_from_none(
    live: Live, private: Room, member: Member, person: Person
) -> None:
    (_, keepers), (_, charlies) = member(private, "Bob"), person("Charlie")
    async with live.client(keepers) as insider, live.client(charlies) as outsider:
        await insider.subscribe(private.public_id)
        await insider.post(private.public_id, "secret")
        theirs = await errors(outsider, private.public_id)
        nowhere = await errors(outsider, "nowhere12345")
        assert {one["code"] for one in theirs} == {"no_room"}
        assert without_room(theirs) == without_room(nowhere)
        await insider.post(private.public_id, "another secret")
        await outsider.nothing_but("hello")
    assert Message.objects.filter(room=private).count() == 2


@pytest.mark.parametrize(
    "part", ["", "/messages", "/messages?after=0", "/messages?x=1"]
)
async def test_the_api_shows_an_outsider_the_same_404_as_for_no_room(
    live: Live, private: Room, person: Person, part: str
) -> None:
    _, charlies = person("Charlie")
    theirs = await asked(live, f"/api/rooms/{private.public_id}{part}", charlies)
    nowhere = await asked(live, f"/api/rooms/nowhere12345{part}", charlies)
    assert (theirs.status, theirs.text) == (404, nowhere.text)
    listed = (await asked(live, "/api/rooms", charlies)).json["rooms"]
    assert private.public_id not in {one["id"] for one in listed}


async def test_an_outsider_cannot_post_by_the_api(
    live: Live, private: Room, room: Room, person: Person
) -> None:
    _, charlies = person("Charlie")
    replies = [
        await asked(
            live,
            f"/api/rooms/{where}/messages",
            charlies,
            method="POST",
            body={"body": "hi"},
        )
        for where in (private.public_id, "nowhere12345", room.public_id)
    ]
    assert [one.status for one in replies] == [404, 404, 403]
    assert replies[0].text == replies[1].text
    assert not Message.objects.exists()


async def test_a_stranger_of_a_public_room_reads_but_neither_writes_nor_shows(
    live: Live, room: Room, member: Member, person: Person
) -> None:
    (_, bobs), (charlie, charlies) = member(room, "Bob"), person("Charlie")
    async with live.client(bobs) as insider, live.client(charlies) as stranger:
        await insider.subscribe(room.public_id)
        await stranger.subscribe(room.public_id)
        await stranger.say("send", room=room.public_id, client_id=ID, body="hi")
        assert (await stranger.expect("error"))["code"] == "forbidden"
        await stranger.say("typing", room=room.public_id, on=True)
        await insider.post(room.public_id, "for everybody")
        assert (await stranger.expect("message"))["body"] == "for everybody"
        await asyncio.sleep(0.4)  # an interval of presence: nothing may come of him
        assert not [one for one in insider.frames if charlie.public_id in str(one)]
    assert Message.objects.filter(room=room).count() == 1


async def test_who_left_a_private_room_hears_nothing_more_of_it(
    live: Live, private: Room, member: Member
) -> None:
    (bob, bobs), (_, anns) = member(private, "Bob"), member(private, "Ann")
    async with live.client(bobs) as leaver, live.client(anns) as stayer:
        await leaver.subscribe(private.public_id)
        await leaver.expect("presence_state")
        await stayer.subscribe(private.public_id)
        await stayer.until(  # he is seen there, at once or a moment later
            lambda one: (
                bob.public_id in {**one.get("users", {}), **one.get("joins", {})}
            )
        )
        await asyncio.to_thread(actions.leave_room, bob, private)
        removed = await leaver.expect("room_removed", room=private.public_id)
        assert removed["reason"] == "left"
        leaver.frames.clear()
        await stayer.say("typing", room=private.public_id, on=True)
        await stayer.post(private.public_id, "now that he is gone")
        await leaver.nothing_but(for_s=0.8)
        assert {one["code"] for one in await errors(leaver, private.public_id)} == {
            "no_room"
        }
        reply = await asked(live, f"/api/rooms/{private.public_id}/messages", bobs)
        assert reply.status == 404
        await stayer.until(lambda one: bob.public_id in one.get("leaves", ()))
    assert Message.objects.filter(room=private, kind="text").count() == 1


async def test_who_leaves_while_subscribing_does_not_stay_in(
    live: Live, private: Room, member: Member
) -> None:
    bob, bobs = member(private, "Bob")
    _, anns = member(private, "Ann")
    async with live.client(bobs) as leaver, live.client(anns) as stayer:
        for number in range(8):
            Membership.objects.get_or_create(room=private, user=bob)
            for _ in range(2):
                await leaver.say("subscribe", room=private.public_id, after=0)
            await asyncio.to_thread(actions.leave_room, bob, private)
            # Taken out, or not let in again: either way it is the end.
            await leaver.until(
                lambda one: "no_room" in one.values() or one["type"] == "room_removed"
            )
            await leaver.say("ping", ref=f"p{number}")
            await leaver.expect("pong", ref=f"p{number}")
            leaver.frames.clear()
            await stayer.post(private.public_id, f"secret {number}")
            await leaver.nothing_but("pong", "room_removed", for_s=0.1)


async def test_a_room_that_becomes_private_ends_for_strangers(
    live: Live, room: Room, member: Member, person: Person
) -> None:
    (_, bobs), (_, charlies) = member(room, "Bob"), person("Charlie")
    owner = room.creator
    assert owner is not None
    async with live.client(bobs) as insider, live.client(charlies) as stranger:
        await insider.subscribe(room.public_id)
        await stranger.subscribe(room.public_id)
        await stranger.expect("presence_state")
        await asyncio.to_thread(
            room_settings.update_room,
            owner,
            room,
            name=room.name,
            description="",
            is_private=True,
        )
        removed = await stranger.expect("room_removed", room=room.public_id)
        assert removed["reason"] == "private"
        stranger.frames.clear()
        await insider.post(room.public_id, "among us")
        await insider.expect("message")
        await stranger.nothing_but()


async def test_another_persons_client_id_and_ref_open_nothing(
    live: Live, private: Room, member: Member, person: Person
) -> None:
    (_, bobs), (_, charlies) = member(private, "Bob"), person("Charlie")
    async with live.client(bobs) as insider, live.client(charlies) as outsider:
        ack = await insider.post(private.public_id, "mine", client_id=ID, ref="r")
        await outsider.say(
            "send", room=private.public_id, client_id=ID, body="mine", ref="r"
        )
        error = await outsider.expect("error")
        assert error["code"] == "no_room"
        assert str(ack["seq"]) not in error["message"]
        await outsider.nothing_but("hello")
