"""How large and how long a run is."""

from dataclasses import dataclass, replace

from tests.chaos.scenes import SCENES
from tests.chaos.schedule import Pace


@dataclass(frozen=True, slots=True)
class Profile:
    """One size of run."""

    name: str
    seeds: tuple[int, ...]
    pace: Pace
    bots: int = 24
    rooms: int = 8
    per_s: float = 25.0
    browsers: int = 2
    scenes: tuple[str, ...] = ()  # after the storm of the last seed
    least: tuple[tuple[str, int], ...] = ()  # figures of all seeds; less shows nothing

    @property
    def longest_s(self) -> float:
        """A run that takes longer has hung."""
        return self.pace.length_s + 240

    def lasting(self, minutes: float) -> "Profile":
        """The same with a storm of another length."""
        return replace(self, pace=replace(self.pace, length_s=minutes * 60))


PROFILES = {
    one.name: one
    for one in (
        Profile(
            "smoke",
            (1,),
            Pace(40, (1.5, 4.0), 6.0),
            bots=12,
            rooms=4,
            per_s=15,
            scenes=("repeats", "rolling"),
        ),
        Profile(
            "gate",
            (1, 2, 3),
            Pace(150, (1.2, 3.2), 6.0),
            per_s=38,
            scenes=(
                "nothing_left_behind",
                "repeats",
                "rolling",
                "resume",
                "rate",
                "reconnect_storm",
                "revocation",
                "frozen_writer",
                "growing",
            ),
            least=(("kills", 120), ("acked", 10_000)),
        ),
        Profile("full", tuple(range(1, 8)), Pace(510), scenes=tuple(SCENES)),
    )
}
