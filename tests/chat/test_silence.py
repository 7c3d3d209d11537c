"""Whose author is silent is seen by one's own clock, whatever others wrote down."""

from datetime import UTC, datetime, timedelta

import pytest

from chat.silence import CREDIT_S, Silence, Spoken
from livechat.lib import limits

CLOCK = datetime(2030, 1, 1, tzinfo=UTC)
SILENT_S = limits.STREAM_SILENT_S


def spoken(age_s: float) -> Spoken:
    """Somebody who spoke so long before CLOCK, as their worker wrote it down."""
    return Spoken(7, 1, CLOCK - timedelta(seconds=age_s))


def after(first: Spoken, seconds: float) -> bool:
    """Whether they are silent when we looked, and look again so much later."""
    silence = Silence()
    began = silence.silent([first], 100.0, CLOCK)
    later = silence.silent([first], 100.0 + seconds, CLOCK)
    return bool(began or later)


def test_who_spoke_just_now_has_the_whole_time() -> None:
    assert not after(spoken(0), SILENT_S - 0.1)
    assert after(spoken(0), SILENT_S)


def test_what_was_missed_before_the_first_look_counts_in_part() -> None:
    assert not after(spoken(1), SILENT_S - 1.1)
    assert after(spoken(1), SILENT_S - 1)
    assert not after(spoken(60), SILENT_S - CREDIT_S - 0.1)
    assert after(spoken(60), SILENT_S - CREDIT_S)


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_clock_that_is_wrong_ends_nobody_who_speaks(hours: int) -> None:
    silence = Silence()
    for step in range(20):
        seconds = step * CREDIT_S * 0.9
        said = spoken(hours * 3600 - seconds)
        assert silence.silent([said], 100.0 + seconds, CLOCK) == []


def test_who_spoke_again_or_is_final_is_forgotten() -> None:
    silence = Silence()
    assert silence.silent([spoken(0)], 100.0, CLOCK) == []
    assert silence.silent([spoken(-SILENT_S)], 100.0 + SILENT_S, CLOCK) == []
    assert silence.silent([], 100.0 + 2 * SILENT_S, CLOCK) == []
    assert silence.silent([spoken(0)], 100.0 + 3 * SILENT_S, CLOCK) == []
