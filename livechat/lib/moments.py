"""Moments as people say them, in English and German: `in 20 minutes`, `morgen 9:00`."""

import re
from datetime import UTC, date, datetime, timedelta

from livechat.lib.words import marked

SAY_WHEN = marked("Say when, such as: in 20 minutes, tomorrow 9:00 or friday at 5 pm.")
MORNING_HOUR = 9  # of a day that is named without a time

_UNITS = {
    r"s(?:ec(?:ond)?s?)?|sek(?:unden?)?": 1,
    r"m(?:in(?:ute)?s?)?|minuten": 60,
    r"h(?:(?:ou)?rs?)?|std|stunden?": 3_600,
    r"d(?:ays?)?|tag(?:en?)?": 86_400,
    r"w(?:eeks?)?|wochen?": 604_800,
}
_DAYS = {"tomorrow": 1, "morgen": 1, "übermorgen": 2, "today": 0, "heute": 0}
_WEEKDAYS = (
    r"mon(?:day|tag)?",
    r"tue(?:s(?:day)?)?|dienstag",
    r"wed(?:nesday)?|mittwoch",
    r"thu(?:rs(?:day)?)?|donnerstag",
    r"fri(?:day)?|freitag",
    r"sat(?:urday)?|samstag|sonnabend",
    r"sun(?:day)?|sonntag",
)
_NAMED = {"noon": 12, "midnight": 0, "mittag": 12, "mitternacht": 0}
_SPAN = rf"(?:\d{{1,5}}\s*|(?:an?|eine[rmn]?)\s+)(?:{'|'.join(_UNITS)})(?![a-zäöüß])"
_CLOCK = (
    r"(?:\d{1,2}:\d{2}(?:\s?[ap]m|\s?uhr)?|\d{1,2}\s?(?:[ap]m|uhr)|"
    rf"{'|'.join(_NAMED)})(?!\w|:\d)"
)
_DAY = rf"(?:{'|'.join([*_DAYS, *_WEEKDAYS])}|\d{{4}}-\d{{2}}-\d{{2}})(?![\w-])"
_WHEN = re.compile(
    rf"in\s+(?P<span>{_SPAN}(?:(?:\s*,|\s+(?:and|und))?\s*{_SPAN})*)"
    rf"|(?:(?:on|am)\s+)?(?P<day>{_DAY})(?:,?\s+(?:(?:at|um)\s+)?(?P<time>{_CLOCK}))?"
    rf"|(?:(?:at|um)\s+)?(?P<clock>{_CLOCK})(?:\s+(?P<which>{'|'.join(_DAYS)})(?!\w))?",
    re.IGNORECASE,
)
_PART = re.compile(
    rf"(\d+(?=\s*[a-z])|(?:an?|eine[rmn]?)(?=\s))\s*(?:({')|('.join(_UNITS)}))"
    r"(?![a-zäöüß])",
    re.IGNORECASE,
)
_TIME = re.compile(r"(\d{1,2})(?::(\d{2}))?\s?(?:([ap]m)|uhr)?", re.IGNORECASE)


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
    for start in re.finditer(r"(?<=\s)(?=\w)", words):
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
        if found["which"]:
            return at + timedelta(days=_DAYS[found["which"].lower()])
        return at + timedelta(days=1) if at <= now else at
    except (ValueError, OverflowError) as error:
        raise NoMoment(marked("There is no such time: {0}.", found[0])) from error


def _seconds(span: str) -> int:
    sizes = list(_UNITS.values())
    return sum(
        (int(part[1]) if part[1].isdigit() else 1) * sizes[(part.lastindex or 2) - 2]
        for part in _PART.finditer(span)
    )


def _on_day(day: str, clock: str | None, now: datetime) -> datetime:
    hour, minute = _clock(clock) if clock else (MORNING_HOUR, 0)
    begin = datetime.combine(_date(day, now.date()), now.timetz())
    at = begin.replace(hour=hour, minute=minute, second=0, microsecond=0)
    is_weekday = _weekday(day) is not None
    return at + timedelta(days=7) if is_weekday and at <= now else at


def _date(day: str, today: date) -> date:
    if day in _DAYS:
        return today + timedelta(days=_DAYS[day])
    if (weekday := _weekday(day)) is not None:
        return today + timedelta(days=(weekday - today.weekday()) % 7)
    return date.fromisoformat(day)


def _weekday(day: str) -> int | None:
    """0 for Monday; None for what is none."""
    fits = (at for at, names in enumerate(_WEEKDAYS) if re.fullmatch(names, day))
    return next(fits, None)


def _clock(text: str) -> tuple[int, int]:
    if (named := _NAMED.get(text.lower())) is not None:
        return named, 0
    found = _TIME.fullmatch(text)
    if found is None:
        raise ValueError(text)
    hour, minute, half = int(found[1]), int(found[2] or 0), (found[3] or "").lower()
    if half and not 1 <= hour <= 12:
        raise ValueError(text)
    hour = hour % 12 + (12 if half == "pm" else 0) if half else hour
    return hour, minute
