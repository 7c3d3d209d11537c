"""One open room of a web process: what comes, in order, and who has got how far.

A room's publications carry its `changed_seq`. The rule that this file guards: what a
socket gets of a room rises by exactly one each time. A publication that is not the next
one is never delivered; the gap is read from the log (the database) first.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import msgspec

from livechat.lib import limits
from livechat.lib.connections import Connection
from livechat.lib.crowd import Crowd
from livechat.lib.events import Event as Event  # where all look for it
from livechat.lib.frames import text_frame
from livechat.lib.growth import Growth, Piece, Texts
from livechat.lib.page_frames import frames_by_language
from livechat.lib.speech import Said, Speak, Speech, silent

logger = logging.getLogger(__name__)

RECENT_MAX = 256  # publications a feed keeps for sockets that are catching up
RECENT_MAX_BYTES = 1024 * 1024  # and their size: long messages are read again instead


class Publication(msgspec.Struct, frozen=True, array_like=True):
    """One change of a room: a JSON frame's payload and an HTML fragment."""

    changed_seq: int
    json: bytes
    html: bytes
    event: Event | None = None
    appends: bool = True  # False: the fragment changes what stands in the page already
    created: int = 0  # the change it came with, where that is another one
    piece: Piece | None = None  # of a growing text; with changed_seq 0: nothing else
    opens: bool = False  # the fragment holds a section that later ones go into
    said: Said | None = None  # what screen readers are told of it
    amends: bool = False  # it appends, and changes besides what stood there before

    def size_bytes(self) -> int:  # of its frame and its fragment
        return len(self.json) + len(self.html)


@dataclass(frozen=True, slots=True)
class Changes:
    """What the log answers: publications above a cursor, and the room's head."""

    publications: list[Publication]
    head: int


# (room, after, limit) → at most `limit` changes above `after`, from the database
Missed = Callable[[str, int, int], Awaitable[Changes]]
# (feed, event): called between two changes; drops whom the event shuts out
OnEvent = Callable[["Feed", Event], None]


class Feed:
    """One open room of this process: who listens, and how far the room has come."""

    def __init__(
        self,
        room: str,
        missed: Missed,
        cursor: Callable[[int], bytes],
        texts: Texts,
        on_event: OnEvent | None = None,
        speak: Speak = silent,
    ) -> None:
        self.room = room
        self.last: int | None = None  # the highest change accepted; None: not read yet
        self.crowd = Crowd()  # live: they have all up to the last flush
        self.ahead: dict[Connection, int] = {}  # replayed beyond `last`, wait for it
        self.recent: deque[Publication] = deque()
        self._recent_bytes = 0
        self._heard = 0  # the highest change that anybody told us of
        self.opened: asyncio.Task[None] | None = None
        self.users = 0  # sockets that are joining or joined
        self.growth = Growth()
        self._speech = Speech(speak, self._say)
        self._missed = missed
        self._texts = texts
        self._cursor = cursor
        self._on_event = on_event
        self._pending: list[Publication] = []
        self._timer: asyncio.TimerHandle | None = None
        self._healing: asyncio.Task[None] | None = None
        self._reading: asyncio.Task[None] | None = None
        self._lost_pieces = False

    def accept(self, publications: Sequence[Publication]) -> None:
        """Take what was published; a gap is healed from the log, a repeat dropped."""
        for publication in publications:
            if self.last is None or publication.changed_seq <= self.last:
                if publication.piece is not None and not publication.changed_seq:
                    self._take(publication.piece)
                continue
            if publication.changed_seq != self.last + 1:
                self._heard = max(self._heard, publications[-1].changed_seq)
                self.heal()
                break
            self._append(publication)
        if self._pending:
            self._schedule()

    def _append(self, publication: Publication) -> None:
        if self.ahead:
            # A number may be missing before this one; who has all below it gets it.
            self._promote(publication.changed_seq - 1)
        self.last = publication.changed_seq
        self._remember(publication)
        self._pending.append(publication)
        self._speech.hear(publication.said, is_change=not publication.appends)
        if publication.piece is not None:
            self.growth.note(publication.piece)
        if publication.event is not None:
            self._apply(publication.event)
        if self.ahead:
            # Who enters at this number was let in after the event: it is not for them.
            self._promote(self.last)

    def _say(self, html: bytes) -> None:
        self._pending.append(Publication(self.last or 0, b"", html))
        self._schedule()

    def _take(self, piece: Piece) -> None:
        """Tell a piece of a growing text, or what was lost before it as well."""
        # What may be from above an event that shuts somebody out waits for the event.
        is_late = piece.after > (self.last or 0)
        fresh = None if is_late else self.growth.take(piece)
        if fresh is None:
            self.heal_texts()
        elif fresh.text:
            self._tell(fresh)

    def _tell(self, piece: Piece) -> None:
        told = self._texts.told(self.room, piece)
        self._pending.append(Publication(self.last or 0, *told, appends=False))

    def heal_texts(self) -> None:
        """Read the growing texts from the log; at most one reading at a time."""
        self._lost_pieces = True
        if self._reading is None or self._reading.done():
            self._reading = asyncio.create_task(self._heal_texts())

    async def _heal_texts(self) -> None:
        try:
            while self._lost_pieces:
                self._lost_pieces = False
                await self._read_texts()
        except Exception:  # of a task: found again by the next piece, or look at heads
            logger.exception("the growing texts of a room could not be read")

    async def _read_texts(self) -> None:
        self.growth.begin_reading()
        log = await self._texts.read(self.room)
        if log.head > (self.last or 0):
            self._heard = max(self._heard, log.head)
            self.heal()
            assert self._healing is not None  # noqa: S101 - begun just now
            await self._healing
        if self.last is None or log.head > self.last:
            return
        for piece in self.growth.read(log.texts, self.last):
            self._tell(piece)
        if self._pending:
            self._schedule()

    def _apply(self, event: Event) -> None:
        """Hand an event on when all live sockets have it, and before they get more."""
        self._speech.finish()  # who comes with the event hears nothing from before
        self.flush()
        if self._on_event is not None:
            self._on_event(self, event)

    def _remember(self, publication: Publication) -> None:
        self.recent.append(publication)
        self._recent_bytes += publication.size_bytes()
        while len(self.recent) > RECENT_MAX or self._recent_bytes > RECENT_MAX_BYTES:
            self._recent_bytes -= self.recent.popleft().size_bytes()

    def promote(self) -> None:
        """Let those go live whose replay ends where the room stands, or before."""
        self._promote(self.last or 0)

    def _promote(self, upto: int) -> None:
        ready = [one for one, cursor in self.ahead.items() if cursor <= upto]
        if not ready:
            return
        self._write()  # the others' part; the newcomers have all of it
        so_far = [self._texts.told(self.room, one) for one in self.growth.whole()]
        for connection in ready:
            del self.ahead[connection]
            self.crowd.add(connection)
            for json, html in so_far:
                connection.send(json, html)

    def heal(self) -> None:
        """Read what is missing from the log; at most one reading at a time."""
        if self._healing is None or self._healing.done():
            self._healing = asyncio.create_task(self._heal())

    async def _heal(self) -> None:
        try:
            await self._read_missed()
        except Exception:  # the outermost frame of a task
            # Found again by the next publication, or by the next look at the heads.
            logger.exception("what a room missed could not be read")

    async def _read_missed(self) -> None:
        while self.last is not None:
            changes = await self._missed(self.room, self.last, RECENT_MAX)
            # In its own order, even where a number is missing: a message that changed
            # twice stands in the log once, under its latest number.
            had = self.last
            await self._append_missed(changes.publications)
            if had == self.last or self.last >= max(changes.head, self._heard):
                return

    async def _append_missed(self, publications: Sequence[Publication]) -> None:
        """Accept what the log has, and write it in parts that sockets can take."""
        size_bytes = 0
        for publication in publications:
            if publication.changed_seq <= (self.last or 0):
                continue  # also published, between two parts
            self._append(publication)
            size_bytes += publication.size_bytes()
            if size_bytes > limits.HEAL_PART_BYTES:
                self._write()
                await self.crowd.taken()
                size_bytes = 0
        if self._pending:
            self._schedule()

    def since(self, cursor: int) -> list[Publication] | None:
        """What was accepted above the cursor, None when that is not kept any more."""
        if cursor >= (self.last or 0):
            return []
        if not self.recent or self.recent[0].changed_seq > cursor + 1:
            return None
        return [one for one in self.recent if one.changed_seq > cursor]

    def _schedule(self) -> None:
        """Write at once when the room was quiet, else together with what comes."""
        if self._timer is not None:
            return
        rest_s = self.crowd.rest_s()
        if rest_s <= 0:
            self._write()
        else:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(rest_s, self._look_again)

    def _look_again(self) -> None:
        self._timer = None
        if self._pending:
            self._schedule()  # a large crowd may still be written to

    def flush(self) -> None:
        """Write all that waits to every live socket; they have it on return."""
        self._write()
        self.crowd.finish()

    def show(self, json_frames: bytes, html: bytes) -> None:
        """Write what tells how something is (`Crowd.show`).

        Who is not live yet has seen how it was, and is told with those who are behind.
        """
        self.crowd.behind.update(self.ahead)
        self.crowd.show(json_frames, html)

    def _write(self) -> None:
        """Begin to write all that waits, one write a socket."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not self._pending:
            return
        pending, self._pending = self._pending, []
        html = self._for_pages(pending)
        told = (text_frame(one.json) for one in pending if one.json)
        self.crowd.write(b"".join(told), html)

    def _for_pages(self, pending: Sequence[Publication]) -> dict[str, bytes]:
        try:
            return frames_by_language(pending, self._cursor, self.crowd.pages)
        except Exception:  # whatever broke, a page must not go on behind a hole
            logger.exception("a room could tell its pages nothing, they come again")
            self.crowd.turn_pages_away()
            return {}

    def drop(self, connection: Connection) -> None:
        """Take a socket out of the room at once."""
        self.crowd.discard(connection)
        self.ahead.pop(connection, None)
