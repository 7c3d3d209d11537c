"""Messages that grow piece by piece: over real sockets, with kills, to their end."""

import asyncio
import json
import uuid
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from chat import actions, members, room_settings
from chat.models import Message, Room
from chat.streams import Chunk, Stream
from livechat.lib import limits
from tests.chat.asking import asked, cookie_of
from tests.chat.conftest import Member, Person
from tests.chat.shapes import check_frame
from tests.live import Client, Live

ANSWER_S = 20  # of a worker that has just been started, too
FINAL_S = 15  # within this a message is final whoever was killed


async def ask(client: Client, kind: str, room: Room, **fields: Any) -> dict[str, Any]:
    """The ack or error of one intent."""
    ref = uuid.uuid4().hex
    await client.say(kind, room=room.public_id, ref=ref, **fields)
    return await client.until(lambda one: one.get("ref") == ref, ANSWER_S)


async def begin(client: Client, room: Room) -> int:
    """Begin a message; return its number."""
    ack = await ask(client, "stream", room, client_id=str(uuid.uuid4()))
    assert ack["type"] == "ack", ack
    return int(ack["seq"])


async def append(
    client: Client, room: Room, seq: int, offset: int, text: str
) -> dict[str, Any]:
    """The answer to a piece, which waits for its token."""
    while True:
        answer = await ask(client, "append", room, seq=seq, offset=offset, text=text)
        if answer.get("code") != "rate_limited":
            return answer
        await asyncio.sleep(answer["retry_after_ms"] / 1000)


def pieces(client: Client) -> list[tuple[int, str]]:
    """The pieces that came, in their order."""
    found = [one for one in client.frames if one["type"] == "delta"]
    return [(one["offset"], one["text"]) for one in found]


def stored(room: Room, seq: int) -> Message:
    """The message as it is in the database."""
    return Message.objects.select_related("author").get(room=room, seq=seq)


async def test_a_message_grows_before_everybodys_eyes_and_ends_as_markdown(
    live: Live, room: Room, member: Member
) -> None:
    bot, bots = member(room, "Bot")
    User.objects.filter(pk=bot.pk).update(is_bot=True)
    _, readers = member(room, "Reader")
    async with live.client(bots) as bot_, live.client(readers) as reader:
        await reader.subscribe(room.public_id)
        seq = await begin(bot_, room)
        message = await reader.expect("message", seq=seq)
        for offset, text in ((0, "**bo"), (4, "ld** & "), (11, "<b>")):
            assert (await append(bot_, room, seq, offset, text))["type"] == "ack"
        await reader.until(lambda one: one.get("offset") == 11)
        assert pieces(reader) == [(0, "**bo"), (4, "ld** & ")]
        done = await ask(bot_, "finish", room, seq=seq)
        changed = await reader.expect("changed", seq=seq)
        again = await ask(bot_, "finish", room, seq=seq)
    check_frame({one: message[one] for one in message if one != "stream"})
    check_frame({one: changed[one] for one in changed if one != "stream"})
    assert (message["kind"], message["stream"], message["body"]) == ("ai", "open", "")
    assert (changed["kind"], changed["stream"]) == ("ai", "done")
    assert changed["body"] == "**bold** & <b>"
    assert changed["html"] == "<p><strong>bold</strong> &amp; &lt;b&gt;</p>"
    assert changed["edited_at"] is None
    assert changed["changed_seq"] == message["changed_seq"] + 1 == done["changed_seq"]
    assert again["changed_seq"] == done["changed_seq"]
    assert stored(room, seq).body == changed["body"]
    assert not Stream.objects.exists()
    assert not Chunk.objects.exists()


async def test_the_owners_whole_text_counts_and_not_what_was_shown(
    live: Live, room: Room, member: Member
) -> None:
    _, token = member(room, "Bob")
    async with live.client(token) as bob:
        seq = await begin(bob, room)
        await append(bob, room, seq, 0, "a draft")
        await ask(bob, "finish", room, seq=seq, body="the answer", reason="stopped")
        other = await ask(
            bob, "finish", room, seq=seq, body="another", reason="stopped"
        )
        late = await append(bob, room, seq, 7, "more")
    row = stored(room, seq)
    assert (row.body, row.stream, row.told_kind) == ("the answer", "stopped", "text")
    assert (other["code"], late["code"]) == ("forbidden", "forbidden")


async def test_who_comes_in_the_middle_gets_the_text_so_far_and_then_the_rest(
    live: Live, room: Room, member: Member
) -> None:
    _, token = member(room, "Bob")
    _, readers = member(room, "Reader")
    path = f"/api/rooms/{room.public_id}/messages"
    async with live.client(token) as bob, live.client(readers) as reader:
        seq = await begin(bob, room)
        await append(bob, room, seq, 0, "one ")
        await append(bob, room, seq, 4, "two ")
        for after in (0, Room.objects.get(pk=room.pk).last_changed_seq):
            reader.frames.clear()
            await reader.subscribe(room.public_id, after=after)
            await reader.expect("delta", seq=seq, offset=0, text="one two ")
        page = (await asked(live, path, readers)).json["messages"][-1]
        await append(bob, room, seq, 8, "three")
        await reader.until(lambda one: one.get("offset") == 8)
    assert (page["body"], page["html"], page["stream"]) == ("one two ", "", "open")


async def test_a_piece_goes_where_the_text_ends_and_a_repeat_is_harmless(
    live: Live, room: Room, member: Member
) -> None:
    _, token = member(room, "Bob")
    async with live.client(token) as bob:
        seq = await begin(bob, room)
        first = await append(bob, room, seq, 0, "añ😀")
        again = await append(bob, room, seq, 0, "añ😀")
        part = await append(bob, room, seq, 1, "ñ")
        beyond = await append(bob, room, seq, 4, "x")
        other = await append(bob, room, seq, 0, "abc")
        over = await append(bob, room, seq, 2, "😀x")
        empty = await append(bob, room, seq, 3, "")
        await append(bob, room, seq, 3, "!")
        await ask(bob, "finish", room, seq=seq)
    assert [one["type"] for one in (first, again, part, empty)] == ["ack"] * 4
    for refusal in (beyond, other, over):
        assert (refusal["code"], refusal["offset"]) == ("bad_seq", 3)
    assert stored(room, seq).body == "añ😀!"


async def test_bad_pieces_and_ends_are_refused_and_nothing_of_them_is_stored(
    live: Live, room: Room, member: Member
) -> None:
    _, token = member(room, "Bob")
    async with live.client(token) as bob:
        whole = (await bob.post(room.public_id, "whole"))["seq"]
        seq = await begin(bob, room)
        refusals = [
            await append(bob, room, seq, 0, "x" * (limits.MESSAGE_MAX_LENGTH + 1)),
            await append(bob, room, whole, 5, "more"),
            await append(bob, room, 99, 0, "x"),
            await ask(bob, "finish", room, seq=whole, body="x"),
            await ask(bob, "finish", room, seq=seq),
            await ask(bob, "finish", room, seq=seq, body=" "),
            await ask(bob, "finish", room, seq=seq, reason="open"),
            await ask(bob, "edit", room, seq=seq, body="x"),
            await ask(bob, "stream", room, client_id=str(uuid.uuid4())),
            await ask(bob, "stream", room, client_id=str(uuid.uuid4()), reply_to=99),
        ]
        full = await append(bob, room, seq, 0, "x" * limits.MESSAGE_MAX_LENGTH)
        beyond = await append(bob, room, seq, limits.MESSAGE_MAX_LENGTH, "x")
        await ask(bob, "finish", room, seq=seq)
    assert [one["code"] for one in refusals] == [
        "too_long",
        "forbidden",
        "no_message",
        "forbidden",
        "empty",
        "empty",
        "bad_frame",
        "forbidden",
        "limit",
        "no_message",
    ]
    assert (full["type"], beyond["code"]) == ("ack", "too_long")
    assert len(stored(room, seq).body) == limits.MESSAGE_MAX_LENGTH


async def test_pieces_have_a_rate_of_their_own(
    live: Live, room: Room, member: Member
) -> None:
    _, token = member(room, "Bob")
    async with live.client(token) as bob:
        seq = await begin(bob, room)
        asked_ = [
            await ask(bob, "append", room, seq=seq, offset=at, text="x")
            for at in range(limits.PIECE_BURST + 5)
        ]
        refused = next(one for one in asked_ if one["type"] == "error")
    assert [one["type"] for one in asked_[: limits.PIECE_BURST]] == [
        "ack"
    ] * limits.PIECE_BURST
    assert refused["code"] == "rate_limited"
    assert 0 < refused["retry_after_ms"] <= 1000 / limits.PIECE_RATE_PER_S + 1


async def test_only_so_many_grow_at_once(
    live: Live, room: Room, private: Room, member: Member
) -> None:
    bob, token = member(room, "Bob")
    now = timezone.now()
    for at in range(limits.STREAMS_PER_ROOM):
        author, _ = member(room, f"W{at}")
        room.streams.create(seq=at, since=at, author=author, level=0, touched_at=now)
    async with live.client(token) as client:
        full = await ask(client, "stream", room, client_id=str(uuid.uuid4()))
        room.streams.all().delete()
        for at in range(limits.STREAMS_PER_PERSON):
            elsewhere = Room.objects.create(name=f"Elsewhere {at}")
            elsewhere.streams.create(
                seq=1, since=1, author=bob, level=0, touched_at=timezone.now()
            )
        busy = await ask(client, "stream", room, client_id=str(uuid.uuid4()))
    assert (full["code"], busy["code"]) == ("limit", "limit")


async def test_a_page_does_not_write_piece_by_piece(
    live: Live, room: Room, member: Member
) -> None:
    bob, _ = member(room, "Bob")
    session = await asyncio.to_thread(cookie_of, bob)
    headers = {"Cookie": f"sessionid={session}", "Origin": live.url}
    async with live.client("", headers=headers) as page:
        refusal = await ask(page, "stream", room, client_id=str(uuid.uuid4()))
    assert refusal["code"] == "forbidden"
    assert not Message.objects.filter(room=room, author=bob).exists()


async def test_a_repeated_beginning_is_the_same_message(
    live: Live, room: Room, member: Member
) -> None:
    _, token = member(room, "Bob")
    key = str(uuid.uuid4())
    async with live.client(token) as bob:
        first = await ask(bob, "stream", room, client_id=key)
        again = await ask(bob, "stream", room, client_id=key)
        await ask(bob, "finish", room, seq=first["seq"], body="text")
        late = await ask(bob, "stream", room, client_id=key)
    assert {first["seq"], again["seq"], late["seq"]} == {first["seq"]}
    assert late["changed_seq"] == first["changed_seq"]


@pytest.mark.parametrize("by", ["author", "admin"])
async def test_a_deletion_ends_a_growing_message(
    live: Live, room: Room, member: Member, by: str
) -> None:
    _, token = member(room, "Bob")
    keeper, keepers = member(room, "Keeper")
    room.memberships.filter(user=keeper).update(role="admin")
    async with live.client(token) as bob, live.client(keepers) as admin:
        await admin.subscribe(room.public_id)
        seq = await begin(bob, room)
        await append(bob, room, seq, 0, "secret")
        deleter = bob if by == "author" else admin
        await ask(deleter, "delete", room, seq=seq)
        late = await append(bob, room, seq, 6, "more")
        end = await ask(bob, "finish", room, seq=seq)
        changed = await admin.expect("changed", seq=seq)
        await begin(bob, room)  # the place is free again
    assert (late["code"], end["code"]) == ("no_message", "no_message")
    assert (changed["deleted"], changed["stream"]) == (True, "stopped")
    assert "secret" not in json.dumps(changed)
    assert not Chunk.objects.exists()


@pytest.mark.parametrize(
    "how", ["mute", "remove", "ban", "leave", "read-only", "archive"]
)
async def test_who_loses_their_voice_stops_in_the_next_change(
    live: Live, room: Room, member: Member, how: str
) -> None:
    bob, token = member(room, "Bob")
    _, readers = member(room, "Reader")
    alice = room.creator
    assert alice is not None
    changes = {
        "mute": lambda: members.set_muted(alice, room, bob, muted=True),
        "remove": lambda: members.remove_member(alice, room, bob),
        "ban": lambda: members.ban(alice, room, bob),
        "leave": lambda: actions.leave_room(bob, room),
        "read-only": lambda: room_settings.update_room(alice, room, is_read_only=True),
        "archive": lambda: room_settings.update_room(alice, room, is_archived=True),
    }
    async with live.client(token) as author, live.client(readers) as reader:
        await reader.subscribe(room.public_id)
        seq = await begin(author, room)
        await append(author, room, seq, 0, "so *far*")
        await asyncio.to_thread(changes[how])
        late = await append(author, room, seq, 8, "more")
        event = await reader.expect("message", kind="system")
        changed = await reader.expect("changed", seq=seq)
        assert pieces(reader) == [(0, "so *far*")]
    assert late["type"] == "error"
    assert changed["changed_seq"] == event["changed_seq"] + 1
    assert (changed["body"], changed["stream"]) == ("so *far*", "stopped")
    assert changed["html"] == "<p>so <em>far</em></p>"
    head = Room.objects.get(pk=room.pk)
    assert (head.last_seq, head.last_changed_seq) == (
        event["seq"],
        changed["changed_seq"],
    )


async def test_what_grew_in_a_private_room_does_not_grow_on_before_the_public(
    live: Live, private: Room, member: Member, person: Person
) -> None:
    _, token = member(private, "Bob")
    _, strangers = person("Charlie")
    keeper = private.creator
    assert keeper is not None
    async with live.client(token) as author, live.client(strangers) as charlie:
        seq = await begin(author, private)
        await append(author, private, seq, 0, "among ourselves")
        await asyncio.to_thread(
            room_settings.update_room, keeper, private, is_private=False
        )
        await charlie.subscribe(private.public_id, after=0)
        late = await append(author, private, seq, 15, ", go on")
        await author.post(private.public_id, "for all")
        await charlie.expect("message", body="for all")
        assert "among" not in json.dumps(charlie.frames)
        assert pieces(charlie) == []
    assert late["code"] == "forbidden"
    assert stored(private, seq).stream == "stopped"


async def test_a_deleted_room_takes_what_grows_in_it_with_it(
    live: Live, room: Room, member: Member
) -> None:
    _, token = member(room, "Bob")
    alice = room.creator
    assert alice is not None
    async with live.client(token) as author:
        seq = await begin(author, room)
        await append(author, room, seq, 0, "to be gone")
        await author.subscribe(room.public_id)
        await asyncio.to_thread(actions.delete_room, alice, room)
        await author.expect("room_removed", room=room.public_id)
        late = await append(author, room, seq, 10, "more")
        while Room.every.filter(pk=room.pk).exists():  # noqa: ASYNC110 - of processes
            await asyncio.sleep(0.05)
    assert late["code"] == "no_room"
    assert not Stream.objects.exists()
    assert not Chunk.objects.exists()


async def test_an_author_who_falls_silent_is_interrupted_and_one_who_speaks_is_not(
    live: Live, room: Room, member: Member
) -> None:
    _, token = member(room, "Bob")
    _, others = member(room, "Ann")
    _, readers = member(room, "Reader")
    async with live.client(readers) as reader, live.client(others) as ann:
        await reader.subscribe(room.public_id)
        async with live.client(token) as bob:
            seq = await begin(bob, room)
            await append(bob, room, seq, 0, "I was about to ")
        alive = await begin(ann, room)
        changed = asyncio.create_task(reader.expect("changed", FINAL_S, seq=seq))
        while not changed.done():
            assert (await append(ann, room, alive, 0, ""))["type"] == "ack"
            await asyncio.sleep(0.3)
        silent = await changed
    assert (silent["stream"], silent["body"]) == ("interrupted", "I was about to")
    assert Stream.objects.get(room=room).seq == alive


async def test_a_message_goes_on_growing_through_kills_of_all_that_serve_it(
    faulty: Live, room: Room, member: Member
) -> None:
    _, token = member(room, "Bob")
    async with faulty.client(token) as bob:
        seq = await begin(bob, room)
        await append(bob, room, seq, 0, "before ")
        faulty.kill("worker")
        faulty.kill("web")
    await asyncio.to_thread(faulty.heal)
    async with faulty.client(token) as bob:
        await bob.subscribe(room.public_id)
        held = await bob.expect("delta", seq=seq)
        assert (held["offset"], held["text"]) == (0, "before ")
        again = await append(bob, room, seq, 0, "before ")
        await append(bob, room, seq, 7, "and after")
        await ask(bob, "finish", room, seq=seq)
    assert again["type"] == "ack"
    assert stored(room, seq).body == "before and after"
