"""Quiet hours and pauses, in the person's own zone, also when its clock jumps."""

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from livechat.lib.zones import zones
from livechat.push.models import Preferences
from livechat.push.times import held_until, tomorrow_morning

NIGHT = (time(22), time(7))


def prefers(
    quiet: tuple[time, time] | None = None, zone: str = "Europe/Berlin"
) -> Preferences:
    start, end = quiet or (None, None)
    return Preferences(quiet_from=start, quiet_to=end, zone=zone)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("quiet", "now", "until"),
    [
        (NIGHT, "2026-01-10 20:59", None),
        (NIGHT, "2026-01-10 21:00", "2026-01-11 06:00"),
        (NIGHT, "2026-01-10 23:30", "2026-01-11 06:00"),
        (NIGHT, "2026-01-11 05:59", "2026-01-11 06:00"),
        (NIGHT, "2026-01-11 06:00", None),
        (NIGHT, "2026-07-10 20:00", "2026-07-11 05:00"),  # summer
        (NIGHT, "2026-03-28 21:30", "2026-03-29 05:00"),  # an hour is left out
        (NIGHT, "2026-10-24 20:30", "2026-10-25 06:00"),  # an hour comes twice
        ((time(12), time(13)), "2026-01-10 11:30", "2026-01-10 12:00"),
        ((time(12), time(13)), "2026-01-10 12:00", None),
        ((time(9), time(9)), "2026-01-10 08:00", None),
        (None, "2026-01-10 23:30", None),
    ],
)
def test_quiet_hours_end_by_the_clock_on_the_wall(
    quiet: tuple[time, time] | None, now: str, until: str | None
) -> None:
    assert held_until(prefers(quiet), at(now)) == (until and at(until))


def test_a_pause_ends_when_it_was_to_end() -> None:
    preferences = prefers()
    now = at("2026-01-10 12:00")
    preferences.paused_until = now + timedelta(hours=1)
    assert held_until(preferences, now) == preferences.paused_until
    assert held_until(preferences, preferences.paused_until) is None
    assert held_until(None, now) is None


def test_tomorrow_is_where_they_live() -> None:
    now = at("2026-01-10 23:30")  # 8:30 of the 11th in Tokyo
    assert tomorrow_morning(prefers(zone="Asia/Tokyo"), now) == at("2026-01-11 23:00")


def test_a_zone_that_is_not_known_any_more_is_utc() -> None:
    held = held_until(prefers(NIGHT, zone="Atlantis/Capital"), at("2026-01-10 23:30"))
    assert held == at("2026-01-11 07:00")
    assert "UTC" in zones()
    assert "Europe/Berlin" in zones()


@given(
    some.times(),
    some.times(),
    some.sampled_from(zones()),
    some.integers(946_684_800, 2_114_380_800),  # seconds of 2000 to 2037
)
def test_whoever_waits_is_let_go_within_a_day_or_so(
    start: time, end: time, zone: str, now_s: int
) -> None:
    now = datetime.fromtimestamp(now_s, UTC)
    until = held_until(prefers((start, end), zone), now)
    assert until is None or now < until <= now + timedelta(hours=27)
