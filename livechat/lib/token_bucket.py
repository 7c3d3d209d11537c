"""The token bucket: a burst at once, then a steady rate; pure arithmetic."""

from dataclasses import dataclass

# Seconds by which the clocks of two writers, or a time that was read before a wait, may
# lie apart; a level from further ahead is that of a clock that was wrong.
AHEAD_MAX_S = 10.0


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
    The level's time never goes back by less than AHEAD_MAX_S: what one writer has
    refilled, another one whose clock is behind must not refill again.
    """
    if level is None:
        level = Level(rate.burst, now)
    ahead_s = max(0.0, level.at - now)
    if ahead_s > AHEAD_MAX_S:
        ahead_s = 0.0
    at = now + ahead_s
    elapsed_s = max(0.0, at - level.at)
    tokens = min(rate.burst, level.tokens + elapsed_s * rate.per_s)
    if tokens >= cost:
        return Level(tokens - cost, at), 0.0
    return Level(tokens, at), (cost - tokens) / rate.per_s + ahead_s
