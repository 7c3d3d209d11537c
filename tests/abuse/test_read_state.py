"""What is read, under abuse: numbers that are none, others' rooms, storms.

Lines J5, J9, U9, X3, R1 and Z4 of the cases; whatever is sent, a mark stays between the
room's beginning and its end, and counting again gives the same.
"""

import asyncio
import random
from functools import partial
from typing import Any
from urllib.parse import urlencode

import pytest

from accounts.models import User
from chat.models import Membership, Room
from chat.unread import errors_in
from tests.abuse.naughty import TEXTS, VALUES
from tests.abuse.rules import held
from tests.chat.conftest import Member
from tests.chat.pages import client_of, fill, room_of
from tests.live import Live

FORM = "application/x-www-form-urlencoded"
NUMBERS = ["-1", "0", "1.5", "1e3", "0x1", "99", str(2**63), str(2**64), " 2 ", "2,0"]
PLACES = {
    "read": ("upto", "unread_from"),
    "own": ("level", "favourite"),
}
FIELDS = [(place, field) for place, fields in PLACES.items() for field in fields]


@pytest.fixture
def lounge(alice: User, bob: User) -> Room:
    """A room of alice's with five messages, of which bob has read two."""
    found = room_of(alice, bob)
    fill(found, alice, 5)
    Membership.objects.filter(user=bob).update(last_read_seq=2)
    return found


def standing(user: User) -> tuple[int, str, bool]:
    """What is stored of a member."""
    found = Membership.objects.get(user=user)
    return found.last_read_seq, found.level, found.is_favourite


@pytest.mark.parametrize(("place", "field"), FIELDS)
def test_a_hostile_mark_is_refused_and_moves_nothing(
    lounge: Room, bob: User, place: str, field: str
) -> None:
    client: Any = client_of(bob)
    client.raise_request_exception = False
    path = f"/rooms/{lounge.public_id}/{place}"
    for name, text in {**TEXTS, **dict.fromkeys(NUMBERS)}.items():
        before = standing(bob)
        form = urlencode(
            {field: name if text is None else text}, errors="surrogatepass"
        )
        ask = partial(client.generic, "POST", path, form, FORM)
        status = held(ask, f"{place} {field}: {name}")
        assert status in {302, 400, 422}, f"{place} {field}: {name}"
        if status != 302:
            assert standing(bob) == before, f"{place} {field}: {name}"
        assert 0 <= standing(bob)[0] <= lounge.last_seq, f"{field}: {name}"
        assert standing(bob)[1] in {"all", "mentions", "nothing"}
    assert list(errors_in(Room.objects.all())) == []


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"upto": "1", "unread_from": "2"},
        {"upto": ["1", "x"]},
        {"upto[]": "1"},
        {"user": "1", "upto": ""},
        {"level": "all"},
    ],
    ids=str,
)
def test_a_form_of_another_shape_is_no_mark(
    lounge: Room, bob: User, form: dict[str, Any]
) -> None:
    client = client_of(bob)
    answer = client.post(f"/rooms/{lounge.public_id}/read", form)
    assert answer.status_code == 422
    assert standing(bob)[0] == 2


def test_nobody_marks_for_somebody_else(lounge: Room, alice: User, bob: User) -> None:
    """Z4: a number of another person, or of another room, in the form is only noise."""
    client = client_of(bob)
    noise = {"user": alice.pk, "user_id": alice.public_id, "room": "x", "upto": "4"}
    client.post(f"/rooms/{lounge.public_id}/read", noise)
    assert (standing(bob)[0], standing(alice)[0]) == (4, 0)


@pytest.mark.parametrize(
    "section", ["", "x", "Rooms", "rooms%00", "__class__", "a" * 900]
)
def test_a_section_that_is_none_is_not_there(bob: User, section: str) -> None:
    client = client_of(bob)
    client.raise_request_exception = False
    assert client.post(f"/side/{section}").status_code in {400, 404}
    assert "folded" not in client.session


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
async def test_a_mark_of_another_kind_is_refused_and_the_socket_stays(
    live: Live, room: Room, member: Member, value: Any
) -> None:
    if isinstance(value, int) and 0 <= value < 2**53:
        return
    user, token = member(room, "Bob")
    async with live.client(token) as client:
        await client.subscribe(room.public_id)
        await client.say("read", room=room.public_id, seq=value, ref="r")
        error = await client.until(lambda one: one["type"] == "error")
        await client.say("ping", ref="p")
        await client.expect("pong", ref="p")
    assert error["code"] in {"bad_seq", "bad_frame", "bad_json"}
    assert (await Membership.objects.aget(user=user)).last_read_seq == 0


async def test_marks_in_a_wild_order_from_many_sides_end_at_one_that_was_sent(
    live: Live, room: Room, member: Member
) -> None:
    """X3 and R1: of two sockets at once; the numbers fit each other after it."""
    user, token = member(room, "Bob")
    await asyncio.to_thread(fill, room, user, 60)
    numbers = [random.randrange(1, 61) for _ in range(60)]  # noqa: S311 - no secret

    async def mark(half: list[int]) -> None:
        async with live.client(token) as client:
            for number in half:
                await client.say(
                    "read", room=room.public_id, seq=number, ref=f"{number}"
                )
            for number in half:
                await client.expect("ack", ref=f"{number}")

    await asyncio.gather(mark(numbers[:30]), mark(numbers[30:]))
    stored = (await Membership.objects.aget(user=user)).last_read_seq
    assert stored in {numbers[29], numbers[59]}
    assert await asyncio.to_thread(lambda: list(errors_in(Room.objects.all()))) == []
