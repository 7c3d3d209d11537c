"""The JSON API of direct and group messages, and how they are live."""

import asyncio
from typing import Any

import pytest

from chat import actions
from chat.directs import begin_direct
from chat.models import Membership, Room
from tests.chat.asking import Reply, ask, asked
from tests.chat.conftest import Person
from tests.chat.shapes import check_frame
from tests.chat.test_openapi import described
from tests.live import Live


def begun(live: Live, token: str, users: Any) -> Reply:
    body = {"users": users}
    reply = ask(live, "/api/directs", token, method="POST", body=body)
    described(reply, "/api/directs", "post")
    return reply


def listed(live: Live, token: str) -> list[Any]:
    reply = ask(live, "/api/directs", token)
    described(reply, "/api/directs", "get")
    return list(reply.json["rooms"])


def test_a_program_begins_one_and_finds_it_again(live: Live, person: Person) -> None:
    (alice, hers), (bob, his), (_, other) = map(person, ("Alice", "Bob", "Charlie"))
    made = begun(live, hers, [bob.public_id])
    assert (made.status, made.json["name"], made.json["kind"]) == (201, "Bob", "direct")
    again = begun(live, his, [alice.public_id, bob.public_id])
    assert (again.status, again.json["id"]) == (200, made.json["id"])
    assert [one["name"] for one in listed(live, hers)] == ["Bob"]
    assert listed(live, his) == listed(live, other) == []
    assert ask(live, "/api/rooms", hers).json == {"rooms": []}
    address = f"/api/rooms/{made.json['id']}"
    assert ask(live, address, other).status == 404
    for method, path in (("DELETE", ""), ("DELETE", "/membership"), ("PATCH", "")):
        reply = ask(live, address + path, hers, method=method, body={"name": "x"})
        assert reply.status in {403, 409}
    assert Membership.objects.count() == 2


@pytest.mark.parametrize(
    ("users", "status", "code"),
    [
        ("bob", 400, "bad_frame"),
        ([1], 400, "bad_frame"),
        ([["x"]], 400, "bad_frame"),
        (["x"] * 11, 400, "bad_frame"),
        (["nobody"], 404, "no_user"),
        ([], 409, "conflict"),
    ],
)
def test_whom_a_program_may_not_name(
    live: Live, person: Person, users: Any, status: int, code: str
) -> None:
    reply = begun(live, person("Alice")[1], users)
    assert (reply.status, reply.json["code"]) == (status, code)
    assert not Room.objects.exists()


async def test_many_who_begin_at_once_get_one_room(live: Live, person: Person) -> None:
    (alice, hers), (bob, his) = await asyncio.to_thread(
        lambda: (person("Alice"), person("Bob"))
    )
    both = {"users": [alice.public_id, bob.public_id]}
    tokens = [hers, his] * 10
    replies = await asyncio.gather(
        *(
            asked(live, "/api/directs", token, method="POST", body=both)
            for token in tokens
        )
    )
    assert sorted(one.status for one in replies) == [200] * 19 + [201]
    assert len({one.json["id"] for one in replies}) == 1


async def test_the_other_hears_of_it_and_of_what_is_written(
    live: Live, person: Person
) -> None:
    (alice, hers), (bob, his), (_, other) = await asyncio.to_thread(
        lambda: (person("Alice"), person("Bob"), person("Charlie"))
    )
    async with (
        live.client(hers) as one,
        live.client(his) as two,
        live.client(other) as three,
    ):
        room, _ = await asyncio.to_thread(begin_direct, alice, [bob])
        await one.expect("room_created", room=room.public_id)
        await asyncio.to_thread(actions.create_room, alice, name="Garden")
        await two.expect("room_created", name="Garden")
        assert not [one for one in two.frames if one.get("room") == room.public_id]
        await one.post(room.public_id, "hello")
        frame = await two.expect("room_created", room=room.public_id)
        check_frame(frame)
        assert (frame["name"], frame["kind"]) == ("Alice", "direct")
        await two.subscribe(room.public_id)
        await one.post(room.public_id, "between us")
        await two.expect("message", body="between us")
        await three.say("subscribe", room=room.public_id, ref="s")
        assert (await three.expect("error", ref="s"))["code"] == "no_room"
        assert [
            frame for frame in three.frames if frame.get("room") == room.public_id
        ] == []
