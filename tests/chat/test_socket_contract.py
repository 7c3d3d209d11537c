"""The protocol's tables, row by row: what goes up, and what comes down for it."""

import asyncio
import uuid
from datetime import datetime

from chat import actions, room_settings
from chat.models import Membership, Message, Room
from tests.chat.conftest import Member, Person
from tests.chat.shapes import check_frame, check_presence
from tests.live import Live


async def test_hello_says_who_you_are(live: Live, person: Person) -> None:
    bob, bobs = person("Bob")
    async with live.client(bobs) as client:
        hello = await client.expect("hello")
    check_frame(hello)
    assert hello["v"] == 1
    assert hello["user"] == {"id": bob.public_id, "name": "Bob"}
    assert datetime.fromisoformat(hello["server_time"]).tzinfo is not None


async def test_subscribed_tells_where_the_room_and_the_reader_stand(
    live: Live, room: Room, member: Member
) -> None:
    bob, bobs = member(room, "Bob")
    async with live.client(bobs) as client:
        for body in ("one", "two", "three"):
            await client.post(room.public_id, body)
        Membership.objects.filter(user=bob).update(last_read_seq=2)
        subscribed = await client.subscribe(room.public_id, ref="s")
    check_frame(subscribed)
    assert (subscribed["last_seq"], subscribed["last_changed_seq"]) == (3, 3)
    assert (subscribed["read_seq"], subscribed["role"]) == (2, "member")
    assert subscribed["ref"] == "s"


async def test_a_stranger_of_a_public_room_follows_it_without_a_role(
    live: Live, room: Room, person: Person
) -> None:
    _, charlies = person("Charlie")
    async with live.client(charlies) as client:
        subscribed = await client.subscribe(room.public_id)
        state = await client.expect("presence_state")
    check_frame(subscribed)
    assert subscribed["role"] is None
    assert state["users"] == {}


async def test_without_a_cursor_nothing_old_comes(
    live: Live, room: Room, member: Member
) -> None:
    _, bobs = member(room, "Bob")
    async with live.client(bobs) as client:
        await client.post(room.public_id, "old")
        await client.subscribe(room.public_id)
        await client.post(room.public_id, "new")
        message = await client.expect("message")
    assert message["body"] == "new"


async def test_a_message_has_exactly_the_fields_of_the_protocol(
    live: Live, room: Room, member: Member
) -> None:
    bob, bobs = member(room, "Bob")
    client_id = str(uuid.uuid4())
    async with live.client(bobs) as client:
        await client.subscribe(room.public_id)
        ack = await client.post(
            room.public_id, "*hi*", client_id=client_id, ref="m", attachments=[]
        )
        message = await client.expect("message")
        reply = await client.post(room.public_id, "again", reply_to=1)
        answer = await client.expect("message")
    for frame in (ack, message, reply, answer):
        check_frame(frame)
    assert ack["ref"] == "m" and ack["room"] == room.public_id
    assert message["author"] == {"id": bob.public_id, "name": "Bob", "bot": False}
    assert message["client_id"] == client_id
    assert message["kind"] == "text"
    assert (message["body"], message["html"]) == ("*hi*", "<p><em>hi</em></p>")
    assert (message["reply_to"], answer["reply_to"]) == (None, 1)
    assert reply["ref"] is None


async def test_unsubscribe_ends_a_room(live: Live, room: Room, member: Member) -> None:
    _, bobs = member(room, "Bob")
    async with live.client(bobs) as client:
        await client.subscribe(room.public_id)
        await client.expect("presence_state")
        await client.say("unsubscribe", room=room.public_id, ref="u")
        done = await client.expect("unsubscribed")
        check_frame(done)
        assert done["ref"] == "u"
        client.frames.clear()
        await client.post(room.public_id, "unheard")
        await client.nothing_but("hello")


async def test_read_is_remembered_and_never_beyond_the_room(
    live: Live, room: Room, member: Member
) -> None:
    bob, bobs = member(room, "Bob")

    async def read(seq: int) -> int:
        await client.say("read", room=room.public_id, seq=seq, ref=f"r{seq}")
        ack = await client.expect("ack", ref=f"r{seq}")
        assert ack["room"] == room.public_id
        return Membership.objects.get(room=room, user=bob).last_read_seq

    async with live.client(bobs) as client:
        await client.post(room.public_id, "one")
        await client.post(room.public_id, "two")
        assert await read(2) == 2
        assert await read(1) == 1  # a lower one marks unread
        assert await read(99) == 2


async def test_typing_is_shown_and_ends(live: Live, room: Room, member: Member) -> None:
    (bob, bobs), (_, anns) = member(room, "Bob"), member(room, "Ann")
    async with live.client(bobs) as typist, live.client(anns) as viewer:
        await typist.subscribe(room.public_id)
        await viewer.subscribe(room.public_id)
        await typist.say("typing", room=room.public_id, on=True)
        started = await viewer.expect("user_typing")
        await typist.say("typing", room=room.public_id, on=False)
        stopped = await viewer.expect("user_stopped_typing")
    for frame in (started, stopped):
        check_frame(frame)
        assert frame["user"] == {"id": bob.public_id, "name": "Bob"}


async def test_presence_comes_as_a_state_and_then_as_diffs(
    live: Live, room: Room, member: Member
) -> None:
    (bob, bobs), (ann, anns) = member(room, "Bob"), member(room, "Ann")
    async with live.client(anns) as viewer:
        await viewer.subscribe(room.public_id)
        state = await viewer.expect("presence_state")
        check_presence(state)
        async with live.client(bobs) as comer:
            await comer.subscribe(room.public_id)
            joined = await viewer.until(
                lambda one: bob.public_id in one.get("joins", ())
            )
            check_presence(joined)
            entry = joined["joins"][bob.public_id]
            assert entry["name"] == "Bob"
            assert entry["metas"][0]["device"] == "program"
            full = await comer.expect("presence_state")
            check_presence(full)
            assert ann.public_id in full["users"]
            await comer.say("presence", state="dnd")
            changed = await viewer.until(
                lambda one: bob.public_id in one.get("joins", ())
            )
            assert changed["joins"][bob.public_id]["metas"][0]["state"] == "dnd"
        left = await viewer.until(lambda one: bob.public_id in one.get("leaves", ()))
        check_presence(left)


async def test_the_invisible_are_not_shown(
    live: Live, room: Room, member: Member
) -> None:
    (bob, bobs), (_, anns) = member(room, "Bob"), member(room, "Ann")
    async with live.client(anns) as viewer, live.client(bobs) as comer:
        await comer.say("presence", state="invisible")
        await comer.subscribe(room.public_id)
        await viewer.subscribe(room.public_id)
        state = await viewer.expect("presence_state")
        assert bob.public_id not in state["users"]
        await comer.say("typing", room=room.public_id, on=True)
        await asyncio.sleep(0.6)  # two intervals of presence: nothing may come
        assert not [one for one in viewer.frames if bob.public_id in str(one)]


async def test_ping_gives_pong_with_its_ref(live: Live, person: Person) -> None:
    _, bobs = person("Bob")
    async with live.client(bobs) as client:
        await client.say("ping", ref="x" * 64)
        pong = await client.expect("pong")
        check_frame(pong)
        assert pong["ref"] == "x" * 64
        await client.say("ping")
        assert (await client.expect("pong"))["ref"] is None


async def test_the_lobby_hears_of_rooms_that_come_change_and_go(
    live: Live, person: Person
) -> None:
    (alice, _), (_, charlies) = person("Alice"), person("Charlie")
    async with live.client(charlies) as client:
        await client.expect("hello")
        room = await asyncio.to_thread(
            actions.create_room, alice, name="Den", description="Low"
        )
        created = await client.expect("room_created", room=room.public_id)
        check_frame(created)
        assert (created["name"], created["description"]) == ("Den", "Low")
        assert created["members"] == 1
        await asyncio.to_thread(
            room_settings.update_room,
            alice,
            room,
            name="Cave",
            description="",
            is_private=False,
        )
        updated = await client.expect("room_updated", room=room.public_id)
        check_frame(updated)
        assert updated["name"] == "Cave"
        await client.subscribe(room.public_id)
        await asyncio.to_thread(actions.delete_room, alice, room)
        check_frame(await client.expect("room_deleted", room=room.public_id))
        removed = await client.expect("room_removed", room=room.public_id)
        check_frame(removed)
        assert removed["reason"] == "deleted"


async def test_a_private_room_is_announced_to_its_members_only(
    live: Live, person: Person
) -> None:
    (alice, alices), (_, charlies) = person("Alice"), person("Charlie")
    async with live.client(alices) as owner, live.client(charlies) as outsider:
        await outsider.expect("hello")
        await owner.expect("hello")
        room = await asyncio.to_thread(
            actions.create_room, alice, name="Secret", is_private=True
        )
        await owner.expect("room_created", room=room.public_id)
        await asyncio.to_thread(actions.delete_room, alice, room)
        await owner.expect("room_deleted", room=room.public_id)
        await outsider.nothing_but()


async def test_an_ack_is_never_seen_before_its_commit(
    live: Live, room: Room, member: Member
) -> None:
    for number in range(3):
        _, token = member(room, f"Writer {number}")
        async with live.client(token) as client:
            for _ in range(10):
                ack = await client.post(room.public_id, "stored before told")
                stored = Message.objects.get(room=room, seq=ack["seq"])
                assert str(stored.client_id) == ack["client_id"]


async def test_the_numbers_of_a_room_rise_by_one_whoever_writes(
    live: Live, room: Room, member: Member
) -> None:
    tokens = [member(room, f"Writer {number}")[1] for number in range(6)]

    async def write(token: str) -> list[int]:
        async with live.client(token) as client:
            return [
                (await client.post(room.public_id, f"n{n}"))["seq"] for n in range(10)
            ]

    async with live.client(tokens[0]) as reader:
        await reader.subscribe(room.public_id)
        acked = await asyncio.gather(*(write(token) for token in tokens))
        await reader.until(lambda one: one.get("seq") == 60)
        heard = [
            one["changed_seq"] for one in reader.frames if one["type"] == "message"
        ]
    assert heard == list(range(1, 60))
    assert sorted(sum(acked, [])) == list(range(1, 61))
    assert all(seqs == sorted(seqs) for seqs in acked)
