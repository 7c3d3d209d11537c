"""Moments as people say them: `in 20 minutes`, `tomorrow 9:00`, `friday at 5 pm`."""

import re
from datetime import UTC, date, datetime, timedelta

from livechat.lib.words import marked

SAY_WHEN = marked("Say when, such as: in 20 minutes, tomorrow 9:00 or friday at 5 pm.")
MORNING_HOUR = 9  # of a day that is named without a time

_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_UNIT = (
    r"(?:s(?:ec(?:ond)?s?)?|m(?:in(?:ute)?s?)?|h(?:(?:ou)?rs?)?|d(?:ays?)?|w(?:eeks?)?)"
)
_SPAN = rf"(?:\d{{1,5}}\s*|an?\s+){_UNIT}(?![a-z])"
_CLOCK = r"(?:\d{1,2}:\d{2}(?:\s?[ap]m)?|\d{1,2}\s?[ap]m|noon|midnight)(?!\w|:\d)"
_DAY = (
    r"(?:today|tomorrow|\d{4}-\d{2}-\d{2}|(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|"
    r"sat(?:ur)?|sun)(?:day)?)(?![\w-])"
)
_WHEN = re.compile(
    rf"in\s+(?P<span>{_SPAN}(?:(?:\s*,|\s+and)?\s*{_SPAN})*)"
    rf"|(?:on\s+)?(?P<day>{_DAY})(?:,?\s+(?:at\s+)?(?P<time>{_CLOCK}))?"
    rf"|(?:at\s+)?(?P<clock>{_CLOCK})(?:\s+(?P<which>today|tomorrow)(?!\w))?",
    re.IGNORECASE,
)
_PART = re.compile(r"(\d+(?=\s*[a-z])|an?(?=\s))\s*([smhdw])", re.IGNORECASE)
_TIME = re.compile(r"(\d{1,2})(?::(\d{2}))?\s?([ap]m)?", re.IGNORECASE)


class NoMoment(ValueError):  # noqa: N818 - it says what is missing
    """The words name no moment, or one that there is not; str() says which."""


def split(words: str, now: datetime) -> tuple[datetime, str]:
    """The moment that the words begin or end with, and the others.

    `now` is where the speaker lives: what they say is by their clock. A time that has
    passed today is tomorrow's. Takes time in proportion to the words.

    Raises:
        NoMoment: there is none.
    """
    words = " ".join(words.split())
    found = _WHEN.match(words)
    if found is not None:
        return _moment(found, now), words[found.end() :].lstrip(" ,:")
    for start in re.finditer(r"(?<=\s)(?=in\s|on\s|at\s|\w)", words):
        found = _WHEN.match(words, start.end())
        if found is not None and found.end() == len(words.rstrip(".!")):
            return _moment(found, now), words[: start.end()].rstrip(" ,")
    raise NoMoment(SAY_WHEN)


def _moment(found: "re.Match[str]", now: datetime) -> datetime:
    try:
        if found["span"]:
            later = now.astimezone(UTC) + timedelta(seconds=_seconds(found["span"]))
            return later.astimezone(now.tzinfo)
        if found["day"]:
            return _on_day(found["day"].lower(), found["time"], now)
        hour, minute = _clock(found["clock"])
        at = now.replace(hour=hour, minute=minute, second=0, microsecond=0)
        late = (found["which"] or "").lower() == "tomorrow" or (
            at <= now and not found["which"]
        )
        return at + timedelta(days=1) if late else at
    except (ValueError, OverflowError) as error:
        raise NoMoment(marked("There is no such time: {0}.", found[0])) from error


def _seconds(span: str) -> int:
    return sum(
        (1 if number[0] in "aA" else int(number)) * _UNITS[unit.lower()]
        for number, unit in _PART.findall(span)
    )


def _on_day(day: str, clock: str | None, now: datetime) -> datetime:
    hour, minute = _clock(clock) if clock else (MORNING_HOUR, 0)
    begin = datetime.combine(_date(day, now.date()), now.timetz())
    at = begin.replace(hour=hour, minute=minute, second=0, microsecond=0)
    is_weekday = day[:3] in _DAYS
    return at + timedelta(days=7) if is_weekday and at <= now else at


def _date(day: str, today: date) -> date:
    if day == "today":
        return today
    if day == "tomorrow":
        return today + timedelta(days=1)
    if day[:3] in _DAYS:
        return today + timedelta(days=(_DAYS.index(day[:3]) - today.weekday()) % 7)
    return date.fromisoformat(day)


def _clock(text: str) -> tuple[int, int]:
    named = {"noon": (12, 0), "midnight": (0, 0)}.get(text.lower())
    if named is not None:
        return named
    found = _TIME.fullmatch(text)
    if found is None:
        raise ValueError(text)
    hour, minute, half = int(found[1]), int(found[2] or 0), (found[3] or "").lower()
    if half and not 1 <= hour <= 12:
        raise ValueError(text)
    hour = hour % 12 + (12 if half == "pm" else 0) if half else hour
    return hour, minute
