"""`manage.py demo`: made once, completed later, and described as the protocol says."""

import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from accounts.models import User
from chat.models import Membership, Message, Room
from tests.chat.shapes import check
from tests.live import Live

GENERAL = 1  # the room, and its one member, that an empty site begins with
SHAPE = {
    "base_url": str,
    "users": [{"id": str, "name": str, "email": str, "password": str, "token": str}],
    "rooms": [{"id": str, "name": str, "private": bool}],
}


def _demo(live: Live, *words: str) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(live.manage("demo", "--json", *words))
    return made


def _counts() -> tuple[int, ...]:
    return tuple(model.objects.count() for model in (User, Room, Membership, Message))


def test_a_second_run_adds_nothing_and_a_larger_one_completes(live: Live) -> None:
    words = ("--users", "3", "--rooms", "2", "--messages", "4")
    first = _demo(live, *words)
    check(first, SHAPE)
    assert _counts() == (3, GENERAL + 2, GENERAL + 3 + 1, 2 * 4)
    second = _demo(live, *words)
    assert _counts() == (3, GENERAL + 2, GENERAL + 3 + 1, 2 * 4)
    assert [one["id"] for one in second["rooms"]] == [
        one["id"] for one in first["rooms"]
    ]
    _demo(live, "--users", "4", "--rooms", "2", "--messages", "6")
    assert _counts() == (4, GENERAL + 2, GENERAL + 4 + 1, 2 * 6)


async def test_what_is_printed_lets_a_program_in(live: Live) -> None:
    made = _demo(live, "--users", "2", "--rooms", "2", "--messages", "1")
    common, last = made["rooms"]
    assert (common["private"], last["private"]) == (False, True)
    first, second = (one["token"] for one in made["users"])
    async with live.client(second) as client:
        assert (await client.subscribe(common["id"], after=0))["role"] == "member"
        await client.expect("message", seq=1)
        await client.say("subscribe", room=last["id"])
        await client.expect("error", code="no_room")
    async with live.client(first) as client:
        assert (await client.subscribe(last["id"]))["role"] == "admin"


@pytest.mark.django_db
@pytest.mark.parametrize("words", [("--users", "0"), ("--rooms", "-1")])
def test_less_than_one_is_refused_with_a_sentence(words: tuple[str, str]) -> None:
    with pytest.raises(CommandError, match="expected at least 1"):
        call_command("demo", *words)
