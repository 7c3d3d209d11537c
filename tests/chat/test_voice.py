"""A mute and its end show on the open pages of whom they are about, on no others."""

import asyncio

import pytest

from chat import members
from chat.models import Membership, Room
from tests.chat.conftest import Member
from tests.chat.test_pane import Page
from tests.live import Live

PAGE = "v=1&format=html"
MUTED = "has muted you"


def voices(page: Page, room: Room) -> list[bool]:
    """What the page was told of its person's voice: whether they are muted."""
    target = f"#voice-{room.public_id}"
    return [MUTED in one["html"] for one in page.frames if target in one["html"]]


async def test_a_mute_and_its_end_show_on_the_persons_own_pages_alone(
    live: Live, room: Room, member: Member
) -> None:
    (bob, bobs), (_, anns) = member(room, "Bob"), member(room, "Ann")
    assert room.creator is not None
    page, other = Page(live, bobs, query=PAGE), Page(live, anns, query=PAGE)
    async with page, other:
        for one in (page, other):
            await one.say("subscribe", room=room.public_id)
            await one.until(lambda frame: "#people" in frame["html"])
        assert voices(page, room) == voices(other, room) == [False]
        for muted in (True, False):
            await asyncio.to_thread(
                members.set_muted, room.creator, room, bob, muted=muted
            )
            await page.until(
                lambda frame: (
                    "#voice-" in frame["html"] and (MUTED in frame["html"]) is muted  # noqa: B023
                )
            )
        await other.until(lambda frame: "unmuted Bob" in frame["html"])
        assert True not in voices(other, room)


@pytest.mark.parametrize("role", ["member", None])
async def test_a_page_that_comes_back_learns_of_a_mute_meanwhile(
    live: Live, room: Room, member: Member, role: str | None
) -> None:
    bob, bobs = member(room, "Bob")
    own = Membership.objects.filter(room=room, user=bob)
    await asyncio.to_thread(own.update, is_muted=True)
    if role is None:  # reads on, and has no voice to lose
        await asyncio.to_thread(own.delete)
    async with Page(live, bobs, query=PAGE) as page:
        await page.say("subscribe", room=room.public_id)
        await page.until(lambda frame: "#people" in frame["html"])
        assert voices(page, room) == ([True] if role else [])
