"""What open pages do with a room that is not their reader's any more."""

import asyncio

import pytest

from chat import actions, room_settings
from chat.models import Room
from tests.chat.conftest import Member, Person
from tests.chat.test_pane import Page
from tests.live import Live

PAGE = "v=1&format=html"


async def end_of(page: Page, room: Room) -> str:
    """The fragments that end the room for a page."""
    dock = f"#dock-{room.public_id}"
    return str((await page.until(lambda one: dock in one["html"]))["html"])


def card_goes(html: str, room: Room) -> bool:
    """Whether the room's card in the lobby is deleted."""
    return f'hx-target="#room-{room.public_id}" hx-swap="delete"' in html


@pytest.mark.parametrize("is_private", [True, False])
async def test_who_leaves_loses_the_card_of_a_private_room_alone(
    live: Live, room: Room, private: Room, member: Member, is_private: bool
) -> None:
    left = private if is_private else room
    bob, bobs = member(left, "Bob")
    async with Page(live, bobs, query=PAGE) as page:
        await page.say("subscribe", room=left.public_id)
        await page.until(lambda one: "#people" in one["html"])
        await asyncio.to_thread(actions.leave_room, bob, left)
        assert card_goes(await end_of(page, left), left) is is_private


async def test_a_room_that_becomes_private_leaves_the_lobbies_of_outsiders(
    live: Live, room: Room, person: Person
) -> None:
    _, charlies = person("Charlie")
    owner = room.creator
    assert owner is not None
    async with Page(live, charlies, query=PAGE) as page:
        await page.say("subscribe", room=room.public_id)
        await page.until(lambda one: "#people" in one["html"])
        await asyncio.to_thread(
            room_settings.update_room,
            owner,
            room,
            name="Den",
            description="",
            is_private=True,
        )
        assert card_goes(await end_of(page, room), room)
