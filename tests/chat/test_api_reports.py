"""The JSON API of reports, reactions, what is unread, and pauses, from outside."""

import json
from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Token, User
from chat.directs import begin_direct
from chat.models import Membership, Message, Room
from chat.moderation_tables import Report
from livechat.push.models import Preferences
from tests.chat.asking import Reply, ask
from tests.chat.conftest import Member, Person
from tests.chat.pages import fill, room_of
from tests.chat.test_openapi import described
from tests.chat.writing import say
from tests.live import Live

ROOM = "/api/rooms/{room}"


class Program:
    """Somebody's token; each answer is compared with the OpenAPI document."""

    def __init__(self, user: User) -> None:
        self.token = Token.issue(user)
        self.client = Client(headers={"Authorization": f"Bearer {self.token}"})

    def call(self, method: str, path: str, body: Any = None, **parts: Any) -> Reply:
        """The answer; the path is as in the document."""
        answer: Any = self.client.generic(
            method, path.format(**parts), _json(body), "application/json"
        )
        headers = {name.lower(): value for name, value in answer.headers.items()}
        reply = Reply(answer.status_code, headers, answer.content.decode())
        described(reply, path, method.lower())
        return reply


def _json(body: Any) -> str:
    return "" if body is None else json.dumps(body)


@pytest.fixture
def lounge(alice: User, bob: User, charlie: User) -> Room:
    """A room of alice's, in which charlie has written two messages."""
    room = room_of(alice, bob, charlie)
    fill(room, charlie, 2)
    return room


def test_a_report_is_made_once_looked_at_and_settled(
    lounge: Room, alice: User, bob: User, charlie: User
) -> None:
    here = {"room": lounge.public_id, "seq": 1}
    place, spam = f"{ROOM}/messages/{{seq}}/reports", {"reason": "spam", "note": "ads"}
    reporter, moderator = Program(bob), Program(alice)
    made = reporter.call("POST", place, spam, **here)
    assert (made.status, made.json["outcome"]) == (201, None)
    assert reporter.call("POST", place, {"reason": "other"}, **here).json == made.json
    (waiting,) = moderator.call("GET", f"{ROOM}/reports", **here).json["reports"]
    assert waiting["message"]["author"]["id"] == charlie.public_id
    assert (waiting["reason"], waiting["note"]) == ("spam", "ads")
    assert bob.public_id not in str(waiting)
    settle, pk = f"{ROOM}/reports/{{id}}", made.json["id"]
    for _ in range(2):
        done = moderator.call("POST", settle, {"outcome": "deleted"}, id=pk, **here)
        assert done.status == 204
    none = moderator.call("POST", settle, {"outcome": "deleted"}, id=pk + 1, **here)
    assert none.status == 404
    (own,) = reporter.call("GET", "/api/reports/own").json["reports"]
    assert (own["id"], own["outcome"]) == (pk, "deleted")
    assert moderator.call("GET", f"{ROOM}/reports", **here).json == {"reports": []}
    assert Message.objects.get(room=lounge, seq=1).deleted_at is not None


def test_the_sites_admin_settles_what_stands_in_a_private_room(
    alice: User, bob: User, charlie: User
) -> None:
    vault = room_of(bob, charlie, name="Vault", is_private=True)
    fill(vault, bob, 1)
    message = Message.objects.get()
    Report.objects.create(
        room=vault, message=message, reporter=charlie, reason="private"
    )
    admin = Program(alice)
    (waiting,) = admin.call("GET", "/api/reports").json["reports"]
    assert waiting["room"] == vault.public_id
    told = {"author", "body", "html", "created_at", "deleted"}
    assert waiting["message"].keys() == told
    dismissed = {"outcome": "dismissed"}
    done = admin.call("POST", "/api/reports/{id}", dismissed, id=waiting["id"])
    assert done.status == 204
    assert Report.objects.get().outcome == "dismissed"
    none = admin.call("POST", "/api/reports/{id}", dismissed, id=waiting["id"] + 1)
    assert none.status == 404
    assert Program(charlie).call("GET", "/api/reports").status == 403


def test_the_sites_admin_is_not_told_which_direct_message_was_reported(
    alice: User, bob: User, charlie: User
) -> None:
    direct, _ = begin_direct(bob, [charlie])
    say(bob, direct, "hello", "spam")
    message = Message.objects.get(room=direct, seq=2)
    Report.objects.create(room=direct, message=message, reporter=charlie, reason="spam")
    (waiting,) = Program(alice).call("GET", "/api/reports").json["reports"]
    assert (waiting["room"], waiting["message"]["body"]) == (None, "spam")
    assert direct.public_id not in str(waiting)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"reason": "bad"}, 400),
        ({"reason": ["spam"]}, 400),
        ({"reason": "spam", "note": "x" * 301}, 400),
        ({"reason": "spam", "user": "x"}, 400),
    ],
)
def test_a_report_that_says_nothing_is_refused(
    lounge: Room, bob: User, body: dict[str, Any], status: int
) -> None:
    place = f"{ROOM}/messages/{{seq}}/reports"
    reply = Program(bob).call("POST", place, body, room=lounge.public_id, seq=1)
    assert reply.status == status
    assert not Report.objects.exists()


def test_ones_own_message_is_no_matter_for_a_report(
    lounge: Room, charlie: User
) -> None:
    place = f"{ROOM}/messages/{{seq}}/reports"
    here, spam = {"room": lounge.public_id, "seq": 1}, {"reason": "spam"}
    assert Program(charlie).call("POST", place, spam, **here).status == 409


def test_a_room_says_what_is_unread_and_who_is_named(
    lounge: Room, bob: User, alice: User
) -> None:
    Membership.objects.filter(user=bob).update(last_read_seq=1)
    (told,) = Program(bob).call("GET", "/api/rooms").json["rooms"]
    assert (told["unread"], told["mentions"], told["joined"]) == (1, 0, True)
    one = Program(bob).call("GET", ROOM, room=lounge.public_id).json
    assert (one["unread"], one["mentions"]) == (1, 0)
    eve = User.objects.create_user("eve@example.org", display_name="Eve")
    (told,) = Program(eve).call("GET", "/api/rooms").json["rooms"]
    assert (told["unread"], told["mentions"], told["joined"]) == (None, None, False)


def test_many_rooms_cost_no_more_questions_than_one(
    alice: User, bob: User, django_assert_num_queries: Any
) -> None:
    program = Program(bob)
    for number in range(1, 12):
        room_of(alice, bob, name=f"Room {number}")
        if number in {1, 11}:
            with django_assert_num_queries(4):  # who asks is one of them
                assert program.call("GET", "/api/rooms").status == 200


def test_notifications_pause_and_go_on(bob: User) -> None:
    program = Program(bob)
    until = program.call("POST", "/api/push/pause", {"pause": "1h"}).json[
        "paused_until"
    ]
    assert until is not None
    assert program.call("GET", "/api/push/preferences").json["paused_until"] == until
    stored = Preferences.objects.get(user=bob).paused_until
    assert stored is not None
    assert stored > timezone.now()
    assert program.call("POST", "/api/push/pause", {"pause": "9h"}).status == 400
    went_on = program.call("DELETE", "/api/push/pause")
    assert went_on.json == {"paused_until": None}
    assert Preferences.objects.get(user=bob).paused_until is None


async def test_an_emoji_is_given_and_taken_back(
    live: Live, room: Room, member: Member, person: Person
) -> None:
    _, token = member(room, "Bob")
    async with live.client(token) as client:
        seq = (await client.post(room.public_id, "hello"))["seq"]
    place = "/api/rooms/{room}/messages/{seq}/reactions"
    address = place.format(room=room.public_id, seq=seq)
    changed = []
    for _ in range(2):
        reply = ask(live, address, token, method="POST", body={"emoji": "🎉"})
        described(reply, place, "post")
        changed.append(reply.json["changed_seq"])
    assert changed == [2, 2]  # a repeat changes nothing
    assert "🎉" in (await Message.objects.aget(seq=seq)).reactions
    gone = ask(live, f"{address}/{quote('🎉')}", token, method="DELETE")
    described(gone, f"{place}/{{emoji}}", "delete")
    assert (gone.status, gone.json["changed_seq"]) == (200, 3)
    assert (await Message.objects.aget(seq=seq)).reactions == ""
    bad = ask(live, address, token, method="POST", body={"emoji": "<b>"})
    described(bad, place, "post")
    assert bad.status == 400
    _, outsider = person("Charlie")
    assert (
        ask(live, address, outsider, method="POST", body={"emoji": "🎉"}).status == 403
    )
