"""What is unread, told to the open pages and programs of this web process.

The rule it guards: no question to the database for a message. Each person who is here
has their numbers in memory; what a room's worker tells moves the room's number, and the
difference is sent, several at a time. What was lost is read again every so often.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass, field
from sys import intern

from chat import activity
from chat.activity import Activity
from chat.fanout import badge, probe
from chat.mention_tables import EVERYBODY_KEY
from chat.models import Membership
from chat.standings import Standing, standings
from chat.unread import told_of
from livechat.lib import limits
from livechat.lib.codec import encode
from livechat.lib.connections import Connection
from livechat.lib.hub import Hub
from livechat.lib.shared import Gathered
from livechat.lib.storage import NoAnswer

logger = logging.getLogger(__name__)

Shown = tuple[int, int]  # unread messages and mentions
NOTHING: Shown = 0, 0


@dataclass(slots=True)
class Numbers:
    """One room as far as it is known here, and whose rooms it is among."""

    last_seq: int = 0
    count: int = 0
    people: set[int] = field(default_factory=set)


@dataclass(slots=True)
class Person:
    """Somebody with open sockets: what they have read, and what each socket shows."""

    read: dict[str, int] = field(default_factory=dict)
    mentions: dict[str, int] = field(default_factory=dict)  # unread ones
    # Not NOTHING, from the start on: that is most rooms of most sockets.
    shown: dict[Connection, dict[str, Shown]] = field(default_factory=dict)
    level: dict[str, str] = field(default_factory=dict)
    # Rooms that they marked unread: an open page does not mark them read again.
    held: set[str] = field(default_factory=set)


class Badges:
    """Everybody who is connected here, and what is unread for them."""

    def __init__(self, hub: Hub, moved: Callable[..., None]) -> None:
        """`moved`: told by user and room that they have read on (`surely`: or back)."""
        self._hub = hub
        self._has_moved = moved
        self._people: dict[int, Person] = {}
        self._rooms: dict[str, Numbers] = {}
        self._dirty: set[tuple[int, str]] = set()
        self._moved: set[str] = set()  # rooms whose number rose
        self._timer: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._read = Gathered(self._read_again, limits.BADGE_PEOPLE_AT_ONCE)

    async def start(self) -> None:
        """Hear of all rooms; read the numbers again every so often."""
        again = self._hub.subscriber.heard
        again[activity.CHANNEL] = lambda: self._keep(self._read_all())
        await self._hub.listen(activity.CHANNEL, self._on_activity)
        self._keep(self._refresh())

    def stop(self) -> None:
        """Tell nobody anything any more."""
        for task in self._tasks:
            task.cancel()
        if self._timer is not None:
            self._timer.cancel()

    async def add(self, connection: Connection) -> None:
        """Know a socket; a page is told all its badges, as it may have been away."""
        user = connection.principal.user_id
        self._people.setdefault(user, Person()).shown[connection] = {}
        await self._read.ask(user)
        person = self._people.get(user)
        if person is None or connection not in person.shown:
            return  # gone meanwhile
        now = {room: self._unread(person, room) for room in person.read}
        person.shown[connection] = {at: n for at, n in now.items() if n != NOTHING}
        if connection.html:
            badges = b"".join(
                badge(room, *told_of(person.level[room], one))
                for room, one in now.items()
            )
            connection.send(b"", badges)

    def remove(self, connection: Connection) -> None:
        """Forget a socket, and with their last one the person."""
        user = connection.principal.user_id
        person = self._people.get(user)
        if person is None:
            return
        person.shown.pop(connection, None)
        if not person.shown:
            self._forget(user, person.read)
            del self._people[user]

    def entered(self, connection: Connection, room: str) -> None:
        """Let a page that has just opened a room say when its end is seen."""
        person = self._people.get(connection.principal.user_id)
        if person is not None and connection.html:
            person.held.discard(room)
            if self._unread(person, room)[0]:
                connection.send(b"", probe(room, self._rooms[room].last_seq))

    def lost(self, user: int, room: str) -> None:
        """Tell a person no more of a room, not even a number.

        A room that is still theirs comes back with the next reading.
        """
        if person := self._people.get(user):
            self._forget(user, [room])
            person.read.pop(room, None)

    # What is heard

    def _on_activity(self, payload: bytes) -> None:
        for told in activity.decode(payload):
            self._note(told)
            if told.joined:
                here = [user for user in told.joined if user in self._people]
                for user in here:
                    self.lost(user, told.room)
                self._keep(self._read_again(here))
                for user in here:
                    self._has_moved(user, told.room, surely=True)

    def _note(self, told: Activity) -> None:
        numbers = self._rooms.get(told.room)
        if numbers is None:
            return
        if told.last_seq > numbers.last_seq:
            numbers.last_seq, numbers.count = told.last_seq, told.count
            self._moved.add(told.room)
            self._note_mentions(numbers, told)
        elif told.mentioned:  # by a message that was counted before its text was whole
            self._keep(self._read_again(_named(told, numbers)))
        for user, read in told.read.items():
            self._note_read(user, told, read, is_all=read >= numbers.count)
        self._schedule()

    def _note_read(self, user: int, told: Activity, read: int, *, is_all: bool) -> None:
        person, room, is_back = self._people.get(user), told.room, user in told.back
        known = person.read.get(room) if person else None
        if person is None or known is None or (read < known and not is_back):
            return  # of no concern here, or overtaken by what came later
        self._has_moved(user, room, surely=is_back)
        if is_back:
            person.held.add(room)
        person.read[room] = read
        if is_all:
            person.mentions.pop(room, None)
        elif room in person.mentions or room in person.held:
            self._keep(self._read_again([user]))
        self._dirty.add((user, room))

    def _note_mentions(self, numbers: Numbers, told: Activity) -> None:
        everybody = numbers.people - told.read.keys()
        for user, change in told.mentions_of(everybody):
            if person := self._people.get(user):
                person.mentions[told.room] = change + person.mentions.get(told.room, 0)

    def _schedule(self) -> None:
        if self._timer is None and (self._dirty or self._moved):
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(limits.BADGE_INTERVAL_S, self._flush)

    # What is told

    def _flush(self) -> None:
        self._timer = None
        moved, self._moved = self._moved, set()
        dirty, self._dirty = self._dirty, set()
        for room in moved:
            if numbers := self._rooms.get(room):
                dirty.update((user, room) for user in numbers.people)
        for user, room in dirty:
            if person := self._people.get(user):
                self._tell(person, room, is_new=room in moved)

    def _tell(self, person: Person, room: str, *, is_new: bool) -> None:
        now = self._unread(person, room)
        for connection, shown in person.shown.items():
            before = shown.get(room, NOTHING)
            if (now > before or (is_new and now[0])) and room in connection.feeds:
                self._ask_for_it(person, connection, room)
            elif now != before:
                self._show(person, connection, room, now)

    def _ask_for_it(self, person: Person, connection: Connection, room: str) -> None:
        """Whoever follows the room counts for themselves, or sees it at this moment.

        A page says so when its end comes into view; if it does not, it gets the badge.
        """
        if not connection.html:
            person.shown[connection][room] = self._unread(person, room)
            return
        if room not in person.held:
            connection.send(b"", probe(room, self._rooms[room].last_seq))
        loop = asyncio.get_running_loop()
        loop.call_later(limits.BADGE_PATIENCE_S, self._settle, connection, room)

    def _settle(self, connection: Connection, room: str) -> None:
        person = self._people.get(connection.principal.user_id)
        if person is not None and (shown := person.shown.get(connection)) is not None:
            now = self._unread(person, room)
            if now != shown.get(room, NOTHING):
                self._show(person, connection, room, now)

    def _show(
        self, person: Person, connection: Connection, room: str, now: Shown
    ) -> None:
        person.shown[connection][room] = now
        if connection.html:
            level = person.level.get(room, Membership.Level.ALL)
            connection.send(b"", badge(room, *told_of(level, now)))
        else:
            frame = {"type": "unread", "room": room, "unread": now[0]}
            connection.send(encode({**frame, "mentions": now[1]}))

    def _unread(self, person: Person, room: str) -> Shown:
        if room not in person.read or room not in self._rooms:
            return NOTHING
        unread = max(0, self._rooms[room].count - person.read[room])
        return unread, min(unread, person.mentions.get(room, 0))

    # What is read

    async def _refresh(self) -> None:
        while True:
            await asyncio.sleep(limits.BADGE_REFRESH_S)
            try:
                await self._read_all()
            except Exception:  # the outermost loop: the next round
                logger.exception("unread numbers could not be read again")

    async def _read_all(self) -> None:
        """Read everybody's numbers again, for what Redis lost."""
        people = list(self._people)
        for at in range(0, len(people), limits.BADGE_PEOPLE_AT_ONCE):
            await self._read_again(people[at : at + limits.BADGE_PEOPLE_AT_ONCE])

    async def _read_again(self, users: list[int]) -> None:
        try:
            found = await self._hub.ask(standings, users) if users else {}
        except NoAnswer as error:
            logger.warning("badges wait, the database said: %r", error)
            return
        for user, rooms in found.items():
            if person := self._people.get(user):
                self._learn(user, person, rooms)
        self._schedule()

    def _learn(self, user: int, person: Person, rooms: Iterable[Standing]) -> None:
        before, person.read, person.level, person.mentions = person.read, {}, {}, {}
        for key, last_seq, count, read, level, mentions in rooms:
            room = intern(key)  # one for all
            numbers = self._rooms.setdefault(room, Numbers())
            numbers.people.add(user)
            numbers.last_seq = max(numbers.last_seq, last_seq)
            numbers.count = max(numbers.count, count)
            person.read[room] = read
            person.level[room] = intern(level)
            if mentions:
                person.mentions[room] = mentions
            self._dirty.add((user, room))
        self._forget(user, before.keys() - person.read.keys())

    def _forget(self, user: int, rooms: Iterable[str]) -> None:
        for room in rooms:
            if numbers := self._rooms.get(room):
                numbers.people.discard(user)
                if not numbers.people:
                    del self._rooms[room]

    def _keep(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _named(told: Activity, numbers: Numbers) -> list[int]:
    """Those of the room's people here whom its news name."""
    is_all = EVERYBODY_KEY in told.mentioned
    return list(numbers.people if is_all else numbers.people & {*told.mentioned})
