"""Sockets that take too little to be told of presence, or are not live yet (D3).

The rule it guards: presence and typing are never queued. Who has not taken what was
sent is told nothing of them, and once, as they are, when nothing waits any more.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import partial

from chat import presence
from chat.people import typing_fragment
from chat.roster import Roster
from livechat.lib import limits
from livechat.lib.codec import encode
from livechat.lib.crowd import Crowd
from livechat.lib.frames import text_frame
from livechat.lib.hub import Hub
from livechat.lib.page_frames import one_frame
from livechat.lib.storage import NoAnswer

logger = logging.getLogger(__name__)

RosterOf = Callable[[str], Roster | None]
Pane = Callable[[str, Roster], Awaitable[bytes]]


class Conflation:
    """Looks after the sockets of each room that are behind, while there are any."""

    def __init__(self, hub: Hub, roster_of: RosterOf, pane: Pane) -> None:
        self._hub = hub
        self._roster_of = roster_of
        self._pane = pane
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def watch(self, room: str) -> None:
        """See that those who are behind are told when they have taken the rest."""
        feed = self._hub.feeds.get(room)
        if feed is not None and feed.crowd.behind and room not in self._tasks:
            self._tasks[room] = asyncio.create_task(self._watch(room))

    async def stop(self) -> None:
        """Look after nobody any more."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _watch(self, room: str) -> None:
        try:
            while (feed := self._hub.feeds.get(room)) and feed.crowd.behind:
                await asyncio.sleep(limits.PRESENCE_INTERVAL_S)
                await self._look(room, feed.crowd)
        except Exception:  # the outermost frame of a task: the next change looks again
            logger.exception("who was behind in a room could not be told")
        finally:
            del self._tasks[room]

    async def _look(self, room: str, crowd: Crowd) -> None:
        """Tell those who have drained how it is now."""
        roster, shown = self._roster_of(room), crowd.shown
        if roster is None or not crowd.any_drained():
            return
        try:
            any_page = any(one.html for one in crowd.behind)
            pane = await self._pane(room, roster) if any_page else b""
        except NoAnswer as error:
            logger.warning("a pane waits, the database said: %r", error)
            return
        if crowd.shown != shown or self._roster_of(room) is not roster:
            return  # it is another by now: the next look
        drained = crowd.take_drained()
        languages = {one.language for one in drained}
        pages = one_frame(pane + typing_fragment(roster.typists()), languages)
        for connection in drained:
            if connection.html and not pane:
                crowd.behind.add(connection)  # it came meanwhile: the next look
            elif connection.html:
                connection.socket.write_framed(pages[connection.language])
            else:
                picture = roster.show(partial(state_frame, room))
                connection.socket.write_framed(picture)


def state_frame(room: str, metas: list[presence.Meta], count: int) -> bytes:
    """The frame that says who is there, in place of all that was said before."""
    state = {
        "type": "presence_state",
        "room": room,
        "users": presence.grouped(metas),
        "count": count,
    }
    return text_frame(encode(state))
