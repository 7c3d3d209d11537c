"""A seed is a storm: the same one again, never too much of it, and enough kills."""

from tests.chaos.faults import FAULTS
from tests.chaos.profiles import PROFILES
from tests.chaos.schedule import MOST_AT_ONCE, Pace, kills, plan

KINDS = {name: fault.kind for name, fault in FAULTS.items()}
PACE = Pace(600)


def test_a_seed_gives_the_same_storm_again_and_another_gives_another() -> None:
    assert plan(7, PACE, KINDS) == plan(7, PACE, KINDS)
    assert plan(7, PACE, KINDS) != plan(8, PACE, KINDS)


def test_faults_come_every_few_seconds_and_never_more_than_two_at_once() -> None:
    for seed in range(50):
        strikes = plan(seed, PACE, KINDS)
        gaps = [
            after.at_s - before.at_s
            for before, after in zip(strikes, strikes[1:], strict=False)
        ]
        assert min(gaps) >= 2
        assert len(strikes) > 60
        for one in strikes:
            running = [
                other for other in strikes if other.at_s <= one.at_s < other.until_s
            ]
            assert len(running) <= MOST_AT_ONCE
            assert len({other.target for other in running}) == len(running)


def test_every_fault_ends_within_the_storm_and_its_longest_time() -> None:
    for one in plan(3, PACE, KINDS):
        assert 0 < one.until_s - one.at_s <= PACE.hold_max_s
        assert one.until_s <= PACE.length_s


def test_one_fault_alone_waits_for_its_target() -> None:
    strikes = plan(5, PACE, {"kill_redis_data": KINDS["kill_redis_data"]})
    assert len(strikes) > 60
    for before, after in zip(strikes, strikes[1:], strict=False):
        assert before.until_s <= after.at_s


def test_every_fault_is_struck_by_some_seed() -> None:
    struck = {one.fault for seed in range(20) for one in plan(seed, PACE, KINDS)}
    assert struck == set(FAULTS)


def test_the_gate_plans_at_least_140_kills_as_some_meet_who_is_down() -> None:
    gate = PROFILES["gate"]
    planned = [kills(plan(seed, gate.pace, KINDS), KINDS) for seed in gate.seeds]
    assert len(planned) == 3
    assert sum(planned) >= 140
