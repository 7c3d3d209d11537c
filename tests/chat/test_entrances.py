"""What a socket starts from, when the room changes between the two questions for it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
import pytest
from django.db import connection
from django.utils import timezone

from chat.entrances import enter
from chat.models import Membership, Message, Room
from livechat.lib import limits
from tests.chat.conftest import Member
from tests.chat.test_socket_resume import fill


def edit(room: Room, seq: int, body: str) -> None:
    """Give a message another text, under the room's next number."""
    room.refresh_from_db()
    room.last_changed_seq += 1
    found = Message.objects.get(room=room, seq=seq)
    Message.objects.filter(pk=found.pk).update(
        body=body,
        changed_seq=room.last_changed_seq,
        created_changed_seq=found.first_changed_seq,
        edited_at=timezone.now(),
    )
    room.save(update_fields=["last_changed_seq"])


@contextmanager
def before_the_second_question(happens: Callable[[], None]) -> Iterator[None]:
    """What another process does to the database between two questions of this one."""
    asked: list[str] = []

    def between(execute: Any, sql: str, *question: Any) -> Any:
        asked.append(sql)
        if len(asked) == 2:
            happens()
        return execute(sql, *question)

    with connection.execute_wrapper(between):
        yield


def test_a_message_that_changes_while_a_replay_is_read_is_in_it(
    room: Room, member: Member
) -> None:
    bob, _ = member(room, "Bob")
    fill(room, bob, 3)
    with before_the_second_question(lambda: edit(room, 2, "changed")):
        entrance = enter(bob.pk, room.public_id, 1)
    assert entrance is not None
    told = [msgspec.json.decode(one.json) for one in entrance.missed]
    assert [(one["type"], one["seq"], one["changed_seq"]) for one in told] == [
        ("message", 2, 2),
        ("message", 3, 3),
    ]
    assert told[0]["body"] == "changed"


def test_what_was_seen_and_changes_while_a_replay_is_read_is_left_to_the_live_change(
    room: Room, member: Member
) -> None:
    bob, _ = member(room, "Bob")
    fill(room, bob, 3)
    edit(room, 1, "changed")
    with before_the_second_question(lambda: edit(room, 1, "changed again")):
        entrance = enter(bob.pk, room.public_id, 1)
    assert entrance is not None
    assert entrance.room.last_changed_seq == 4
    assert [one.changed_seq for one in entrance.missed] == [2, 3]


@pytest.mark.parametrize("after", [1, limits.REPLAY_MAX_CHANGES + 1])
def test_who_is_shut_out_while_a_replay_is_read_does_not_enter_behind_a_hole(
    room: Room, member: Member, after: int
) -> None:
    bob, _ = member(room, "Bob")
    fill(room, bob, 3)
    Room.objects.filter(pk=room.pk).update(is_private=True)

    def shut_out() -> None:
        Membership.objects.filter(room=room, user=bob).delete()

    with before_the_second_question(shut_out):
        assert enter(bob.pk, room.public_id, after) is None


def test_who_missed_nothing_that_they_may_read_enters_all_the_same(
    room: Room, member: Member
) -> None:
    bob, _ = member(room, "Bob")
    fill(room, bob, 3)
    Membership.objects.filter(room=room, user=bob).update(reads_from_seq=4)
    entrance = enter(bob.pk, room.public_id, 1)
    assert entrance is not None
    assert entrance.missed == []
