"""Builds that are broken on purpose: each must be caught by the check it names."""

from dataclasses import dataclass, field

from tests.chaos.bots import Bot
from tests.chaos.build import Patch


@dataclass(frozen=True, slots=True)
class Sabotage:
    """What is broken, and which checks must see it (any of them)."""

    name: str
    caught_by: tuple[str, ...]
    patches: tuple[Patch, ...] = ()
    bot: type[Bot] = field(default=Bot)


SABOTAGES: dict[str, Sabotage] = {}
