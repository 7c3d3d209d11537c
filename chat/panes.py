"""Who is in a room, on its pages: the pane with their names, and who types.

The rule it guards: a room's pages get at most one pane in PANE_INTERVAL_S, which names
up to PEOPLE_PANE_MAX people, and the last of them shows everybody as they are.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from chat import people, presence
from chat.conflation import Conflation, RosterOf
from chat.roster import Roster, Told
from livechat.lib import limits
from livechat.lib.codec import encode
from livechat.lib.frames import text_frame
from livechat.lib.hub import Hub
from livechat.lib.shared import Shared
from livechat.lib.storage import NoAnswer

logger = logging.getLogger(__name__)

Keep = Callable[[asyncio.Task[None]], None]  # until it is done, or the process ends


class Panes:
    """The panes of a web process's rooms."""

    def __init__(self, hub: Hub, roster_of: RosterOf, keep: Keep) -> None:
        self._hub = hub
        self._keep = keep
        self._conflation = Conflation(hub, roster_of, self.html)
        self._rendered: Shared[bytes] = Shared()  # by room
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._stale: dict[str, Roster] = {}

    async def stop(self) -> None:
        """Look after nobody who is behind; whoever keeps the tasks ends them."""
        await self._conflation.stop()

    def announce(self, room: str, roster: Roster, told: Told) -> None:
        """Send what changed in a room to its sockets, and the pane to its pages."""
        feed = self._hub.feeds.get(room)
        if feed is None:
            return
        frames = b"".join(
            text_frame(encode(one)) for one in presence_frames(room, told)
        )
        typed = told.started or told.stopped
        line = people.typing_fragment(roster.typists()) if typed else b""
        feed.show(frames, line)
        self._conflation.watch(room)
        if feed.crowd.pages:
            self.refresh(room, roster)

    def refresh(self, room: str, roster: Roster) -> None:
        """Send the pane to the room; what changes meanwhile is rendered after it.

        Not too often: it names up to PEOPLE_PANE_MAX people to every page of the room,
        and each word that somebody types changes it.
        """
        if room in self._tasks:
            self._stale[room] = roster
            return
        task = asyncio.create_task(self._push(room, roster))
        self._tasks[room] = task
        self._keep(task)

    async def _push(self, room: str, roster: Roster) -> None:
        latest: Roster | None = roster
        try:
            while latest is not None:
                if not await self._push_one(room, latest):
                    self._stale.setdefault(room, latest)
                await asyncio.sleep(limits.PANE_INTERVAL_S)
                latest = self._stale.pop(room, None)
        finally:
            self._stale.pop(room, None)
            self._tasks.pop(room, None)

    async def _push_one(self, room: str, roster: Roster) -> bool:
        """Send the pane as it is to all pages of the room; False to do it later."""
        try:
            html = await self.html(room, roster)
        except NoAnswer as error:
            logger.warning("a pane waits, the database said: %r", error)
            return room not in self._hub.feeds
        if html and (feed := self._hub.feeds.get(room)):
            feed.show(b"", html)
            self._conflation.watch(room)
        return True

    async def html(self, room: str, roster: Roster) -> bytes:
        """The people pane as a fragment for any viewer of the room."""

        async def render() -> bytes:
            roster.note_shown()
            return await self._hub.ask(
                people.people_fragment, room, roster.states(), roster.typists()
            )

        # A room that was left and opened again has another roster.
        return await self._rendered.ask(f"{room} {id(roster)}", render)


def presence_frames(room: str, told: Told) -> list[dict[str, Any]]:
    """The protocol's frames of what changed in a room's presence."""
    frames: list[dict[str, Any]] = []
    if told.present:
        frames.append(
            {
                "type": "presence_diff",
                "room": room,
                "joins": presence.grouped(told.joins),
                "leaves": presence.grouped(told.leaves),
                "count": told.count,
            }
        )
    for kind, who in (
        ("user_typing", told.started),
        ("user_stopped_typing", told.stopped),
    ):
        for public_id, name in who:
            user = {"id": public_id, "name": name}
            frames.append({"type": kind, "room": room, "user": user})
    return frames
