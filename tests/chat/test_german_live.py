"""What a socket tells a German page, an English one and a program of the same thing."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone, translation
from django.utils.formats import date_format

from accounts.models import User
from chat.models import Room
from chat.room_settings import update_room
from tests.chat.conftest import Member
from tests.chat.test_commands import answer
from tests.chat.test_pane import Page
from tests.live import Live

PAGE = "v=1&format=html"


@pytest.fixture
def both(room: Room, member: Member) -> list[str]:
    """The tokens of a member who reads German and one who reads English."""
    tokens = []
    for name, language in (("Bob", "de"), ("Ann", "en")):
        user, token = member(room, name)
        User.objects.filter(pk=user.pk).update(language=language)
        tokens.append(token)
    return tokens


async def told(page: Page, room: Room, body: str, wanted: str) -> str:
    """Give a command on a page, and wait for these words."""
    fields = {"room": room.public_id, "client_id": str(uuid4()), "body": body}
    await page.say("send", **fields)
    found = await page.until(lambda one: wanted in one["html"])
    assert "\ue000" not in found["html"]
    return str(found["html"])


@pytest.mark.parametrize(
    ("body", "german", "english"),
    [
        ("/help", "/remind in 20 Minuten Tee — An etwas", "/remind in 20 minutes tea"),
        ("/nothing", "Den Befehl /nothing gibt es nicht.", "There is no command"),
        ("/remind", "Schreib mehr als das: /remind in", "Write more than that"),
        ("/remind tea", "Sag wann, etwa", "Say when, such as"),
        ("/remind in 400 Tagen x", "in den nächsten 366 Tagen", "within 366 days"),
        ("/topic x", "in diesem Raum nicht", "You may not do that"),
    ],
)
async def test_what_a_command_says_is_in_the_language_of_the_page(
    live: Live, room: Room, both: list[str], body: str, german: str, english: str
) -> None:
    for token, wanted in zip(both, (german, english), strict=True):
        async with Page(live, token, query=PAGE) as page:
            await told(page, room, body, wanted)


async def test_a_reminder_is_confirmed_with_the_names_of_the_language(
    live: Live, room: Room, both: list[str]
) -> None:
    day = timezone.now() + timedelta(days=40)
    body = f"/remind {day:%F} 12:00 tea"
    for token, date in zip(both, ("l, j. F", "l, j F"), strict=True):
        language = "de" if "." in date else "en"
        with translation.override(language):
            wanted = f"{date_format(day, date)}, 12:00 (UTC): tea"
        async with Page(live, token, query=PAGE) as page:
            html = await told(page, room, body, wanted)
        assert ("Ich erinnere dich am" in html) == (language == "de")


async def test_a_program_of_a_german_person_is_told_in_english(
    live: Live, room: Room, both: list[str]
) -> None:
    async with live.client(both[0]) as client:
        assert (await answer(client, room, "/help"))["text"].startswith("/me waves — ")
        refused = await answer(client, room, "/nothing")
    assert refused["message"].startswith("There is no command /nothing.")


async def test_a_time_in_a_live_fragment_is_in_the_language_of_the_page(
    live: Live, room: Room, both: list[str]
) -> None:
    german, english = (Page(live, token, query=PAGE) for token in both)
    assert room.creator is not None
    async with german, english:
        for page in (german, english):
            await page.say("subscribe", room=room.public_id)
            await page.until(lambda one: "people" in one["html"])
        await asyncio.to_thread(update_room, room.creator, room, slow_mode_s=300)
        await german.until(lambda one: "einmal in 5 Minuten" in one["html"])
        await english.until(lambda one: "once in 5 minutes" in one["html"])
