"""Growing texts: each viewer's goes on exactly where it ended, whatever was lost."""

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any

from livechat.lib.connections import Connection
from livechat.lib.feed import Changes, Event, Feed, Publication
from livechat.lib.growth import Growing, Grown, Growth, Piece
from livechat.lib.hub import Hub
from tests.lib.test_hub import Recorder, ScriptedLog, publication
from tests.lib.test_pubsub import until

SEQ = 1  # of the message that grows; it comes with the change of the same number


def piece(offset: int, text: str, after: int = SEQ) -> Publication:
    """A piece as the room worker publishes it."""
    return Publication(0, b"", b"", piece=Piece(SEQ, offset, text, after=after))


def change(number: int, *, ends: bool = False) -> Publication:
    """The change that brings the message, or that makes it final."""
    plain = publication(number)
    mark = Piece(SEQ, ends=ends)
    return Publication(number, plain.json, plain.html, piece=mark)


@dataclass
class Room:
    """A feed, its log, and what the log says of the texts that grow."""

    log: list[Publication] = field(default_factory=list)
    texts: list[Grown] = field(default_factory=list)
    log_is_away: bool = False
    readings: int = 0
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.feed = Feed("lounge", self.missed, lambda _: b"", self, self.apply)
        self.feed.last = 0
        self.gate.set()

    async def missed(self, room: str, after: int, limit: int) -> Changes:
        """What the log has above a number."""
        if self.log_is_away:
            raise TimeoutError
        above = [one for one in self.log if one.changed_seq > after]
        return Changes(above[:limit], self.head)

    @property
    def head(self) -> int:
        """The log's last change."""
        return self.log[-1].changed_seq if self.log else 0

    async def read(self, room: str) -> Growing:
        """The texts as they are when the reading begins; it ends when it may."""
        self.readings += 1
        found = Growing(self.head, list(self.texts))
        await self.gate.wait()
        return found

    def told(self, room: str, piece: Piece) -> tuple[bytes, bytes]:
        """A piece as a frame of its fields."""
        told = {"seq": piece.seq, "offset": piece.offset, "text": piece.text}
        return json.dumps(told).encode(), b""

    def apply(self, feed: Feed, event: Event) -> None:
        """Take out who is shut out."""
        for connection in feed.crowd:
            if connection.principal == event.user:
                feed.drop(connection)

    def post(self, *publications: Publication) -> None:
        """Write changes and publish them."""
        self.log += publications
        self.feed.accept(publications)

    def enter(self, who: str = "") -> Recorder:
        """Let a socket in that has the room's changes so far."""
        socket = Recorder()
        connection = Connection(str(id(socket)), socket, html=False, principal=who)
        self.feed.ahead[connection] = self.feed.last or 0
        self.feed.promote()
        return socket


def frames(socket: Recorder) -> list[dict[str, Any]]:
    """All frames that came."""
    return [json.loads(one) for one in socket.payloads]


def text(socket: Recorder) -> str:
    """The growing text that a viewer has; fails where a piece does not fit."""
    held = ""
    for one in frames(socket):
        if "offset" in one:
            assert one["offset"] <= len(held), (held, one)
            held = held[: one["offset"]] + one["text"]
    return held


async def test_pieces_are_told_in_their_order_without_asking_the_log() -> None:
    room = Room()
    socket = room.enter()
    room.post(change(1))
    room.feed.accept([piece(0, "one "), piece(4, "two")])
    room.feed.flush()
    assert text(socket) == "one two"
    assert room.readings == 0


async def test_a_piece_that_comes_twice_or_overlaps_is_told_once() -> None:
    room = Room()
    socket = room.enter()
    room.post(change(1))
    room.feed.accept([piece(0, "abc"), piece(0, "abc"), piece(1, "bcd")])
    room.feed.flush()
    assert [one["text"] for one in frames(socket)[1:]] == ["abc", "d"]


async def test_who_enters_in_the_middle_gets_the_text_so_far_and_then_the_rest() -> (
    None
):
    room = Room()
    room.enter()
    room.post(change(1))
    room.feed.accept([piece(0, "so far")])
    late = room.enter()
    room.feed.accept([piece(6, " and on")])
    room.feed.flush()
    assert [one["offset"] for one in frames(late)] == [0, 6]
    assert text(late) == "so far and on"


async def test_a_lost_piece_is_read_from_the_log_when_the_next_one_comes() -> None:
    room = Room()
    socket = room.enter()
    room.post(change(1))
    room.texts = [Grown(SEQ, 1, "lost, then heard")]
    room.feed.accept([piece(6, "then heard")])
    await until(lambda: text(socket) == "lost, then heard")
    assert room.readings == 1


async def test_what_grows_since_before_the_feed_was_opened_is_found() -> None:
    room = Room(log=[change(1)], texts=[Grown(SEQ, 1, "older")])
    room.feed.last = 1
    socket = room.enter()
    room.feed.accept([piece(5, " and new")])
    room.texts = [Grown(SEQ, 1, "older and new")]
    await until(lambda: text(socket) == "older and new")


async def test_pieces_lost_while_the_log_is_read_are_read_again() -> None:
    room = Room()
    socket = room.enter()
    room.post(change(1))
    room.gate.clear()
    room.texts = [Grown(SEQ, 1, "ab")]
    room.feed.accept([piece(1, "b")])
    await until(lambda: room.readings == 1)
    room.texts = [Grown(SEQ, 1, "abc")]
    room.feed.accept([piece(2, "c")])
    room.gate.set()
    await until(lambda: text(socket) == "abc")


async def test_a_reading_never_brings_back_what_has_ended_meanwhile() -> None:
    room = Room()
    socket = room.enter()
    room.post(change(1))
    room.texts = [Grown(SEQ, 1, "old")]
    room.gate.clear()
    room.feed.accept([piece(2, "d")])
    await until(lambda: room.readings == 1)
    room.post(change(2, ends=True))
    room.texts = []
    room.gate.set()
    await until(lambda: room.feed._reading is None or room.feed._reading.done())
    room.feed.flush()
    assert text(socket) == ""
    assert room.feed.growth.length == 0


async def test_a_piece_waits_for_the_changes_that_it_was_stored_after() -> None:
    """Or somebody who is shut out by one of them would read on."""
    room = Room()
    stays, goes = room.enter("alice"), room.enter("bob")
    room.post(change(1))
    gone = Publication(2, b'{"n": 2}', b"", event=Event("removed", "bob"))
    room.log.append(gone)
    room.texts = [Grown(SEQ, 1, "secret")]
    room.feed.accept([piece(0, "secret", after=2)])
    await until(lambda: text(stays) == "secret")
    assert [one.get("n") for one in frames(goes)] == [1, 2]


async def test_what_was_read_is_not_told_before_those_changes_either() -> None:
    room = Room()
    socket = room.enter("bob")
    room.post(change(1))
    room.texts = [Grown(SEQ, 1, "secret")]
    room.log.append(publication(2))
    room.log_is_away = True
    room.feed.accept([piece(0, "secret", after=2)])
    await until(lambda: room.readings == 1)
    await until(lambda: room.feed._reading is not None and room.feed._reading.done())
    room.feed.flush()
    assert text(socket) == ""
    room.log_is_away = False
    room.feed.heal_texts()
    await until(lambda: text(socket) == "secret")
    assert [one.get("n") for one in frames(socket)] == [1, 2, None]


async def test_a_text_is_not_told_before_the_message_that_it_belongs_to() -> None:
    room = Room()
    socket = room.enter()
    room.log.append(change(1))  # not published yet
    room.texts = [Grown(SEQ, 1, "early")]
    room.feed.accept([piece(0, "early")])
    await until(lambda: text(socket) == "early")
    assert [one.get("n") for one in frames(socket)] == [1, None]


def test_growth_forgets_what_is_final() -> None:
    growth = Growth()
    growth.note(Piece(1))
    growth.take(Piece(1, 0, "abc"))
    assert growth.length == 3
    growth.note(Piece(1, ends=True))
    assert growth.length == 0
    assert growth.take(Piece(1, 0, "abc")) is None


async def test_a_lost_last_piece_is_found_by_the_look_at_the_heads() -> None:
    """And a room that is opened in the middle asks at once."""
    log = ScriptedLog(rows=[publication(1)], growing={SEQ: "all of it"})
    hub = Hub("redis://127.0.0.1:1", log, lambda number: b"")
    feed = hub.feeds["lounge"] = hub._feed("lounge")
    feed.last = 1
    socket = Recorder()
    connection = Connection("one", socket, html=False, principal=None)
    feed.ahead[connection] = 1
    feed.promote()
    hub._compare(feed, log.heads(["lounge"])["lounge"])
    await until(lambda: text(socket) == "all of it")
    hub._compare(feed, log.heads(["lounge"])["lounge"])
    assert log.text_readings == 1
    await hub.stop()
