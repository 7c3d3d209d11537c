"""The people pane of open pages: fresh, and not sent for every word that is typed."""

import asyncio
import contextlib

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from chat.models import Room
from livechat.lib import limits
from tests.chat.conftest import Member
from tests.live import Client, Live

PANE = 'hx-target="#people"'
FLAPS = 20
FLAP_S = 0.1


class Page(Client):
    """A socket of a page: each frame is a fragment, kept as it came."""

    async def _read(self, websocket: ClientConnection) -> None:
        with contextlib.suppress(ConnectionClosed):
            async for data in websocket:
                self.frames.append({"type": "html", "html": data})
                self._news.set()

    async def pane_with(self, text: str) -> None:
        """Take frames until a pane with this text comes."""
        await self.until(lambda one: PANE in one["html"] and text in one["html"])

    def panes(self) -> int:
        """How many panes lie here."""
        return sum(PANE in one["html"] for one in self.frames)


async def test_who_types_on_and_off_costs_few_panes_and_the_last_is_true(
    live: Live, room: Room, member: Member
) -> None:
    (_, anns), (_, bobs) = member(room, "Ann"), member(room, "Bob")
    page = Page(live, anns, query="v=1&format=html")
    async with page, live.client(bobs) as typist:
        await page.say("subscribe", room=room.public_id)
        await typist.subscribe(room.public_id)
        await page.pane_with("2 online")
        page.frames.clear()
        for number in range(FLAPS):
            await typist.say("typing", room=room.public_id, on=number % 2 == 0)
            await asyncio.sleep(FLAP_S)
        assert page.panes() <= FLAPS * FLAP_S / limits.PANE_INTERVAL_S + 2
        await typist.say("presence", state="dnd")
        await page.pane_with("Do not disturb")
