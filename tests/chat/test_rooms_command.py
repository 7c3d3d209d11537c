"""`manage.py rooms` against running workers, and without Redis or a worker."""

import asyncio
import json
import subprocess
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from accounts.models import User
from chat import actions
from chat.models import Message, Room
from livechat.lib import limits
from tests.live import Live, wait_until

Person = Callable[[str], tuple[User, str]]
Member = Callable[[Room, str], tuple[User, str]]
SECRET = "the treasure lies under the oak"


def _states(live: Live, *words: str) -> list[dict[str, Any]]:
    """The states of all workers, as the command prints them."""
    reports = json.loads(live.manage("rooms", "--json", *words))
    return [state for report in reports for state in report["rooms"]]


def _failure(live: Live, *words: str) -> str:
    """What the command says when it fails; it does so in time and in one line."""
    started_at = time.monotonic()
    with pytest.raises(subprocess.CalledProcessError) as failed:
        live.manage("rooms", *words)
    assert time.monotonic() - started_at < 20  # the start of the process included
    (line,) = failed.value.stderr.decode().splitlines()
    return str(line)


async def test_the_state_of_a_private_room_tells_its_numbers_and_not_its_messages(
    live: Live, private: Room, member: Member
) -> None:
    _, token = member(private, "Bob")
    async with live.client(token) as writer:
        await writer.post(private.public_id, SECRET)
        await writer.post(private.public_id, "and so on")
        await writer.say("send", room=private.public_id, client_id="", body="x")
    printed = live.manage("rooms", private.public_id)
    listed = live.manage("rooms")
    (state,) = _states(live, private.public_id)
    assert (state["room"], state["shard"]) == (private.public_id, private.shard)
    assert (state["last_seq"], state["last_changed_seq"]) == (2, 2)
    assert (state["member_count"], state["recent"]) == (2, [1, 2])
    assert (state["accepted"], state["refused"]) == (2, 0)
    assert "worker: worker" in printed.replace(f"{_host(printed)}:", "")
    assert private.public_id in listed
    for text in (printed, listed, str(state)):
        assert SECRET not in text
        assert private.name not in text


def _host(printed: str) -> str:
    """The machine's name in `worker: name:worker`."""
    return printed.splitlines()[0].removeprefix("worker: ").rpartition(":")[0]


async def test_who_joins_is_counted_and_what_was_remembered_is_forgotten(
    live: Live, room: Room, member: Member, person: Person
) -> None:
    _, token = member(room, "Bob")
    charlie, _ = person("Charlie")
    async with live.client(token) as writer:
        await writer.post(room.public_id, "one")
        await asyncio.to_thread(actions.join_room, charlie, room)
        (state,) = _states(live, room.public_id)
        assert (state["member_count"], state["last_seq"]) == (3, 2)
        assert state["recent"] == []
        await writer.post(room.public_id, "three")
    (state,) = _states(live, room.public_id)
    assert (state["recent"], state["accepted"]) == ([2, 3], 2)


def test_a_room_in_which_nobody_writes_has_no_actor(live: Live, room: Room) -> None:
    assert "has no actor now" in live.manage("rooms", room.public_id)
    assert _states(live, room.public_id) == []
    assert not Message.objects.filter(room=room).exists()


def test_a_room_that_is_not_there_is_told_by_its_name(db: None) -> None:
    with pytest.raises(CommandError, match="There is no room 'nowhere'"):
        call_command("rooms", "nowhere")


async def test_all_workers_are_asked_and_one_that_hangs_is_missed(
    faulty: Live, room: Room, member: Member
) -> None:
    faulty.start_worker("spare")
    try:
        wait_until(lambda: _count(faulty) == 2, "two workers answer", 20)
        faulty.freeze("spare")
        started_at = time.monotonic()
        reports = json.loads(faulty.manage("rooms", "--json"))
        assert time.monotonic() - started_at > limits.ROOM_STATES_TIMEOUT_S
        assert [one["worker"].rpartition(":")[2] for one in reports] == ["worker"]
    finally:
        faulty.end("spare")


def _count(live: Live) -> int:
    """How many workers answer; none yet is no failure of one that has just started."""
    try:
        return len(json.loads(live.manage("rooms", "--json")))
    except subprocess.CalledProcessError:
        return 0


def test_without_a_worker_or_redis_one_sentence_says_so(faulty: Live) -> None:
    faulty.freeze("worker")
    assert "No room worker answered within 2 s" in _failure(faulty)
    faulty.thaw("worker")
    faulty.freeze("redis")
    assert "Redis is away" in _failure(faulty)
    faulty.thaw("redis")
    faulty.kill("redis")
    assert "Redis is away" in _failure(faulty)
