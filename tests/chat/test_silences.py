"""The rules of who may write in a room, and how long slow mode makes them wait."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.followers import Known
from chat.models import Room
from chat.silences import ARCHIVED, MUTED, READ_ONLY, silence, slow_wait_s
from livechat.lib.durations import words_of

ROLES = ("admin", "moderator", "member")


@pytest.mark.parametrize(
    ("rules", "is_muted", "said"),
    [
        ({}, False, ("", "", "")),
        ({}, True, (MUTED, MUTED, MUTED)),
        ({"is_read_only": True}, False, ("", "", READ_ONLY)),
        ({"is_archived": True}, False, (ARCHIVED, ARCHIVED, ARCHIVED)),
        ({"is_archived": True, "is_read_only": True}, True, (ARCHIVED,) * 3),
    ],
)
def test_a_room_and_what_a_socket_keeps_of_it_say_the_same(
    rules: dict[str, bool], is_muted: bool, said: tuple[str, ...]
) -> None:
    for role, why in zip(ROLES, said, strict=True):
        assert silence(Room(**rules), role, is_muted=is_muted) == why
        assert Known(1, role, is_muted, **rules).silence == why


@pytest.mark.parametrize(
    ("role", "last_at", "now", "wait_s"),
    [
        ("member", None, 100.0, 0),
        ("member", 100.0, 100.0, 30),
        ("member", 100.0, 129.5, 0.5),
        ("member", 100.0, 130.0, 0),
        ("member", 100.0, 0.0, 30),  # a clock that went back
        ("moderator", 100.0, 100.0, 0),
        ("admin", 100.0, 100.0, 0),
    ],
)
def test_slow_mode_makes_plain_members_wait(
    role: str, last_at: float | None, now: float, wait_s: float
) -> None:
    assert slow_wait_s(Room(slow_mode_s=30), role, last_at, now) == wait_s
    assert slow_wait_s(Room(slow_mode_s=0), role, last_at, now) == 0


@given(st.integers(0, 10**6), st.floats(0, 2**40), st.floats(0, 2**40))
def test_nobody_waits_longer_than_the_room_asks_for(
    slow: int, last_at: float, now: float
) -> None:
    assert 0 <= slow_wait_s(Room(slow_mode_s=slow), "member", last_at, now) <= slow


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (1, "1 second"),
        (90, "90 seconds"),
        (60, "1 minute"),
        (300, "5 minutes"),
        (3600, "1 hour"),
        (21600, "6 hours"),
    ],
)
def test_a_time_is_told_in_its_largest_whole_unit(seconds: int, words: str) -> None:
    assert words_of(seconds) == words
