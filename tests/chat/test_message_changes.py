"""Edits and deletions: who may, what everybody sees, and that no number is left out."""

import asyncio
import json
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any

import msgspec
import pytest
import redis.asyncio
from django.conf import settings
from django.utils import timezone

from accounts.models import User
from chat import members
from chat.fanout import Log
from chat.inbox import PostIntent, stream
from chat.models import Membership, Message, Room
from livechat.lib import limits
from tests.chat.conftest import Member, Person
from tests.chat.shapes import check_frame
from tests.chat.test_socket_resume import fill
from tests.live import Client, Live

SECRET = "nobody may read this any more"


def numbers(client: Client) -> list[int]:
    """The changes that came, in their order."""
    kinds = {"message", "changed"}
    return [one["changed_seq"] for one in client.frames if one["type"] in kinds]


async def change(client: Client, kind: str, room: Room, seq: int, **fields: Any) -> Any:
    """Ask for a change; its ack or error."""
    ref = uuid.uuid4().hex
    await client.say(kind, room=room.public_id, seq=seq, ref=ref, **fields)
    return await client.until(lambda one: one.get("ref") == ref)


async def test_an_edit_reaches_everybody_under_the_rooms_next_number(
    live: Live, room: Room, member: Member
) -> None:
    _, token = member(room, "Bob")
    async with live.client(token) as bob, live.client(token) as reader:
        await reader.subscribe(room.public_id)
        seq = (await bob.post(room.public_id, "frist"))["seq"]
        await bob.post(room.public_id, "second")
        ack = await change(bob, "edit", room, seq, body="**first**")
        changed = await reader.expect("changed", seq=seq)
        check_frame(changed)
        got = numbers(reader)
    head = Room.objects.get(pk=room.pk)
    assert ack["type"] == "ack"
    assert ack.keys() == {"type", "ref", "room", "seq", "changed_seq"}
    assert ack["changed_seq"] == changed["changed_seq"] == head.last_changed_seq
    assert head.last_seq == seq + 1
    assert got == [seq, seq + 1]
    assert (changed["body"], changed["deleted"]) == ("**first**", False)
    assert changed["html"] == "<p><strong>first</strong></p>"
    assert changed["edited_at"] is not None
    row = Message.objects.get(room=room, seq=seq)
    assert (row.changed_seq, row.created_changed_seq) == (seq + 2, seq)


async def test_an_edit_that_changes_nothing_takes_no_number(
    live: Live, room: Room, member: Member
) -> None:
    _, token = member(room, "Bob")
    async with live.client(token) as bob:
        first = await bob.post(room.public_id, "one")
        edit = await change(bob, "edit", room, first["seq"], body="two")
        again = await change(bob, "edit", room, first["seq"], body="two")
    assert again["changed_seq"] == edit["changed_seq"]
    assert Room.objects.get(pk=room.pk).last_changed_seq == edit["changed_seq"]


async def test_of_a_deleted_message_no_text_is_left_anywhere(
    live: Live, room: Room, member: Member
) -> None:
    _, token = member(room, "Bob")
    key = str(uuid.uuid4())
    async with live.client(token) as bob, live.client(token) as reader:
        posted = await bob.post(room.public_id, SECRET, client_id=key)
        await reader.subscribe(room.public_id)
        ack = await change(bob, "delete", room, posted["seq"])
        changed = await reader.expect("changed", seq=posted["seq"])
        check_frame(changed)
        again = await change(bob, "delete", room, posted["seq"])
        repeated = await bob.post(room.public_id, SECRET, client_id=key)
        late = await change(bob, "edit", room, posted["seq"], body="back")
        for after in (0, posted["changed_seq"]):
            await reader.say("subscribe", room=room.public_id, after=after)
            await reader.expect("presence_state")
        history = await asyncio.to_thread(
            call, live, token, "GET", f"/api/rooms/{room.public_id}/messages"
        )
        seen = [json.dumps(one) for one in [*reader.frames, changed, history]]
    assert (changed["deleted"], changed["body"], changed["html"]) == (True, "", "")
    assert again["changed_seq"] == ack["changed_seq"]
    assert (repeated["seq"], repeated["changed_seq"]) == (
        posted["seq"],
        posted["changed_seq"],
    )
    assert late["code"] == "no_message"
    assert [one for one in seen if SECRET in one] == []
    row = Message.objects.get(room=room, seq=posted["seq"])
    assert (row.body, row.html) == ("", "")
    assert row.deleted_at is not None


async def test_authors_edit_and_admins_may_delete_and_nobody_else_does_either(
    live: Live, room: Room, member: Member, person: Person
) -> None:
    (_, bobs), (_, others) = member(room, "Bob"), member(room, "Ann")
    admin, admins = member(room, "Keeper")
    Membership.objects.filter(room=room, user=admin).update(role="admin")
    _, charlies = person("Charlie")
    async with (
        live.client(bobs) as bob,
        live.client(others) as ann,
        live.client(admins) as keeper,
        live.client(charlies) as charlie,
    ):
        seq = (await bob.post(room.public_id, "mine"))["seq"]
        refusals = [
            await change(ann, "edit", room, seq, body="x"),
            await change(ann, "delete", room, seq),
            await change(keeper, "edit", room, seq, body="x"),
            await change(charlie, "edit", room, seq, body="x"),
            await change(charlie, "delete", room, seq),
        ]
        missing = await change(bob, "edit", room, 99, body="x")
        empty = await change(bob, "edit", room, seq, body=" ")
        by_admin = await change(keeper, "delete", room, seq)
        await asyncio.to_thread(Room.objects.filter(pk=room.pk).update, is_private=True)
        hidden = await change(charlie, "delete", room, seq)
    assert [one["code"] for one in refusals] == ["forbidden"] * 5
    assert refusals[0].keys() >= {"room", "seq"}
    assert (missing["code"], empty["code"]) == ("no_message", "empty")
    assert by_admin["type"] == "ack"
    assert hidden["code"] == "no_room"
    assert Message.objects.get(room=room, seq=seq).deleted_at is not None


async def test_who_is_muted_deletes_and_does_not_edit(
    live: Live, room: Room, member: Member
) -> None:
    user, token = member(room, "Bob")
    async with live.client(token) as bob:
        seq = (await bob.post(room.public_id, "mine"))["seq"]
        muted = Membership.objects.filter(room=room, user=user)
        await asyncio.to_thread(muted.update, is_muted=True)
        edit = await change(bob, "edit", room, seq, body="x")
        deletion = await change(bob, "delete", room, seq)
    assert edit["code"] == "forbidden"
    assert deletion["type"] == "ack"


async def test_a_text_from_before_the_room_became_public_stays_as_it_is(
    live: Live, room: Room, member: Member
) -> None:
    _, token = member(room, "Bob")
    async with live.client(token) as bob:
        seq = (await bob.post(room.public_id, "between us"))["seq"]
        public = Room.objects.filter(pk=room.pk)
        await asyncio.to_thread(public.update, public_from_seq=seq + 1)
        edit = await change(bob, "edit", room, seq, body="to everybody")
        deletion = await change(bob, "delete", room, seq)
    assert edit["code"] == "forbidden"
    assert deletion["type"] == "ack"


@pytest.mark.parametrize(
    ("after", "kinds"),
    [
        (0, [("message", 3), ("message", 4), ("message", 5)]),
        (1, [("message", 3), ("changed", 4), ("message", 5)]),
        (2, [("message", 3), ("changed", 4), ("changed", 5)]),
        (3, [("changed", 4), ("changed", 5)]),
        (4, [("changed", 5)]),
    ],
)
async def test_a_replay_tells_as_new_what_was_created_above_the_cursor(
    live: Live, room: Room, member: Member, after: int, kinds: list[tuple[str, int]]
) -> None:
    bob, token = member(room, "Bob")
    # Written 1, 2, 3; then the first and the second were edited, as 4 and 5.
    write(room, bob, {1: (4, 1), 2: (5, 2), 3: (3, None)})
    async with live.client(token) as client:
        await client.subscribe(room.public_id, after=after)
        await client.expect("presence_state")
        found = [one for one in client.frames if one["type"] in {"message", "changed"}]
    assert [(one["type"], one["changed_seq"]) for one in found] == kinds
    for one in found:
        if one["type"] == "changed":
            check_frame(one)


async def test_what_redis_lost_comes_live_without_a_hole_and_in_its_present_state(
    live: Live, room: Room, member: Member
) -> None:
    bob, token = member(room, "Bob")
    async with live.client(token) as client:
        await client.subscribe(room.public_id)
        start = Room.objects.get(pk=room.pk).last_changed_seq
        # As if Redis had told nothing: 1 and 2 were written, 2 edited twice, 1 deleted.
        rows = {start + 1: (start + 5, start + 1), start + 2: (start + 4, start + 2)}
        await asyncio.to_thread(write, room, bob, rows)
        await client.expect("changed", changed_seq=start + 5)
        found = [one for one in client.frames if one["type"] in {"message", "changed"}]
    assert [(one["type"], one["seq"], one["changed_seq"]) for one in found[:3]] == [
        ("message", start + 1, start + 1),
        ("message", start + 2, start + 2),
        ("changed", found[2]["seq"], start + 3),
    ]
    assert numbers(client) == list(range(start + 1, start + 5))


@pytest.mark.django_db
@pytest.mark.parametrize("limit", [1, 2, 3, 10])
def test_the_log_tells_each_number_once_however_little_is_read_at_a_time(
    alice: User, limit: int
) -> None:
    room = Room.objects.create(name="Lounge")
    write(room, alice, {1: (9, 1), 2: (2, None), 3: (7, 3), 4: (8, 4), 5: (5, None)})
    told: list[tuple[int, str]] = []
    while True:
        changes = Log().changes(room.public_id, told[-1][0] if told else 0, limit)
        if not changes.publications:
            break
        assert len(changes.publications) <= limit
        for one in changes.publications:
            told.append((one.changed_seq, json.loads(one.json)["type"]))
    assert [number for number, _ in told] == list(range(1, 10))
    assert [kind for _, kind in told] == ["message"] * 5 + ["changed"] * 4


@pytest.mark.django_db
@pytest.mark.parametrize("edits", [2, 100])
def test_the_log_asks_as_often_however_many_numbers_are_lost(
    alice: User,
    edits: int,
    django_assert_num_queries: Callable[[int], AbstractContextManager[Any]],
) -> None:
    room = Room.objects.create(name="Lounge")
    last = 4 + 2 * edits  # each of two messages was edited so often
    write(room, alice, {1: (last, 1), 2: (last - 1, 2), 3: (3, None), 4: (4, None)})
    with django_assert_num_queries(5):
        told = Log().changes(room.public_id, 0, limits.REPLAY_MAX_CHANGES).publications
    assert [one.changed_seq for one in told] == list(range(1, last + 1))
    # What stands in for a number is what changes next: least of it is to come.
    lost = [json.loads(one.json)["seq"] for one in told[4:-2]]
    assert lost == [2] * (last - 6)


@pytest.mark.django_db
def test_what_changes_next_stands_in_for_a_lost_number(alice: User) -> None:
    room = Room.objects.create(name="Lounge")
    write(room, alice, {1: (10, 1), 2: (7, 2), 3: (5, 3), 4: (4, None)})
    told = Log().changes(room.public_id, 0, 100).publications
    lost = {6: 2, 8: 1, 9: 1}
    assert {
        one.changed_seq: json.loads(one.json)["seq"]
        for one in told
        if one.changed_seq in lost
    } == lost


def write(room: Room, author: User, rows: Mapping[int, tuple[int, int | None]]) -> None:
    """Messages straight into the log: (changed_seq, created_changed_seq) by seq."""
    now = timezone.now()
    Message.objects.bulk_create(
        Message(
            room=room,
            seq=seq,
            changed_seq=changed_seq,
            created_changed_seq=created,
            author=author,
            client_id=uuid.uuid4(),
            body=f"text {seq}",
            html=f"<p>text {seq}</p>",
            created_at=now,
            edited_at=now if created else None,
        )
        for seq, (changed_seq, created) in rows.items()
    )
    room.last_seq = max(rows)
    room.last_changed_seq = max(changed for changed, _ in rows.values())
    room.save(update_fields=["last_seq", "last_changed_seq"])


def call(
    live: Live, token: str, method: str, path: str, body: object = None
) -> dict[str, Any]:
    """An answer of the JSON API, with its status."""
    request = urllib.request.Request(  # noqa: S310 - our own loopback address
        live.url + path,
        method=method,
        headers={"Authorization": f"Bearer {token}"},
        data=None if body is None else json.dumps(body).encode(),
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
            return {"status": answer.status, **json.load(answer)}
    except urllib.error.HTTPError as error:
        return {"status": error.code, **json.load(error)}


async def test_the_api_edits_and_deletes_by_the_same_rules(
    live: Live, room: Room, member: Member, person: Person
) -> None:
    _, token = member(room, "Bob")
    _, charlies = person("Charlie")

    async def ask(who: str, method: str, seq: int, body: object = None) -> Any:
        path = f"/api/rooms/{room.public_id}/messages/{seq}"
        return await asyncio.to_thread(call, live, who, method, path, body)

    async with live.client(token) as bob:
        seq = (await bob.post(room.public_id, "one"))["seq"]
        edited = await ask(token, "PATCH", seq, {"body": "two"})
        odd = await ask(token, "PATCH", seq, {"body": "two", "seq": 1})
        none = await ask(token, "PATCH", seq, {})
        others = await ask(charlies, "PATCH", seq, {"body": "x"})
        missing = await ask(token, "DELETE", 2**53)
        beyond = await ask(token, "DELETE", 2**64)
        deleted = await ask(token, "DELETE", seq)
    changed_seq = seq + 1
    assert edited == {
        "status": 200,
        "room": room.public_id,
        "seq": seq,
        "changed_seq": changed_seq,
    }
    assert (odd["status"], odd["code"]) == (400, "unknown_field")
    assert (none["status"], none["code"]) == (400, "bad_frame")
    assert (others["status"], others["code"]) == (403, "forbidden")
    assert (missing["status"], missing["code"]) == (404, "no_message")
    assert (beyond["status"], beyond["code"]) == (400, "bad_seq")
    assert (deleted["status"], deleted["changed_seq"]) == (200, changed_seq + 1)


async def test_an_entry_from_before_there_were_edits_is_still_a_message(
    live: Live, room: Room, member: Member
) -> None:
    bob, token = member(room, "Bob")
    entry = [room.pk, bob.pk, bob.epoch, uuid.uuid4(), "old", None, "", "a", None]
    with pytest.raises(msgspec.ValidationError):
        msgspec.msgpack.decode(msgspec.msgpack.encode(entry), type=PostIntent)
    store = redis.asyncio.Redis.from_url(settings.REDIS_URL)
    async with live.client(token) as client, store:
        await client.subscribe(room.public_id)
        await store.xadd(stream(room.shard), {"i": msgspec.msgpack.encode(entry)})
        message = await client.expect("message")
    assert message["body"] == "old"


def test_an_edit_above_a_removal_is_not_told_below_it(
    live: Live, room: Room, member: Member
) -> None:
    (bob, _), owner = member(room, "Bob"), room.creator
    assert owner is not None
    fill(room, owner, 1)
    members.remove_member(owner, room, bob)
    edit = {"changed_seq": 3, "created_changed_seq": 1, "edited_at": timezone.now()}
    Message.objects.filter(room=room, seq=1).update(body=SECRET, html=SECRET, **edit)
    Room.objects.filter(pk=room.pk).update(last_changed_seq=3)
    told = Log().changes(room.public_id, 0, 100).publications
    assert [one.changed_seq for one in told] == [1, 2, 3]
    bare, removal, full = told
    assert removal.event is not None
    assert SECRET.encode() not in bare.json + bare.html + removal.json
    assert SECRET.encode() in full.json
    assert SECRET.encode() in full.html
