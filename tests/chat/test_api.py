"""The JSON API from outside: the socket's rules, with HTTP's words for them."""

import asyncio
import json
import signal
import uuid
from typing import Any

import pytest

from chat.models import Membership, Message, Room
from tests.chat.asking import Reply, ask, asked, cookie_of
from tests.chat.conftest import Member, Person
from tests.chat.shapes import MESSAGE_FIELDS, check
from tests.chat.test_socket_resume import fill
from tests.live import Live, wait_until

ROOM = {
    "id": str,
    "kind": str,
    "name": str,
    "description": str,
    "topic": str,
    "private": bool,
    "read_only": bool,
    "members_pin": bool,
    "slow_mode_s": int,
    "archived": bool,
    "members": int,
    "joined": bool,
    "last_seq": int,
    "last_changed_seq": int,
    "unread": (int, type(None)),
    "mentions": (int, type(None)),
}
PAGE = {
    "room": str,
    "last_seq": int,
    "last_changed_seq": int,
    "messages": [MESSAGE_FIELDS],
}
POSTED = {"room": str, "client_id": str, "seq": int, "changed_seq": int}


def post(live: Live, room: str, token: str, body: Any, **options: Any) -> Reply:
    path = f"/api/rooms/{room}/messages"
    return ask(live, path, token, method="POST", body=body, **options)


def told(reply: Reply) -> str:
    """The code of a refusal, which must come with a sentence."""
    assert reply.headers["content-type"] == "application/json"
    assert reply.json["error"].endswith(".")
    return str(reply.json.get("code", ""))


def test_the_list_holds_what_one_may_see(
    live: Live, room: Room, private: Room, member: Member
) -> None:
    _, bobs = member(room, "Bob")
    reply = ask(live, "/api/rooms", bobs)
    assert reply.status == 200
    check(reply.json, {"rooms": [ROOM]})
    (one,) = reply.json["rooms"]
    assert (one["id"], one["name"], one["private"]) == (room.public_id, "Lounge", False)
    assert (one["members"], one["joined"]) == (2, True)
    _, anns = member(private, "Ann")
    names = {one["name"] for one in ask(live, "/api/rooms", anns).json["rooms"]}
    assert names == {"Lounge", "Vault"}


def test_one_room_tells_the_askers_role(
    live: Live, room: Room, member: Member, person: Person
) -> None:
    (_, bobs), (_, charlies) = member(room, "Bob"), person("Charlie")
    mine = ask(live, f"/api/rooms/{room.public_id}", bobs)
    theirs = ask(live, f"/api/rooms/{room.public_id}", charlies)
    for reply, role, joined in ((mine, "member", True), (theirs, None, False)):
        check(reply.json, {**ROOM, "role": (str, type(None))})
        assert (reply.json["role"], reply.json["joined"]) == (role, joined)


def test_a_log_is_read_in_pages(live: Live, room: Room, member: Member) -> None:
    bob, bobs = member(room, "Bob")
    fill(room, bob, 230)

    def seqs(query: str) -> list[int]:
        reply = ask(live, f"/api/rooms/{room.public_id}/messages?{query}", bobs)
        assert reply.status == 200
        check(reply.json, PAGE)
        assert reply.json["last_seq"] == 230
        return [one["seq"] for one in reply.json["messages"]]

    assert seqs("") == list(range(181, 231))
    assert seqs("before=181") == list(range(131, 181))
    assert seqs("before=3") == [1, 2]
    assert seqs("before=1") == seqs("before=0") == seqs("after=230") == []
    assert seqs("after=0&limit=200") == list(range(1, 201))
    assert seqs("after=228") == [229, 230]
    assert seqs("limit=1") == [230]
    assert seqs(f"before={2**53}&limit=2") == [229, 230]


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=201",
        "limit=-1",
        "limit=",
        "limit=1e2",
        "limit=1.0",
        "limit=%D9%A1",
        "limit=1&limit=2",
        "before=x",
        "before=-1",
        f"before={2**53 + 1}",
        "after=" + "9" * 5_000,
        "after=null",
        "after=0x10",
    ],
)
def test_a_bad_number_in_a_query_is_told(
    live: Live, room: Room, member: Member, query: str
) -> None:
    _, bobs = member(room, "Bob")
    reply = ask(live, f"/api/rooms/{room.public_id}/messages?{query}", bobs)
    assert reply.status == 400
    assert told(reply) == "bad_seq"
    assert query.partition("=")[0] in reply.json["error"]


async def test_a_post_is_stored_and_told_to_the_sockets(
    live: Live, room: Room, member: Member
) -> None:
    bob, bobs = member(room, "Bob")
    client_id = str(uuid.uuid4())
    async with live.client(bobs) as client:
        await client.subscribe(room.public_id)
        reply = await asyncio.to_thread(
            post, live, room.public_id, bobs, {"body": "hi", "client_id": client_id}
        )
        message = await client.expect("message")
    assert reply.status == 201
    check(reply.json, POSTED)
    expected = {"room": room.public_id, "client_id": client_id, "seq": 1}
    assert reply.json == {**expected, "changed_seq": 1}
    assert (message["client_id"], message["seq"]) == (client_id, 1)
    assert message["author"]["id"] == bob.public_id


def test_a_repeat_is_the_same_and_another_text_a_conflict(
    live: Live, room: Room, member: Member
) -> None:
    _, bobs = member(room, "Bob")
    fields = {"body": "once", "client_id": str(uuid.uuid4())}
    first = post(live, room.public_id, bobs, fields)
    again = post(live, room.public_id, bobs, fields)
    assert (first.status, again.status) == (201, 201)
    assert first.json == again.json
    other = post(live, room.public_id, bobs, {**fields, "body": "twice"})
    assert other.status == 409
    assert told(other) == "key_reused"
    assert Message.objects.get().body == "once"


def test_a_reply_needs_its_message(live: Live, room: Room, member: Member) -> None:
    _, bobs = member(room, "Bob")
    lost = post(live, room.public_id, bobs, {"body": "re", "reply_to": 1})
    assert (lost.status, told(lost)) == (404, "no_message")
    post(live, room.public_id, bobs, {"body": "first", "reply_to": None})
    assert post(live, room.public_id, bobs, {"body": "re", "reply_to": 1}).status == 201
    assert Message.objects.get(seq=2).reply_to == 1


BAD: dict[str, tuple[Any, str]] = {
    "nothing": (b"", "bad_json"),
    "not JSON": (b"body=hi", "bad_json"),
    "list": ([], "bad_frame"),
    "text": ("hi", "bad_frame"),
    "no body": ({}, "bad_frame"),
    "body null": ({"body": None}, "bad_frame"),
    "body number": ({"body": 1}, "bad_frame"),
    "body list": ({"body": ["hi"]}, "bad_frame"),
    "empty": ({"body": " \u200b"}, "empty"),
    "too long": ({"body": "x" * 8_001}, "too_long"),
    "control": ({"body": "a\x1b"}, "bad_text"),
    "not UTF-8": (b'{"body": "\xff"}', "bad_text"),
    "half a pair": (b'{"body": "\\ud800"}', "bad_text"),
    "key twice": (b'{"body": "a", "body": "b"}', "bad_json"),
    "deep": (b"[" * 50_000, "bad_json"),
    "unknown field": ({"body": "hi", "author": "alice"}, "unknown_field"),
    "sender's number": ({"body": "hi", "seq": 7}, "unknown_field"),
    "key empty": ({"body": "hi", "client_id": ""}, "bad_frame"),
    "key null": ({"body": "hi", "client_id": None}, "bad_frame"),
    "key zero": ({"body": "hi", "client_id": 0}, "bad_frame"),
    "key list": ({"body": "hi", "client_id": []}, "bad_frame"),
    "key word": ({"body": "hi", "client_id": "mine"}, "bad_frame"),
    "key braces": ({"body": "hi", "client_id": f"{{{uuid.UUID(int=1)}}}"}, "bad_frame"),
    "key hex": ({"body": "hi", "client_id": "1" * 32}, "bad_frame"),
    "key urn": (
        {"body": "hi", "client_id": f"urn:uuid:{uuid.UUID(int=1)}"},
        "bad_frame",
    ),
    "reply true": ({"body": "hi", "reply_to": True}, "bad_seq"),
    "reply text": ({"body": "hi", "reply_to": "1"}, "bad_seq"),
    "reply -1": ({"body": "hi", "reply_to": -1}, "bad_seq"),
    "reply 2^53+1": ({"body": "hi", "reply_to": 2**53 + 1}, "bad_frame"),
    "reply object": ({"body": "hi", "reply_to": {}}, "bad_seq"),
}


@pytest.mark.parametrize(("body", "code"), BAD.values(), ids=BAD.keys())
def test_a_bad_message_is_told_and_not_stored(
    live: Live, room: Room, member: Member, body: Any, code: str
) -> None:
    _, bobs = member(room, "Bob")
    reply = post(live, room.public_id, bobs, body)
    assert reply.status == 400
    assert told(reply) == code
    assert not Message.objects.exists()


def test_without_a_valid_token_there_is_only_401(live: Live, room: Room) -> None:
    for path in ("", f"/{room.public_id}", f"/{room.public_id}/messages", "/nowhere"):
        for headers in (
            {},
            {"Authorization": "Bearer lc_" + "x" * 43},
            {"Authorization": "Bearer "},
            {"Authorization": "Basic YTpi"},
            {"Authorization": "Bearer " + "é" * 50},
        ):
            reply = ask(live, f"/api/rooms{path}", headers=headers)
            assert reply.status == 401, (path, headers)
            assert reply.headers["www-authenticate"] == "Bearer"
            told(reply)
    assert post(live, room.public_id, "", {"body": "hi"}).status == 401
    assert not Message.objects.exists()


def test_a_cookie_alone_posts_nothing(live: Live, room: Room, member: Member) -> None:
    """A page elsewhere can make a browser send its cookie, and not Django's token."""
    bob, _ = member(room, "Bob")
    cookie = {"Cookie": f"sessionid={cookie_of(bob)}"}
    for headers in (cookie, {**cookie, "Origin": "http://evil.example"}):
        reply = post(live, room.public_id, "", {"body": "hi"}, headers=headers)
        assert reply.status == 403
    assert ask(live, "/api/rooms", headers=cookie).status == 200
    assert not Message.objects.exists()


@pytest.mark.parametrize(
    "name", ["nowhere", "..", "%00", "%F0%9F%98%80", "a" * 300, "' OR 1=1 --", "*"]
)
def test_a_room_that_is_not_there_is_404(live: Live, person: Person, name: str) -> None:
    _, bobs = person("Bob")
    path = name.replace(" ", "%20").replace("'", "%27")
    reply = ask(live, f"/api/rooms/{path}", bobs)
    assert reply.status == 404
    told(reply)


def test_other_methods_are_not_there(live: Live, room: Room, member: Member) -> None:
    _, bobs = member(room, "Bob")
    for method in ("DELETE", "PUT", "PATCH"):
        for path in ("", f"/{room.public_id}/messages", f"/{room.public_id}/members"):
            reply = ask(live, f"/api/rooms{path}", bobs, method=method)
            assert reply.status == 405
            assert method in reply.json["error"]
    override = {"X-HTTP-Method-Override": "DELETE"}
    assert (
        ask(live, f"/api/rooms/{room.public_id}", bobs, headers=override).status == 200
    )
    assert Room.objects.filter(pk=room.pk).exists()


def test_a_body_above_64_kib_is_refused(live: Live, room: Room, member: Member) -> None:
    _, bobs = member(room, "Bob")
    body = json.dumps({"body": "x" * 65_600}).encode()
    assert post(live, room.public_id, bobs, body).status == 413
    assert not Message.objects.exists()


def test_nothing_that_others_may_not_know_is_in_an_answer(
    live: Live, room: Room, member: Member
) -> None:
    bob, bobs = member(room, "Bob")
    post(live, room.public_id, bobs, {"body": "hi"})
    for path in ("", f"/{room.public_id}", f"/{room.public_id}/messages"):
        text = ask(live, f"/api/rooms{path}", bobs).text
        assert "@example.org" not in text
        assert "epoch" not in text
        assert f'"{bob.pk}"' not in text
    assert Membership.objects.filter(user=bob).count() == 1


def test_health_says_what_is_down(live: Live) -> None:
    assert ask(live, "/health").json == {"status": "ok"}
    worker = live.processes["worker"]
    worker.send_signal(signal.SIGTERM)
    worker.wait(10)
    try:
        wait_until(lambda: ask(live, "/health").status == 503, "the worker is missed")
        assert ask(live, "/health").json == {"status": "down", "down": ["roomworker"]}
    finally:
        live.start_worker()
    live.wait_healthy()


async def test_a_post_without_a_worker_says_that_it_waits(
    live: Live, room: Room, member: Member
) -> None:
    _, bobs = member(room, "Bob")
    fields = {"body": "patience", "client_id": str(uuid.uuid4())}
    path = f"/api/rooms/{room.public_id}/messages"
    live.freeze("worker")
    try:
        reply = await asked(live, path, bobs, method="POST", body=fields)
    finally:
        live.thaw("worker")
    assert (reply.status, told(reply)) == (503, "waiting")
    assert int(reply.headers["retry-after"]) >= 1
    again = await asked(live, path, bobs, method="POST", body=fields)
    assert again.status == 201
    assert Message.objects.get().body == "patience"
