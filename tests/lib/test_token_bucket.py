"""The token bucket: never more than the burst and the rate allow, in any window."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from livechat.lib.token_bucket import Level, Rate, take

RATES = st.builds(
    Rate,
    burst=st.integers(1, 20).map(float),
    per_s=st.floats(0.1, 50, allow_nan=False),
)
STEPS_S = st.lists(st.floats(0, 5, allow_nan=False), min_size=1, max_size=120)


def _accepted_at(rate: Rate, times: list[float]) -> list[float]:
    level: Level | None = None
    accepted = []
    for now in times:
        level, wait_s = take(level, rate, now)
        if not wait_s:
            accepted.append(now)
    return accepted


@given(rate=RATES, steps_s=STEPS_S)
def test_no_window_lets_more_through_than_burst_and_rate(
    rate: Rate, steps_s: list[float]
) -> None:
    accepted = _accepted_at(rate, list(itertools.accumulate(steps_s)))
    for first, start in enumerate(accepted):
        for last in range(first, len(accepted)):
            window_s = accepted[last] - start
            assert last - first + 1 <= rate.burst + rate.per_s * window_s + 1e-6


@given(rate=RATES, steps_s=STEPS_S)
def test_whoever_waits_as_told_is_let_through(rate: Rate, steps_s: list[float]) -> None:
    level: Level | None = None
    for now in itertools.accumulate(steps_s):
        level, wait_s = take(level, rate, now)
        if wait_s:
            _, again_s = take(level, rate, now + wait_s + 1e-6)
            assert again_s == 0


@given(
    rate=RATES,
    steps_s=STEPS_S,
    behind_s=st.lists(st.floats(0, 2, allow_nan=False), min_size=1, max_size=7),
)
def test_writers_whose_clocks_differ_let_no_more_through(
    rate: Rate, steps_s: list[float], behind_s: list[float]
) -> None:
    level: Level | None = None
    accepted = []
    clocks = itertools.cycle(behind_s)
    for now in itertools.accumulate(steps_s, initial=100.0):
        level, wait_s = take(level, rate, now - next(clocks))
        if not wait_s:
            accepted.append(now)
    window_s = accepted[-1] - accepted[0] + max(behind_s)
    assert len(accepted) <= rate.burst + rate.per_s * window_s + 1e-6


def test_a_new_bucket_is_full_and_then_empty() -> None:
    rate = Rate(burst=3, per_s=1)
    assert len(_accepted_at(rate, [0.0] * 10)) == 3


def test_a_clock_that_goes_back_refills_nothing() -> None:
    rate = Rate(burst=2, per_s=1)
    level, wait_s = take(Level(0, at=3_600), rate, now=0)
    assert (level.tokens, wait_s) == (0, 1)


def test_a_clock_that_jumps_ahead_refills_at_most_the_burst() -> None:
    rate = Rate(burst=2, per_s=1)
    assert len(_accepted_at(rate, [0.0] * 5 + [3_600.0] * 5)) == 2 + 2


def test_a_refusal_takes_nothing() -> None:
    rate = Rate(burst=5, per_s=1)
    level, wait_s = take(Level(1, at=0), rate, now=0, cost=3)
    assert (level.tokens, wait_s) == (1, 2)
