"""What waits for people, told to their open pages and programs of this web process.

The rule it guards: the number comes from the database, with the access of that moment;
and nobody is asked about who has nothing waiting, however much they read.
"""

import asyncio
import logging
from collections.abc import Callable, Collection, Coroutine, Iterable
from dataclasses import dataclass, field

from django.template.loader import get_template

from accounts.models import User
from chat import news
from chat.fanout import partial
from chat.notice_list import Bell, Entry, bells, fresh
from chat.thread_unread import InRooms, Marks, marks_in
from livechat.lib import limits
from livechat.lib.codec import encode
from livechat.lib.connections import Connection
from livechat.lib.hub import Hub
from livechat.lib.storage import NoAnswer
from livechat.push.models import Preferences
from livechat.push.times import may_ring

logger = logging.getLogger(__name__)

Wanted = dict[int, set[str]]  # keys of new notices, by user
ANYTHING = "anything"  # in place of a key: what is listed is another thing now


@dataclass(frozen=True, slots=True)
class Told:
    """What one person is told: what waits, and if something new in it may be heard.

    `marks`: what is unread in threads of the rooms that they have open (public ids).
    """

    bell: Bell
    rings: bool
    marks: InRooms

    @property
    def shown(self) -> tuple[object, ...]:
        """What their pages show of it."""
        return self.bell.count, self.bell.threads, self.marks


@dataclass(slots=True)
class Person:
    """Somebody with open sockets, and what their pages show."""

    sockets: set[Connection] = field(default_factory=set)
    newcomers: set[Connection] = field(default_factory=set)  # to be told in any case
    told: Told = Told(Bell(), rings=False, marks={})

    @property
    def open_rooms(self) -> set[str]:
        """The rooms that their pages show (public ids)."""
        return {room for page in self.pages for room in page.feeds}

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
        await self._hub.listen(news.CHANNEL, self._on_news)
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
        if person is not None and (surely or room in person.told.bell.rooms):
            key = ANYTHING if surely else ""
            self._later(user, key, limits.NOTICE_INTERVAL_S, html=True)

    def _on_news(self, payload: bytes) -> None:
        for one in news.decode(payload):
            if person := self._people.get(one.user):
                # A page that shows the room has its end in view, or tells of it then.
                looking = one.room in person.open_rooms
                patience_s = limits.NOTICE_PATIENCE_S if looking and one.key else 0
                delay_s = limits.NOTICE_INTERVAL_S + patience_s
                self._later(one.user, one.key or ANYTHING, delay_s, html=True)
                if one.key and len(person.pages) < len(person.sockets):
                    soon_s = limits.NOTICE_INTERVAL_S
                    self._later(one.user, one.key, soon_s, html=False)

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
            for user, told in (await self._ask(wanted)).items():
                if person := self._people.get(user):
                    self._show(person, told, is_new=bool(wanted.get(user)))

    def _show(self, person: Person, told: Told, *, is_new: bool) -> None:
        before, person.told = person.told, told
        is_same = before.shown == told.shown and not is_new
        concerned = person.newcomers if is_same else set(person.pages)
        person.newcomers = set()
        rings = told.rings and "dnd" not in map(self._state_of, person.sockets)
        heard = set(_newest_of_sessions(person.pages)) if rings else set()
        for page in concerned:
            marks = [told.marks.get(room, {}) for room in page.feeds]
            sound = ring() if page in heard else b""
            page.send(b"", shown(told.bell, marks) + sound)

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
            try:
                await self._tell_pages({user: set() for user in self._people})
            except Exception:  # the outermost loop: the next round
                logger.exception("what waits could not be read again")

    async def _ask(self, wanted: Wanted) -> dict[int, Told]:
        """What waits for each; what the database does not say is said later."""
        found: dict[int, Told] = {}
        users = list(wanted)
        for at in range(0, len(users), limits.BADGE_PEOPLE_AT_ONCE):
            some = {
                user: wanted[user]
                for user in users[at : at + limits.BADGE_PEOPLE_AT_ONCE]
            }
            people = [self._people[user] for user in some if user in self._people]
            rooms = {room for person in people for room in person.open_rooms}
            try:
                found |= await self._hub.ask(_told, some, rooms)
            except NoAnswer as error:
                logger.warning("bells wait, the database said: %r", error)
        return found

    def _keep(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _told(wanted: Wanted, rooms: Collection[str]) -> dict[int, Told]:
    """What each is told, whose pages show these rooms at most; six queries."""
    found, marks = bells(wanted), marks_in(wanted, rooms)
    loud = [user for user, bell in found.items() if bell.keys & wanted[user]]
    kept = Preferences.objects.in_bulk(loud)
    ringing = {user for user in loud if may_ring(kept.get(user))}
    return {
        user: Told(bell, user in ringing, marks.get(user, {}))
        for user, bell in found.items()
    }


def _fresh(user: int, keys: Collection[str]) -> list[Entry]:
    found = User.objects.filter(pk=user, is_active=True).first()
    return fresh(found, keys) if found else []


def _newest_of_sessions(pages: Collection[Connection]) -> list[Connection]:
    """One page of each session: two tabs of a browser make one sound."""
    latest = sorted(pages, key=lambda one: one.started_at)
    return list({one.principal.session_key: one for one in latest}.values())


def shown(bell: Bell, marks: Iterable[Marks]) -> bytes:
    """A page's bell, title, icon and threads, for any viewer with so much waiting.

    `marks` are of the rooms that it shows; a list that is open asks for itself again.
    """
    new = {seq: count for of_room in marks for seq, count in of_room.items()}
    context = {"count": bell.count, "threads": bell.threads, "new": new}
    return get_template("chat/_bell_live.html").render(context).encode()


def ring() -> bytes:
    """The sound, once."""
    html = get_template("chat/_ring.html").render()
    return partial("#ring", "innerHTML", html).encode()
