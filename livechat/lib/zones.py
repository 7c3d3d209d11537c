"""Time zones by the names that people know, as this machine has them."""

from functools import cache
from zoneinfo import ZoneInfo, available_timezones


@cache
def zones() -> tuple[str, ...]:
    """Names of zones: `Europe/Berlin` and others with a place, and UTC."""
    places = {one for one in available_timezones() if one.partition("/")[2]}
    known = {one for one in places if not one.startswith(("Etc/", "posix/", "right/"))}
    return ("UTC", *sorted(known))


@cache
def _by_lower_case() -> dict[str, str]:
    return {one.lower(): one for one in zones()}


def zone_called(name: str) -> str | None:
    """The zone's name as it is spelled, from one in any case; None: there is none."""
    return _by_lower_case().get(name.strip().lower())


def zone(name: str) -> ZoneInfo:
    """The zone of this name; UTC when this machine does not know it (any more)."""
    return ZoneInfo(name if zone_called(name) == name else "UTC")
