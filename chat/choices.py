"""What people change about themselves, as one web process follows it.

The rule it guards: a socket shows its person only as they have chosen to be seen, be it
that it opens at the very moment of the choice, that Redis loses the word of it, or that
its time is over. The database is asked each second; Redis only makes it quicker.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterable
from datetime import datetime

from django.db import close_old_connections
from django.template.loader import get_template
from django.utils import timezone

from accounts import availability
from accounts.availability import Chosen
from chat.attendance import Attendance
from chat.fanout import partial
from chat.models import Membership
from chat.roster import Roster
from livechat.lib.connections import Connection
from livechat.lib.hub import Hub

logger = logging.getLogger(__name__)

POLL_S = 1.0
KEPT = 2 * availability.LATE_COMMIT  # a choice is remembered for sockets that open
Refresh = Callable[[str, Roster], None]


class Choices:
    """Choices of those who have sockets here, and panes that show who has changed."""

    def __init__(self, hub: Hub, attendance: Attendance, refresh: Refresh) -> None:
        self._hub = hub
        self._attendance = attendance
        self._refresh = refresh
        self._told = asyncio.Event()
        self._looked_at = timezone.now()
        self._recent: dict[str, Chosen] = {}  # by public id
        self._done: dict[str, datetime] = {}  # by public id the change that was shown
        self._ending: dict[str, Chosen] = {}  # by public id, those with an end

    async def start(self) -> None:
        """Hear of changes; `follow` has to run."""
        channel = availability.CHANNEL
        await self._hub.listen(channel, lambda _: self._told.set())

    def welcome(self, connection: Connection) -> None:
        """Know what the person of a new socket has chosen, before it shows anything."""
        who = connection.principal
        chosen = Chosen(
            who.user_id,
            who.public_id,
            who.availability,
            who.available_until_s,
            who.choices,
        )
        heard = self._recent.get(who.public_id)
        if heard is not None and heard.count > chosen.count:  # since it was read
            chosen = heard
        self._attendance.choose(connection, chosen.now())
        self._note_end(chosen)

    def _note_end(self, chosen: Chosen) -> None:
        if chosen.until_s and chosen.now() != "online":
            self._ending[chosen.public_id] = chosen
        else:
            self._ending.pop(chosen.public_id, None)

    async def follow(self) -> None:
        """Look for changes for ever: when told, and once a second."""
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._told.wait(), POLL_S)
            self._told.clear()
            try:
                await self._look()
            except Exception:  # the outermost loop: the next look heals
                logger.exception("what people changed could not be read")

    async def _look(self) -> None:
        since, self._looked_at = self._looked_at, timezone.now()
        try:
            rows = await self._hub.ask(_news, since)
        except BaseException:
            self._looked_at = since
            raise
        fresh = [one for one, at in rows if self._is_new(one, at)]
        over = [one for one in self._ending.values() if one.now() == "online"]
        self._forget()
        if not fresh and not over:
            return
        sockets = self._sockets()
        for chosen in [*fresh, *over]:
            self._note_end(chosen)
            await self._apply(chosen, sockets.get(chosen.public_id, ()))
        await self._show({one.user_id for one in [*fresh, *over]})

    def _sockets(self) -> dict[str, list[Connection]]:
        """All sockets of this process, by their person's public id."""
        found: dict[str, list[Connection]] = {}
        for connection in self._hub.connections.values():
            found.setdefault(connection.principal.public_id, []).append(connection)
        return found

    def _is_new(self, chosen: Chosen, at: datetime) -> bool:
        """Whether this has not been shown; a status that is over comes once."""
        known, self._done[chosen.public_id] = self._done.get(chosen.public_id), at
        self._recent[chosen.public_id] = chosen
        return known != at

    def _forget(self) -> None:
        old = timezone.now() - KEPT
        for public_id in [one for one, at in self._done.items() if at < old]:
            del self._done[public_id]
            self._recent.pop(public_id, None)

    async def _apply(self, chosen: Chosen, sockets: Iterable[Connection]) -> None:
        """Show the choice on each socket of the person's, and on their own pages."""
        state = chosen.now()
        html = _own_fragment(state)
        for connection in sockets:
            await self._attendance.show_choice(connection, state)
            connection.send(b"", html)

    async def _show(self, users: Iterable[int]) -> None:
        """Render the panes of open rooms anew to which these people belong."""
        feeds = self._hub.feeds
        seen = [room for room, feed in feeds.items() if feed.crowd.pages]
        for room in await self._hub.ask(_rooms_of, list(users), seen) if seen else ():
            if (roster := self._attendance.viewing.roster(room)) is not None:
                self._refresh(room, roster)


def _news(since: datetime) -> list[tuple[Chosen, datetime]]:
    close_old_connections()
    return list(availability.news(since))


def _rooms_of(users: list[int], rooms: list[str]) -> list[str]:
    """Those of the rooms (public ids) to which one of the users belongs; one query."""
    theirs = Membership.objects.filter(user__in=users, room__public_id__in=rooms)
    return list(theirs.values_list("room__public_id", flat=True).distinct())


def _own_fragment(state: str) -> bytes:
    """The dot at one's own name, and the choice, as they are now."""
    dot = f'<i id="me-dot" class="dot dot--me dot--{state}"></i>'
    context = {"now": state, "class": "menu__item"}
    buttons = get_template("accounts/_availability.html").render(context)
    html = partial("#me-dot", "outerMorph", dot)
    return (html + partial("#me-states", "innerMorph", buttons)).encode()
