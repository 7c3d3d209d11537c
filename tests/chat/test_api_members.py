"""The JSON API of rooms and of who is in them, from outside."""

from dataclasses import dataclass
from typing import Any

import pytest

from accounts.models import User
from chat.models import Ban, Membership, Message, Room
from tests.chat.asking import Reply, ask
from tests.chat.conftest import Member, Person
from tests.chat.shapes import check
from tests.chat.test_openapi import described
from tests.live import Live

USER = {"id": str, "name": str, "bot": bool}
MEMBER = {
    "user": USER,
    "role": str,
    "owner": bool,
    "muted": bool,
    "joined_at": str,
}
BAN = {"user": USER, "created_at": str}


@dataclass(frozen=True)
class Caller:
    """Somebody with a token; each answer is compared with the OpenAPI document."""

    live: Live
    room: Room
    token: str

    def call(
        self, method: str, path: str = "", user: str = "", body: Any = None
    ) -> Reply:
        """The answer to a request on the room: `path` as in the document."""
        template = "/api/rooms/{room}" + path
        address = template.format(room=self.room.public_id, user=user)
        reply = ask(self.live, address, self.token, method=method, body=body)
        described(reply, template, method.lower())
        return reply


@pytest.fixture
def owner(live: Live, person: Person) -> tuple[User, str]:
    """alice and her token."""
    return person("Alice")


@pytest.fixture
def den(live: Live, owner: tuple[User, str]) -> Room:
    """A private room that alice made by the API."""
    body = {"name": "Den", "description": "Low", "private": True}
    reply = ask(live, "/api/rooms", owner[1], method="POST", body=body)
    described(reply, "/api/rooms", "post")
    assert (reply.status, reply.json["role"]) == (201, "admin")
    return Room.objects.get(public_id=reply.json["id"])


@pytest.fixture
def alices(live: Live, den: Room, owner: tuple[User, str]) -> Caller:
    """alice, on her room."""
    return Caller(live, den, owner[1])


def test_an_admin_adds_lists_and_removes_people(alices: Caller, person: Person) -> None:
    bob, bobs = person("Bob")
    his = Caller(alices.live, alices.room, bobs)
    assert his.call("GET").status == 404
    for _ in range(2):  # a repeat changes nothing
        added = alices.call("POST", "/members", body={"user": bob.public_id})
        assert added.status == 201
        check(added.json, MEMBER)
    listed = his.call("GET", "/members")
    check(listed.json, {"members": [MEMBER], "more": bool})
    assert [one["user"]["name"] for one in listed.json["members"]] == ["Alice", "Bob"]
    for _ in range(2):
        gone = alices.call("DELETE", "/members/{user}", bob.public_id)
    assert gone.status == 404  # the second time there is no such member
    assert his.call("GET").status == 404
    events = Message.objects.filter(room=alices.room).order_by("seq")
    assert [row.told and row.told["type"] for row in events] == ["joined", "removed"]


def test_an_admin_gives_roles_and_mutes(alices: Caller, member: Member) -> None:
    bob, bobs = member(alices.room, "Bob")
    place = ("/members/{user}", bob.public_id)
    changed = alices.call("PATCH", *place, body={"muted": True})
    assert (changed.json["muted"], changed.json["role"]) == (True, "member")
    his = Caller(alices.live, alices.room, bobs)
    assert his.call("POST", "/messages", body={"body": "hi"}).status == 403
    changed = alices.call("PATCH", *place, body={"role": "admin"})
    assert (changed.json["muted"], changed.json["role"]) == (False, "admin")
    assert his.call("POST", "/messages", body={"body": "hi"}).status == 201
    assert alices.call("PATCH", *place, body={"muted": True}).status == 409


def test_an_admin_bans_and_lifts_the_ban(alices: Caller, member: Member) -> None:
    bob, bobs = member(alices.room, "Bob")
    his = Caller(alices.live, alices.room, bobs)
    banned = alices.call("POST", "/bans", body={"user": bob.public_id})
    check(banned.json, BAN)
    assert his.call("GET").status == 404
    check(alices.call("GET", "/bans").json, {"bans": [BAN], "more": bool})
    again = alices.call("POST", "/members", body={"user": bob.public_id})
    assert (again.status, again.json["code"]) == (409, "conflict")
    assert alices.call("DELETE", "/bans/{user}", bob.public_id).status == 204
    assert not Ban.objects.exists()
    added = alices.call("POST", "/members", body={"user": bob.public_id})
    assert added.status == 201


def test_a_room_is_changed_joined_left_and_deleted(
    alices: Caller, person: Person
) -> None:
    _, bobs = person("Bob")
    his = Caller(alices.live, alices.room, bobs)
    assert his.call("POST", "/membership").status == 404
    changed = alices.call("PATCH", body={"name": "Cave", "private": False})
    assert (changed.json["name"], changed.json["private"]) == ("Cave", False)
    assert changed.json["description"] == "Low"
    for _ in range(2):
        assert his.call("POST", "/membership").json["role"] == "member"
    assert alices.call("DELETE", "/membership").status == 409  # the last admin
    for _ in range(2):
        assert his.call("DELETE", "/membership").status == 204
    assert alices.call("DELETE").status == 204
    assert alices.call("GET").status == 404
    assert not Room.objects.exists()


CHANGES: list[tuple[str, str, Any]] = [
    ("PATCH", "", {"name": "Mine"}),
    ("DELETE", "", None),
    ("POST", "/members", {"user": "BOB"}),
    ("PATCH", "/members/{user}", {"role": "admin"}),
    ("DELETE", "/members/{user}", None),
    ("GET", "/bans", None),
    ("POST", "/bans", {"user": "BOB"}),
    ("DELETE", "/bans/{user}", None),
]


@pytest.mark.parametrize(("method", "path", "body"), CHANGES)
def test_charlie_changes_nothing_and_cannot_tell_that_the_room_is_there(
    alices: Caller, member: Member, person: Person, method: str, path: str, body: Any
) -> None:
    (bob, bobs), (_, charlies) = member(alices.room, "Bob"), person("Charlie")
    if body and "user" in body:
        body = {"user": bob.public_id}
    theirs = Caller(alices.live, alices.room, charlies)
    nowhere = Caller(alices.live, Room(public_id="nowhere12345"), charlies)
    reply = theirs.call(method, path, bob.public_id, body)
    assert reply.status == 404
    assert reply.text == nowhere.call(method, path, bob.public_id, body).text
    his = Caller(alices.live, alices.room, bobs)
    refused = his.call(method, path, bob.public_id, body)
    assert (refused.status, refused.json["code"]) == (403, "forbidden")
    assert Membership.objects.filter(room=alices.room).count() == 2
    assert not Message.objects.exists()


def test_the_owner_of_the_site_gets_nothing_of_a_private_room(
    alices: Caller, member: Member, person: Person
) -> None:
    (bob, _), (staff, staffs) = member(alices.room, "Bob"), person("Ann")
    User.objects.filter(pk=staff.pk).update(role=User.Role.OWNER)
    hers = Caller(alices.live, alices.room, staffs)
    for method, path, body in CHANGES:
        assert hers.call(method, path, bob.public_id, body).status == 404
    assert hers.call("GET", "/members").status == 404


@pytest.mark.parametrize(
    ("method", "path", "body", "code"),
    [
        ("PATCH", "", {"name": ""}, "empty"),
        ("PATCH", "", {"name": "x" * 51}, "too_long"),
        ("PATCH", "", {"name": "a\x07b"}, "bad_text"),
        ("PATCH", "", {"name": 1}, "bad_frame"),
        ("PATCH", "", {"private": "yes"}, "bad_frame"),
        ("PATCH", "", {"creator": "x"}, "unknown_field"),
        ("PATCH", "", b"[]", "bad_frame"),
        ("PATCH", "", b"{", "bad_json"),
        ("POST", "/members", {}, "bad_frame"),
        ("POST", "/members", {"user": ["x"]}, "bad_frame"),
        ("PATCH", "/members/{user}", {"role": "owner"}, "bad_frame"),
        ("PATCH", "/members/{user}", {"role": []}, "bad_frame"),
        ("GET", "/members?offset=-1", None, "bad_seq"),
    ],
)
def test_what_is_senseless_is_refused_with_a_code(
    alices: Caller, member: Member, method: str, path: str, body: Any, code: str
) -> None:
    bob, _ = member(alices.room, "Bob")
    address = f"/api/rooms/{alices.room.public_id}{path}"
    address = address.replace("{user}", bob.public_id)
    reply = ask(alices.live, address, alices.token, method=method, body=body)
    assert (reply.status, reply.json["code"]) == (400, code)
    alices.room.refresh_from_db()
    assert (alices.room.name, alices.room.last_seq) == ("Den", 0)


@pytest.mark.parametrize("user", ["nobody123456", "\x00", "x" * 500])
def test_nobody_is_no_person(alices: Caller, user: str) -> None:
    for path in ("/members", "/bans"):
        reply = alices.call("POST", path, body={"user": user})
        assert reply.status in {400, 404}
    assert Membership.objects.filter(room=alices.room).count() == 1


def test_members_come_in_pages(alices: Caller, member: Member) -> None:
    for name in ("Bob", "Ann"):
        member(alices.room, name)
    path = f"/api/rooms/{alices.room.public_id}/members"
    pages = [
        ask(alices.live, f"{path}?limit=2&offset={offset}", alices.token).json
        for offset in (0, 2)
    ]
    names = [[one["user"]["name"] for one in page["members"]] for page in pages]
    assert names == [["Alice", "Ann"], ["Bob"]]
    assert [page["more"] for page in pages] == [True, False]


def test_too_many_changes_are_told_to_wait(alices: Caller, person: Person) -> None:
    bob, _ = person("Bob")
    replies = []
    for _ in range(20):
        replies += [
            alices.call("POST", "/members", body={"user": bob.public_id}),
            alices.call("DELETE", "/members/{user}", bob.public_id),
        ]
        if replies[-1].status == 429:
            break
    refused = next(one for one in replies if one.status == 429)
    assert refused.json["code"] == "rate_limited"
    assert 1 <= int(refused.headers["retry-after"]) <= 3


def test_who_is_to_be_admin_and_muted_at_once_becomes_neither(
    live: Live, room: Room, member: Member
) -> None:
    (bob, _), (dora, token) = member(room, "Bob"), member(room, "Dora")
    Membership.objects.filter(room=room, user=dora).update(role="admin")
    path, both = "/members/{user}", {"role": "admin", "muted": True}
    refused = Caller(live, room, token).call("PATCH", path, bob.public_id, both)
    assert refused.status == 409
    row = Membership.objects.get(room=room, user=bob)
    assert (row.role, row.is_muted) == ("member", False)
