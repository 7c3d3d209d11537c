"""A deleted room is gone for everybody at once, and its log goes in small steps."""

import asyncio
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection
from django.db.models.sql.constants import GET_ITERATOR_CHUNK_SIZE

from accounts.models import User
from chat import actions
from chat.models import Ban, Membership, Message, Room
from chat.sweeping import sweep
from livechat.lib import limits
from tests.chat.conftest import Member
from tests.chat.pages import client_of, fill, room_of
from tests.live import Live, wait_until

LARGE = 4 * limits.DELETE_BATCH_MESSAGES


def left(room: Room) -> int:
    return Message.objects.filter(room=room.pk).count()


@contextmanager
def counted() -> Iterator[list[str]]:
    """The deletions of messages that are asked for meanwhile."""
    found: list[str] = []

    def note(execute: Any, sql: str, *question: Any) -> Any:
        if sql.startswith('DELETE FROM "chat_message" '):
            found.append(sql)
        return execute(sql, *question)

    with connection.execute_wrapper(note):
        yield found


@pytest.fixture
def large(transactional_db: None, alice: User, bob: User) -> Room:
    """A room with more than some batches."""
    room = room_of(alice, bob, name="Archive")
    fill(room, alice, LARGE)
    return room


def test_a_large_room_is_gone_at_once_and_its_log_step_by_step(
    large: Room, alice: User, bob: User, charlie: User
) -> None:
    Ban.objects.create(room=large, user=charlie)
    with counted() as deletions:
        actions.delete_room(alice, large)
    assert len(deletions) == limits.DELETE_BATCH_MESSAGES / GET_ITERATOR_CHUNK_SIZE
    assert left(large) == LARGE - limits.DELETE_BATCH_MESSAGES
    assert not Room.objects.filter(pk=large.pk).exists()
    assert not Membership.objects.filter(room=large.pk).exists()
    assert not Ban.objects.filter(room=large.pk).exists()
    for user in (alice, bob):
        client = client_of(user)
        for address in ("/rooms/{}/", "/api/rooms/{}", "/api/rooms/{}/messages"):
            asked = client.get(address.format(large.public_id))
            assert asked.status_code == 404
    rows = Message.objects.readable_by(bob, large)
    assert not rows.exists()


def test_what_a_dead_process_left_is_swept_by_whoever_looks_next(
    large: Room, alice: User
) -> None:
    """It died after the first batch, as this test does nothing more for it."""
    other = room_of(alice, name="Other")
    fill(other, alice, 3)
    actions.delete_room(alice, large)
    steps = 0
    while sweep():
        steps += 1
        assert steps <= LARGE
    assert steps == LARGE // limits.DELETE_BATCH_MESSAGES
    assert left(large) == 0
    assert not Room.every.filter(pk=large.pk).exists()
    assert left(other) == 3
    assert not sweep()


def test_a_small_room_is_gone_with_the_request(
    transactional_db: None, alice: User
) -> None:
    room = room_of(alice)
    fill(room, alice, limits.DELETE_BATCH_MESSAGES - 1)
    actions.delete_room(alice, room)
    assert left(room) == 0
    assert not Room.every.filter(pk=room.pk).exists()


def test_a_second_deletion_finds_no_room(large: Room, alice: User) -> None:
    client = client_of(alice)
    address = f"/rooms/{large.public_id}/delete"
    assert client.post(address).status_code == 302
    assert client.post(address).status_code == 404


@pytest.mark.skipif(connection.vendor != "sqlite", reason="one writer at a time")
def test_no_step_holds_the_write_lock_for_long(large: Room, alice: User) -> None:
    """Another writer gets its turn between two steps, and waits for none of them."""
    actions.delete_room(alice, large)
    path = connection.settings_dict["NAME"]
    with sqlite3.connect(path, timeout=1, isolation_level=None) as other:
        while sweep():
            started = time.monotonic()
            other.execute("BEGIN IMMEDIATE")
            other.execute("ROLLBACK")
            assert time.monotonic() - started < 1
    other.close()


async def test_a_site_that_serves_sockets_sweeps_what_is_left(
    live: Live, room: Room, member: Member
) -> None:
    bob, token = member(room, "Bob")
    owner = room.creator
    assert owner is not None
    doomed = await asyncio.to_thread(room_of, owner, bob, name="Doomed")
    await asyncio.to_thread(fill, doomed, bob, 2 * limits.DELETE_BATCH_MESSAGES)
    async with live.client(token) as client:
        await client.subscribe(doomed.public_id)
        await asyncio.to_thread(actions.delete_room, owner, doomed)
        await client.expect("room_removed", room=doomed.public_id)
        await client.post(room.public_id, "others write on")
        gone = lambda: not Room.every.filter(pk=doomed.pk).exists()  # noqa: E731
        await asyncio.to_thread(wait_until, gone, "the log is swept", 20)
        assert await asyncio.to_thread(left, doomed) == 0
