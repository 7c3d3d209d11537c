"""What waits for people, told to their open pages and programs of this web process.

The rule it guards: the number comes from the database, with the access of that moment;
and nobody is asked about who has nothing waiting, however much they read.
"""

import asyncio
import logging
from collections.abc import Callable, Collection, Coroutine
from dataclasses import dataclass, field

from django.template.loader import get_template

from accounts.models import User
from chat import notices
from chat.fanout import partial
from chat.notice_list import Bell, Entry, bells, fresh
from livechat.lib import limits
from livechat.lib.codec import encode
from livechat.lib.connections import Connection
from livechat.lib.hub import Hub
from livechat.lib.storage import NoAnswer
from livechat.push.models import Preferences
from livechat.push.times import may_ring

logger = logging.getLogger(__name__)

Wanted = dict[int, set[str]]  # keys of new notices, by user
Told = tuple[Bell, bool]  # and whether something new may be heard


@dataclass(slots=True)
class Person:
    """Somebody with open sockets, and what their pages show."""

    sockets: set[Connection] = field(default_factory=set)
    newcomers: set[Connection] = field(default_factory=set)  # to be told in any case
    bell: Bell = Bell()

    @property
    def pages(self) -> list[Connection]:
        """Those of their sockets that are pages."""
        return [one for one in self.sockets if one.html]


class Bells:
    """Everybody who is connected here, and what waits for them."""

    def __init__(self, hub: Hub, state_of: Callable[[Connection], str]) -> None:
        """`state_of`: how a connection is shown, such as `dnd`."""
        self._hub = hub
        self._state_of = state_of
        self._people: dict[int, Person] = {}
        self._waiting: dict[
            tuple[float, bool], Wanted
        ] = {}  # by delay, and if to pages
        self._tasks: set[asyncio.Task[None]] = set()
        self._turn = asyncio.Lock()

    async def start(self) -> None:
        """Hear of new notices; read all numbers again every so often."""
        await self._hub.listen(notices.CHANNEL, self._on_news)
        self._keep(self._refresh())

    def stop(self) -> None:
        """Tell nobody anything any more."""
        for task in self._tasks:
            task.cancel()

    def add(self, connection: Connection) -> None:
        """Know a socket; a page is told its number, as it may have been away."""
        user = connection.principal.user_id
        person = self._people.setdefault(user, Person())
        person.sockets.add(connection)
        if connection.html:  # many that come back at once are asked about together
            person.newcomers.add(connection)
            self._later(user, "", limits.NOTICE_INTERVAL_S, html=True)

    def remove(self, connection: Connection) -> None:
        """Forget a socket, and with their last one the person."""
        user = connection.principal.user_id
        if person := self._people.get(user):
            person.sockets.discard(connection)
            person.newcomers.discard(connection)
            if not person.sockets:
                del self._people[user]

    def moved(self, user: int, room: str, *, surely: bool = False) -> None:
        """Note that somebody has read on in a room; `surely`: or back, or left it."""
        person = self._people.get(user)
        if person is not None and (surely or room in person.bell.rooms):
            self._later(user, "", limits.NOTICE_INTERVAL_S, html=True)

    def _on_news(self, payload: bytes) -> None:
        for news in notices.decode(payload):
            if person := self._people.get(news.user):
                # A page that shows the room has its end in view, or tells of it then.
                looking = any(news.room in page.feeds for page in person.pages)
                patience_s = limits.NOTICE_PATIENCE_S if looking and news.key else 0
                delay_s = limits.NOTICE_INTERVAL_S + patience_s
                self._later(news.user, news.key, delay_s, html=True)
                if news.key and len(person.pages) < len(person.sockets):
                    soon_s = limits.NOTICE_INTERVAL_S
                    self._later(news.user, news.key, soon_s, html=False)

    def _later(self, user: int, key: str, delay_s: float, *, html: bool) -> None:
        at = delay_s, html
        if at not in self._waiting:
            self._waiting[at] = {}
            asyncio.get_running_loop().call_later(delay_s, self._flush, at)
        keys = self._waiting[at].setdefault(user, set())
        if key:
            keys.add(key)

    def _flush(self, at: tuple[float, bool]) -> None:
        wanted = self._waiting.pop(at)
        self._keep(self._tell_pages(wanted) if at[1] else self._tell_programs(wanted))

    async def _tell_pages(self, wanted: Wanted) -> None:
        async with self._turn:  # what was asked later is not told before
            for user, (bell, rings) in (await self._ask(wanted)).items():
                if person := self._people.get(user):
                    is_new = bool(wanted.get(user))
                    self._show(person, bell, is_new=is_new, rings=rings)

    def _show(self, person: Person, bell: Bell, *, is_new: bool, rings: bool) -> None:
        before, person.bell = person.bell, bell
        is_same = before.count == bell.count and not is_new
        concerned = person.newcomers if is_same else set(person.pages)
        person.newcomers = set()
        rings = rings and "dnd" not in map(self._state_of, person.sockets)
        heard = set(_newest_of_sessions(person.pages)) if rings else set()
        for page in concerned:
            sound = ring() if page in heard else b""
            page.send(b"", shown(bell.count) + sound)

    async def _tell_programs(self, wanted: Wanted) -> None:
        for user, keys in wanted.items():
            try:
                found = await self._hub.ask(_fresh, user, keys)
            except NoAnswer as error:
                logger.warning("a notification is lost, the database said: %r", error)
                continue
            if person := self._people.get(user):
                for entry in found:
                    frame = encode({"type": "notification", **entry.fields})
                    for one in person.sockets:
                        if not one.html:
                            one.send(frame)

    async def _refresh(self) -> None:
        """Read everybody's numbers again, for what Redis lost."""
        while True:
            await asyncio.sleep(limits.BADGE_REFRESH_S)
            await self._tell_pages({user: set() for user in self._people})

    async def _ask(self, wanted: Wanted) -> dict[int, Told]:
        """What waits for each; what the database does not say is said later."""
        found: dict[int, Told] = {}
        users = list(wanted)
        for at in range(0, len(users), limits.BADGE_PEOPLE_AT_ONCE):
            some = {
                user: wanted[user]
                for user in users[at : at + limits.BADGE_PEOPLE_AT_ONCE]
            }
            try:
                found |= await self._hub.ask(_told, some)
            except NoAnswer as error:
                logger.warning("bells wait, the database said: %r", error)
        return found

    def _keep(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _told(wanted: Wanted) -> dict[int, Told]:
    """The bell of each, and whether something new in it may be heard; four queries."""
    found = bells(wanted)
    loud = [user for user, bell in found.items() if bell.keys & wanted[user]]
    kept = Preferences.objects.in_bulk(loud)
    ringing = {user for user in loud if may_ring(kept.get(user))}
    return {user: (bell, user in ringing) for user, bell in found.items()}


def _fresh(user: int, keys: Collection[str]) -> list[Entry]:
    found = User.objects.filter(pk=user, is_active=True).first()
    return fresh(found, keys) if found else []


def _newest_of_sessions(pages: Collection[Connection]) -> list[Connection]:
    """One page of each session: two tabs of a browser make one sound."""
    latest = sorted(pages, key=lambda one: one.started_at)
    return list({one.principal.session_key: one for one in latest}.values())


def shown(count: int) -> bytes:
    """A page's bell, title and icon, for any viewer with so much waiting."""
    html = get_template("chat/_bell_live.html").render({"count": count})
    return html.encode()


def ring() -> bytes:
    """The sound, once."""
    html = get_template("chat/_ring.html").render()
    return partial("#ring", "innerHTML", html).encode()
