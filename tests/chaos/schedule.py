"""The storm, decided before it begins: the same seed gives the same faults.

Every few seconds one fault, held for a while, at most two at the same time.
"""

import random
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from tests.chaos.chance import seeded

MOST_AT_ONCE = 2


@dataclass(frozen=True, slots=True)
class Kind:
    """A fault as the schedule sees it: how often, on what, and for how long."""

    weight: float
    targets: tuple[str, ...]
    hold_s: tuple[float, float] = (0.5, 20.0)
    kills: int = 0  # processes that it kills


@dataclass(frozen=True, slots=True)
class Strike:
    """One fault of a run: `until_s` is when it is taken back."""

    at_s: float
    until_s: float
    fault: str
    target: str
    seed: int  # of what the fault itself leaves to chance


@dataclass(frozen=True, slots=True)
class Pace:
    """How long a storm is and how fast faults follow each other."""

    length_s: float
    gap_s: tuple[float, float] = (2.0, 6.0)
    hold_max_s: float = 20.0


def plan(seed: int, pace: Pace, kinds: Mapping[str, Kind]) -> list[Strike]:
    """The strikes of a seed, by time; two that overlap never share their target."""
    rng = seeded(seed)
    strikes: list[Strike] = []
    at_s = rng.uniform(*pace.gap_s)
    while at_s < pace.length_s:
        running = [one for one in strikes if one.until_s > at_s]
        free = _free(kinds, {one.target for one in running})
        if free and len(running) < MOST_AT_ONCE:
            strikes.append(_strike(rng, at_s, pace, kinds, free))
        at_s += rng.uniform(*pace.gap_s)
    return strikes


def _free(kinds: Mapping[str, Kind], taken: Collection[str]) -> dict[str, list[str]]:
    """The targets of each kind that nothing holds, without kinds that have none."""
    free = {
        name: [target for target in kinds[name].targets if target not in taken]
        for name in sorted(kinds)
    }
    return {name: targets for name, targets in free.items() if targets}


def _strike(
    rng: random.Random,
    at_s: float,
    pace: Pace,
    kinds: Mapping[str, Kind],
    free: Mapping[str, Sequence[str]],
) -> Strike:
    name = rng.choices(list(free), [kinds[one].weight for one in free])[0]
    hold_s = min(rng.uniform(*kinds[name].hold_s), pace.hold_max_s)
    return Strike(
        at_s=round(at_s, 3),
        until_s=round(min(at_s + hold_s, pace.length_s), 3),
        fault=name,
        target=rng.choice(free[name]),
        seed=rng.randrange(2**32),
    )


def kills(strikes: Sequence[Strike], kinds: Mapping[str, Kind]) -> int:
    """How many processes the strikes kill."""
    return sum(kinds[one.fault].kills for one in strikes)
