"""Saved messages: one's own list, and never more than one may read."""

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Token, User
from chat.changes import NotPossible
from chat.models import Membership, Message, Room
from chat.own_tables import Saved
from chat.saving import saved_by, set_saved
from livechat.lib import limits
from tests.chat.pages import client_of, fill, room_of


def kept(user: User) -> list[tuple[str, int]]:
    return [(one.room.name, one.seq) for one in saved_by(user)]


def test_a_message_is_kept_once_and_let_go(alice: User, bob: User) -> None:
    room = room_of(alice, bob)
    fill(room, bob, 3)
    for seq in (1, 3, 1):
        set_saved(alice, room, seq, saved=True)
    assert kept(alice) == [("Lounge", 3), ("Lounge", 1)]
    assert kept(bob) == []
    for _ in range(2):
        set_saved(alice, room, 3, saved=False)
    assert kept(alice) == [("Lounge", 1)]


def test_what_one_may_not_read_any_more_is_not_on_the_list(
    alice: User, bob: User
) -> None:
    hidden = room_of(alice, bob, name="Vault", is_private=True)
    public = room_of(alice, bob)
    for room in (hidden, public):
        fill(room, alice, 2)
        for seq in (1, 2):
            set_saved(bob, room, seq, saved=True)
    Message.objects.filter(room=public, seq=1).update(
        body="", html="", deleted_at=public.created_at
    )
    Membership.objects.filter(room=hidden, user=bob).delete()
    assert kept(bob) == [("Lounge", 2)]
    page = client_of(bob).get("/saved").content.decode()
    assert "Vault" not in page
    assert "text 2" in page
    assert "text 1" not in page


def test_a_full_list_takes_one_more_when_something_is_gone(
    alice: User, bob: User
) -> None:
    hidden = room_of(alice, bob, name="Vault", is_private=True)
    room = room_of(alice, bob)
    fill(hidden, alice, 1)
    fill(room, alice, limits.SAVED_MAX + 1)
    set_saved(bob, hidden, 1, saved=True)
    rows = Message.objects.filter(room=room, seq__lt=limits.SAVED_MAX)
    Saved.objects.bulk_create(Saved(user=bob, message=one) for one in rows)
    with pytest.raises(NotPossible, match="200 messages"):
        set_saved(bob, room, limits.SAVED_MAX, saved=True)
    Membership.objects.filter(room=hidden, user=bob).delete()
    set_saved(bob, room, limits.SAVED_MAX, saved=True)
    assert Saved.objects.filter(user=bob).count() == limits.SAVED_MAX
    with pytest.raises(NotPossible):
        set_saved(bob, room, limits.SAVED_MAX + 1, saved=True)


def test_the_list_is_read_in_as_many_queries_however_long_it_is(alice: User) -> None:
    room = room_of(alice)
    fill(room, alice, 9)
    counts = []
    for seqs in ((1,), (2, 3, 4, 5)):
        for seq in seqs:
            set_saved(alice, room, seq, saved=True)
        with CaptureQueriesContext(connection) as asked:
            assert saved_by(alice)
        counts.append(len(asked))
    assert counts == [1, 1]


def test_the_pages_keep_and_let_go_without_javascript(alice: User) -> None:
    room = room_of(alice)
    fill(room, alice, 1)
    client, path = client_of(alice), f"/rooms/{room.public_id}/1/saved"
    assert "Nothing saved yet" in client.get("/saved").content.decode()
    assert (
        "Save for later"
        in client.get(f"/rooms/{room.public_id}/1/menu").content.decode()
    )
    assert client.post(path, {"on": "yes"}).headers["Location"] == "/saved"
    assert f'href="/rooms/{room.public_id}/1"' in client.get("/saved").content.decode()
    assert client.post(path, {"on": "so"}).status_code == 422
    client.post(path, {"on": "no"})
    assert kept(alice) == []


def test_a_message_that_is_let_go_in_its_room_is_told_of(alice: User) -> None:
    room = room_of(alice)
    fill(room, alice, 1)
    set_saved(alice, room, 1, saved=True)
    path, part = f"/rooms/{room.public_id}/1/saved", {"HX-Request": "true"}
    answer = client_of(alice).post(path, {"on": "no"}, headers=part)
    assert "It is off your list." in answer.content.decode()


def test_programs_keep_messages_too(alice: User, charlie: User) -> None:
    room = room_of(alice, is_private=True)
    fill(room, alice, 1)
    client = client_of(alice)
    path = f"/api/rooms/{room.public_id}/messages/1/saved"
    mine = {"Authorization": f"Bearer {Token.issue(alice)}"}
    other = {"Authorization": f"Bearer {Token.issue(charlie)}"}
    assert client.put(path, headers=other).status_code == 404
    assert json.loads(client.put(path, headers=mine).content)["saved"] is True
    (one,) = json.loads(client.get("/api/saved", headers=mine).content)["saved"]
    assert (one["room"], one["message"]["body"]) == (room.public_id, "text 1")
    assert json.loads(client.get("/api/saved", headers=other).content) == {"saved": []}
    assert json.loads(client.delete(path, headers=mine).content)["saved"] is False
    assert Room.objects.get().last_seq == 1  # nothing of it is told to the room
