"""What people tell of themselves: words, a status and its end, how they are seen."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from zoneinfo import ZoneInfo

import pytest
from django.core.cache import cache
from django.db import connection
from django.utils import timezone

from accounts import availability
from accounts.models import User
from accounts.profiles import Profile, Status, end_of, profile_of
from accounts.rates import PASSWORD_TRY, TooOften, pay
from livechat.lib import limits
from tests.accounts.conftest import client_of

NAME = {"display_name": "Bob", "theme": "system"}
MONDAY = datetime(2026, 3, 2, 22, 30, tzinfo=UTC)  # in Berlin half past eleven


def test_a_profile_is_kept_as_it_was_written(bob: User) -> None:
    form = {"pronouns": " they/them ", "about": "Tea\r\nand maps ", "zone": "utc"}
    assert client_of(bob).post("/profile/", NAME | form).status_code == 302
    profile = profile_of(bob)
    assert (profile.pronouns, profile.about) == ("they/them", "Tea\nand maps")
    assert profile.zone == "UTC"
    page = client_of(bob).get("/profile/").content.decode()
    assert "Tea\nand maps" in page


@pytest.mark.parametrize(
    "wrong",
    [
        {"zone": "Mars/Olympus"},
        {"zone": "../etc/passwd"},
        {"about": "x" * (limits.ABOUT_MAX_LENGTH + 1)},
        {"about": "a\x1bb"},
        {"pronouns": "x" * (limits.PRONOUNS_MAX_LENGTH + 1)},
        {"pronouns": "\u200b"},
    ],
)
def test_what_does_not_fit_is_refused_and_changes_nothing(
    bob: User, wrong: dict[str, str]
) -> None:
    assert client_of(bob).post("/profile/", NAME | wrong).status_code == 422
    assert not Profile.objects.exists()


@pytest.mark.parametrize(
    ("lasting", "end"),
    [
        ("30m", MONDAY + timedelta(minutes=30)),
        ("1h", MONDAY + timedelta(hours=1)),
        ("today", datetime(2026, 3, 2, 23, 0, tzinfo=UTC)),
        ("week", datetime(2026, 3, 8, 23, 0, tzinfo=UTC)),
        ("none", None),
    ],
)
def test_a_status_ends_by_the_clock_where_somebody_is(
    lasting: str, end: datetime | None
) -> None:
    assert end_of(lasting, Profile(zone="Europe/Berlin"), MONDAY) == end


def test_a_status_is_set_by_one_press_and_cleared(bob: User) -> None:
    client = client_of(bob)
    client.post("/profile/status/", {"at_once": "Focusing"})
    status = profile_of(bob).status
    assert status is not None
    assert status.text == "Focusing"
    assert "Focusing" in client.get(f"/people/{bob.public_id}").content.decode()
    client.post("/profile/status/", {"clear": "yes"})
    assert profile_of(bob).status is None


def test_a_status_that_is_over_is_shown_nowhere(bob: User) -> None:
    client = client_of(bob)
    form = {"emoji": "\U0001f333", "text": "Outside", "lasting": "30m"}
    assert client.post("/profile/status/", form).status_code == 302
    Profile.objects.update(status_until=timezone.now())
    assert profile_of(bob).status is None
    assert "Outside" not in client.get(f"/people/{bob.public_id}").content.decode()


@pytest.mark.parametrize(
    "wrong",
    [
        {"emoji": "xy"},
        {"emoji": "\U0001f333\U0001f333"},
        {"text": "x" * (limits.STATUS_MAX_LENGTH + 1)},
        {"lasting": "for ever"},
        {"lasting": ""},
    ],
)
def test_a_status_that_is_none_is_refused(bob: User, wrong: dict[str, str]) -> None:
    form = {"emoji": "", "text": "Here", "lasting": "1h"} | wrong
    assert client_of(bob).post("/profile/status/", form).status_code == 422
    assert profile_of(bob).status is None


def test_the_card_tells_what_time_it_is_there_and_only_if_they_say_so(
    bob: User, alice: User
) -> None:
    client = client_of(alice)
    path = f"/people/{bob.public_id}"
    assert "local time" not in client.get(path).content.decode()
    Profile.objects.create(user=bob, zone="Asia/Tokyo")
    page = client.get(path).content.decode()
    now = datetime.now(ZoneInfo("Asia/Tokyo"))
    times = [
        f"{now + timedelta(minutes=minutes):%H:%M} local time" for minutes in (0, 1)
    ]
    assert any(time in page for time in times)
    assert "Asia/Tokyo" in page


def test_beside_a_name_the_card_comes_without_the_page(bob: User, alice: User) -> None:
    headers = {"HX-Request": "true"}
    part = client_of(alice).get(f"/people/{bob.public_id}", headers=headers)
    assert "<html" not in part.content.decode()
    assert "Bob" in part.content.decode()


def test_a_choice_is_kept_and_ends(bob: User) -> None:
    client = client_of(bob)
    form = {"state": "dnd", "lasting": "1h", "next": "/profile/"}
    assert client.post("/profile/availability/", form)["Location"] == "/profile/"
    bob.refresh_from_db()
    assert availability.of(bob) == "dnd"
    assert availability.end_of(bob) is not None
    bob.available_until_s = 1
    assert availability.of(bob) == "online"
    assert availability.end_of(bob) is None


@pytest.mark.parametrize(
    ("ends_in_h", "given", "emoji", "text", "keeps_end"),
    [
        (-1, {"status_text": "new"}, "", "new", False),
        (-1, {"status_emoji": "🌴"}, "🌴", "", False),
        (-1, {"status_for": "1h"}, "", "", False),
        (-1, {"about": "me"}, "", "", False),
        (1, {"status_text": "new"}, "🎉", "new", True),
        (1, {"status_emoji": "🌴"}, "🌴", "old", True),
        (1, {"status_for": "none"}, "🎉", "old", False),
        (1, {"about": "me"}, "🎉", "old", True),
    ],
)
def test_a_program_changes_a_status_that_goes_on_and_brings_none_back(
    bob: User,
    ends_in_h: int,
    given: dict[str, str],
    emoji: str,
    text: str,
    keeps_end: bool,
) -> None:
    end = timezone.now() + timedelta(hours=ends_in_h)
    Profile.objects.create(
        user=bob, status_emoji="🎉", status_text="old", status_until=end
    )
    answer = client_of(bob).patch("/api/me", given, "application/json")
    assert answer.status_code == 200
    status = profile_of(bob).status
    if not (emoji or text):
        assert status is None
    else:
        assert status == Status(emoji, text, end if keeps_end else None)


@pytest.mark.parametrize(
    "wrong", [{"state": "gone"}, {"state": ""}, {"state": "idle", "lasting": "x"}]
)
def test_a_choice_that_is_none_changes_nothing(
    bob: User, wrong: dict[str, str]
) -> None:
    answer = client_of(bob).post("/profile/availability/", wrong)
    assert answer.status_code == 422
    bob.refresh_from_db()
    assert (bob.availability, bob.choices) == ("online", 0)


def test_the_choice_leads_nowhere_else(bob: User) -> None:
    form = {"state": "idle", "next": "https://evil.example/"}
    answer = client_of(bob).post("/profile/availability/", form)
    assert answer["Location"] == "/profile/status/"


@pytest.mark.parametrize("own", availability.STATES)
@pytest.mark.parametrize("chosen", availability.STATES)
def test_of_two_states_the_one_that_hides_more_is_shown(own: str, chosen: str) -> None:
    shown = availability.shown(own, chosen)
    assert shown in {own, chosen}
    assert "invisible" not in {own, chosen} - {shown}
    assert availability.shown(chosen, own) == shown


def test_changes_have_a_rate_and_the_answer_says_how_long_to_wait(bob: User) -> None:
    client = client_of(bob)
    for _ in range(limits.PROFILE_BURST):
        assert (
            client.post("/profile/availability/", {"state": "idle"}).status_code == 302
        )
    refused = client.post("/profile/status/", {"at_once": "Focusing"})
    assert refused.status_code == 429
    assert 1 <= int(refused["Retry-After"]) <= 5
    assert profile_of(bob).status is None
    assert client.get("/profile/status/").status_code == 200
    cache.clear()
    assert client.post("/profile/status/", {"clear": "yes"}).status_code == 302


@pytest.mark.django_db(transaction=True)
def test_guesses_at_the_same_moment_are_counted_each() -> None:
    dora = User.objects.create_user("dora@example.org", display_name="Dora")
    together = Barrier(10)

    def is_let_in(_: int) -> bool:
        together.wait(20)
        try:
            pay(dora, PASSWORD_TRY)
        except TooOften:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(10) as threads:
        let_in = sum(threads.map(is_let_in, range(10)))
    assert let_in == limits.PROFILE_BURST // PASSWORD_TRY
