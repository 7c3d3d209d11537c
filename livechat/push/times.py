"""When somebody does not want to be told: a pause, and quiet hours in their zone."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils import timezone

from livechat.lib.zones import zone
from livechat.push.models import Preferences

MORNING_HOUR = 8  # when "until tomorrow" ends, in their zone


def held_until(preferences: Preferences | None, now: datetime) -> datetime | None:
    """Until when nothing is to be sent, None when it may be now.

    One look may end within another hold, so that whoever waits asks again then.
    """
    if preferences is None:
        return None
    if preferences.paused_until is not None and now < preferences.paused_until:
        return preferences.paused_until
    return _quiet_until(preferences, now)


def may_ring(preferences: Preferences | None) -> bool:
    """Whether a page may make a sound for them now."""
    plays = preferences is None or preferences.plays_sound
    return plays and held_until(preferences, timezone.now()) is None


def _quiet_until(preferences: Preferences, now: datetime) -> datetime | None:
    start, end = preferences.quiet_from, preferences.quiet_to
    if start is None or end is None or start == end:
        return None
    local = now.astimezone(zone_of(preferences))
    clock = local.time()
    over_midnight = end < start
    quiet = (clock >= start or clock < end) if over_midnight else start <= clock < end
    if not quiet:
        return None
    day = local.date() + timedelta(days=1 if over_midnight and clock >= start else 0)
    until = datetime.combine(day, end, tzinfo=zone_of(preferences)).astimezone(UTC)
    # In the night that has an hour twice, the end by the clock may be behind us.
    return max(until, now + timedelta(minutes=1))


def tomorrow_morning(preferences: Preferences, now: datetime) -> datetime:
    """The next day's 8 o'clock where they live."""
    local = now.astimezone(zone_of(preferences)) + timedelta(days=1)
    morning = local.replace(hour=MORNING_HOUR, minute=0, second=0, microsecond=0)
    return morning.astimezone(UTC)


def zone_of(preferences: Preferences) -> ZoneInfo:
    """Their zone; UTC when this machine does not know it any more."""
    return zone(preferences.zone)
