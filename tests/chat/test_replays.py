"""What many missed is read once, and nobody gets by that what is not theirs."""

import asyncio
import random
import threading
from typing import Any

import msgspec
import pytest

from accounts.models import User
from chat import entrances, members
from chat.entrances import Entrance, enter, read, seen, share
from chat.models import Membership, Message, Room
from chat.web import web_process
from livechat.lib import limits
from tests.chat.conftest import Member
from tests.chat.test_entrances import edit
from tests.chat.test_socket_late_end import web
from tests.chat.test_socket_resume import fill

__all__ = ["web"]  # a fixture

STORM = 100


def shared(user: User, room: Room, after: int, floor: int | None) -> Entrance:
    """What somebody takes out of a reading."""
    before = seen(user.pk, room.public_id)
    assert before is not None
    replay = read(before.room, floor)
    assert replay is not None
    entrance = share(user.pk, before, after, replay)
    assert entrance is not None
    return entrance


def told(entrance: Entrance | None) -> list[dict[str, Any]]:
    assert entrance is not None
    return [msgspec.json.decode(one.json) for one in entrance.missed]


def seqs(entrance: Entrance | None) -> list[int]:
    return [one["seq"] for one in told(entrance)]


def test_a_part_of_a_reading_is_what_one_would_have_read_alone(
    room: Room, member: Member
) -> None:
    bob, _ = member(room, "Bob")
    fill(room, bob, 20)
    chosen = random.Random(5)  # noqa: S311 - a reproducible choice, no secret
    for number in range(12):
        edit(room, chosen.randint(1, 20), f"text {number}")
    for after in range(32):
        alone = enter(bob.pk, room.public_id, after)
        assert alone is not None
        for floor in {0, after // 2, after}:
            together = shared(bob, room, after, floor)
            assert together.missed == alone.missed
            assert together.known == alone.known
            assert together.room.last_changed_seq == alone.room.last_changed_seq


def test_of_one_reading_each_gets_what_is_theirs(room: Room, member: Member) -> None:
    (bob, _), (late, _) = member(room, "Bob"), member(room, "Late")
    fill(room, bob, 6)
    Membership.objects.filter(user=late).update(reads_from_seq=4)
    Room.objects.filter(pk=room.pk).update(public_from_seq=6)
    reader = User.objects.create_user(email="reader@example.org", display_name="Reader")
    assert seqs(shared(bob, room, 0, 0)) == [1, 2, 3, 4, 5, 6]
    assert seqs(shared(late, room, 0, 0)) == [4, 5, 6]
    assert seqs(shared(reader, room, 0, 0)) == [6]


def test_who_was_removed_after_the_reading_gets_nothing_of_it(
    private: Room, member: Member
) -> None:
    bob, _ = member(private, "Bob")
    fill(private, bob, 3)
    before = seen(bob.pk, private.public_id)
    assert before is not None
    replay = read(before.room, 0)
    assert replay is not None
    keeper = User.objects.get(display_name="Keeper")
    members.remove_member(keeper, private, bob)
    assert share(bob.pk, before, 0, replay) is None


def test_who_was_out_meanwhile_reads_for_themselves(
    private: Room, member: Member
) -> None:
    """What stood in the log while they were out is gone when they are in again."""
    bob, _ = member(private, "Bob")
    keeper = User.objects.get(display_name="Keeper")
    before = seen(bob.pk, private.public_id)
    assert before is not None
    members.remove_member(keeper, private, bob)
    private.refresh_from_db()
    fill(private, keeper, 1)
    seq = private.last_seq
    Message.objects.filter(room=private, seq=seq).update(body="not for bob")
    replay = read(before.room, 0)
    assert replay is not None
    edit(private, seq, "for everybody")
    members.add_member(keeper, private, bob)
    bodies = [one["body"] for one in told(share(bob.pk, before, 0, replay))]
    assert "for everybody" in bodies
    assert "not for bob" not in bodies


def test_a_newest_page_that_begins_before_what_is_theirs_is_not_shared(
    room: Room, member: Member
) -> None:
    (bob, _), (late, _) = member(room, "Bob"), member(room, "Late")
    fill(room, bob, limits.REPLAY_MAX_CHANGES + 1)
    hidden = f"m{room.last_seq - 1}<"
    Membership.objects.filter(user=late).update(reads_from_seq=room.last_seq)
    pages = [shared(who, room, 0, None).reset for who in (bob, late)]
    assert pages[0] is not None
    assert pages[1] is not None
    assert hidden in pages[0].decode()
    assert hidden not in pages[1].decode()


def test_a_room_that_is_gone_has_no_reading(room: Room, member: Member) -> None:
    bob, _ = member(room, "Bob")
    before = seen(bob.pk, room.public_id)
    assert before is not None
    room.delete()
    assert read(before.room, 0) is None


@pytest.mark.parametrize("missed", [60, limits.REPLAY_MAX_CHANGES + 60])
async def test_a_storm_is_caught_up_by_few_readings(
    web: None,
    room: Room,
    member: Member,
    monkeypatch: pytest.MonkeyPatch,
    missed: int,
) -> None:
    bob, _ = await asyncio.to_thread(member, room, "Bob")
    await asyncio.to_thread(fill, room, bob, missed)
    readings, lock = [0], threading.Lock()

    def counted(*args: Any) -> Any:
        with lock:
            readings[0] += 1
        return read(*args)

    monkeypatch.setattr(entrances, "read", counted)
    replays = (await web_process()).replays
    came = await asyncio.gather(
        *(replays.enter(bob.pk, room.public_id, number % 20) for number in range(STORM))
    )
    for number, entrance in enumerate(came):
        alone = await asyncio.to_thread(enter, bob.pk, room.public_id, number % 20)
        assert entrance is not None
        assert alone is not None
        assert (entrance.missed, entrance.reset) == (alone.missed, alone.reset)
    assert readings[0] <= STORM / 5
