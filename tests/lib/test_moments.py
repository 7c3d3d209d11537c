"""Moments as people say them: at the beginning or the end, by their own clock."""

import contextlib
import time
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livechat.lib.moments import NoMoment, split

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 29, 12, 15, 30, tzinfo=BERLIN)  # a Sunday


@pytest.mark.parametrize(
    ("words", "moment", "rest"),
    [
        ("in 20 minutes tea", "2026-11-29 12:35:30", "tea"),
        ("in 20min tea", "2026-11-29 12:35:30", "tea"),
        ("in an hour and 5 min go", "2026-11-29 13:20:30", "go"),
        ("in 1h30m, go", "2026-11-29 13:45:30", "go"),
        ("in 2 weeks go", "2026-12-13 12:15:30", "go"),
        ("tomorrow 9:00 stand-up", "2026-11-30 09:00:00", "stand-up"),
        ("Tomorrow at 9 am: stand up", "2026-11-30 09:00:00", "stand up"),
        ("tomorrow call", "2026-11-30 09:00:00", "call"),
        ("today 23:00 go", "2026-11-29 23:00:00", "go"),
        ("friday call", "2026-12-04 09:00:00", "call"),
        ("on monday at 17:00 x", "2026-11-30 17:00:00", "x"),
        ("sunday 13:00 soon", "2026-11-29 13:00:00", "soon"),
        ("sunday 10:00 next week", "2026-12-06 10:00:00", "next week"),
        ("at 12:00 late", "2026-11-30 12:00:00", "late"),
        ("5pm x", "2026-11-29 17:00:00", "x"),
        ("12 am x", "2026-11-30 00:00:00", "x"),
        ("noon tomorrow lunch", "2026-11-30 12:00:00", "lunch"),
        ("2026-12-24 18:00 gifts", "2026-12-24 18:00:00", "gifts"),
        ("call Bob in 2 days", "2026-12-01 12:15:30", "call Bob"),
        ("write to Ann tomorrow at 9:00.", "2026-11-30 09:00:00", "write to Ann"),
        ("in 3 minutes", "2026-11-29 12:18:30", ""),
        ("in 20 Minuten Tee", "2026-11-29 12:35:30", "Tee"),
        ("in einer Stunde und 5 Min los", "2026-11-29 13:20:30", "los"),
        ("in 1 Std, 30 Sek los", "2026-11-29 13:16:00", "los"),
        ("in 2 Wochen los", "2026-12-13 12:15:30", "los"),
        ("in 3 Tagen los", "2026-12-02 12:15:30", "los"),
        ("morgen um 9 Uhr: anrufen", "2026-11-30 09:00:00", "anrufen"),
        ("übermorgen 8:30 Uhr los", "2026-12-01 08:30:00", "los"),
        ("am Freitag um 17 Uhr Schluss", "2026-12-04 17:00:00", "Schluss"),
        ("montag los", "2026-11-30 09:00:00", "los"),
        ("mittag morgen essen", "2026-11-30 12:00:00", "essen"),
        ("Ann schreiben heute um 23:00", "2026-11-29 23:00:00", "Ann schreiben"),
    ],
)
def test_a_moment_is_what_it_says(words: str, moment: str, rest: str) -> None:
    found, text = split(words, NOW)
    assert (f"{found:%F %T}", text) == (moment, rest)
    assert found.tzinfo is not None


@pytest.mark.parametrize(
    "words",
    [
        "",
        "tea",
        "in the morning",
        "in 5 mice",
        "in five minutes x",
        "25:00 x",
        "9:75 x",
        "13 pm x",
        "0 am x",
        "2026-02-30 x",
        "in 999999999999999 weeks x",
        "monday-ish",
        "todayish",
        "morgens los",
        "in 5 Stuben los",
        "in einer Stund los",
        "um 25 Uhr los",
    ],
)
def test_what_is_no_moment_is_refused(words: str) -> None:
    with pytest.raises(NoMoment, match=r"Say when|There is no such time"):
        split(words, NOW)


def test_a_span_is_as_long_in_the_night_that_has_an_hour_twice() -> None:
    before = datetime(2026, 10, 25, 1, 30, tzinfo=BERLIN)
    found, _ = split("in 3 hours x", before)
    assert found.astimezone(UTC) - before.astimezone(UTC) == datetime.resolution * (
        3 * 3_600 * 1_000_000
    )


@pytest.mark.parametrize(
    "words",
    ["in 1 m " * 90, "1 " * 300, "in " + "1 m and " * 70 + "x", "at " * 200, "a" * 600],
)
def test_hostile_words_take_no_time(words: str) -> None:
    began_at = time.monotonic()
    with contextlib.suppress(NoMoment):
        split(words, NOW)
    assert time.monotonic() - began_at < 0.2


@given(st.text(max_size=60))
def test_any_words_are_a_moment_or_refused(words: str) -> None:
    try:
        found, _ = split(words, NOW)
    except NoMoment:
        return
    assert found.utcoffset() is not None
