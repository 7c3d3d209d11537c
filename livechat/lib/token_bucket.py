"""The token bucket: a burst at once, then a steady rate; pure arithmetic."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rate:
    """`burst` tokens at most, `per_s` tokens come back each second."""

    burst: float
    per_s: float


@dataclass(frozen=True, slots=True)
class Level:
    """How many tokens there were at a time (seconds since 1970)."""

    tokens: float
    at: float


def take(
    level: Level | None, rate: Rate, now: float, cost: float = 1.0
) -> tuple[Level, float]:
    """Take `cost` tokens; return the new level and the seconds to wait (0: taken).

    An unknown bucket is full. A clock that went back refills nothing, and one that
    jumped ahead refills at most the burst. Nothing is taken when the wait is above 0.
    """
    if level is None:
        tokens = rate.burst
    else:
        elapsed = max(0.0, now - level.at)
        tokens = min(rate.burst, level.tokens + elapsed * rate.per_s)
    if tokens >= cost:
        return Level(tokens - cost, now), 0.0
    return Level(tokens, now), (cost - tokens) / rate.per_s
