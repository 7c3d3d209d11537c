"""A feed's events: applied when all live sockets have them, and before what follows."""

import asyncio
from dataclasses import dataclass, field

import pytest

from livechat.lib import limits
from livechat.lib.connections import TRY_AGAIN_LATER, Connection
from livechat.lib.feed import Changes, Event, Feed, Publication
from tests.lib.test_crowd import NoTexts, none_missed
from tests.lib.test_hub import Recorder, publication
from tests.lib.test_pubsub import until


def event(number: int, user: str) -> Publication:
    """The change of that number, which shuts somebody out."""
    plain = publication(number)
    gone = Event("removed", user)
    return Publication(number, plain.json, plain.html, event=gone)


@dataclass
class Room:
    """A feed whose log is a list, and its sockets by the name of who is behind them."""

    log: list[Publication] = field(default_factory=list)
    sockets: dict[str, Recorder] = field(default_factory=dict)
    had: list[list[int]] = field(default_factory=list)  # by those who went, when told

    def __post_init__(self) -> None:
        self.feed = Feed("lounge", self.missed, lambda _: b"", NoTexts(), self.apply)
        self.feed.last = 0

    async def missed(self, room: str, after: int, limit: int) -> Changes:
        """What the log has above a number."""
        above = [one for one in self.log if one.changed_seq > after]
        return Changes(above[:limit], self.log[-1].changed_seq)

    def apply(self, feed: Feed, told: Event) -> None:
        """Take out who is shut out."""
        for connection in feed.crowd:
            if connection.principal == told.user:
                self.had.append(self.sockets[connection.id].numbers)
                feed.drop(connection)

    def enter(self, who: str, cursor: int = 0) -> Recorder:
        """Let somebody's socket in at a number."""
        id_ = f"{who}{len(self.sockets)}"
        socket = self.sockets[id_] = Recorder()
        connection = Connection(id_, socket, html=False, principal=who)
        self.feed.ahead[connection] = cursor
        self.feed.promote()
        return socket


async def test_who_is_shut_out_gets_the_event_and_nothing_that_came_with_it() -> None:
    room = Room()
    alice, bob = room.enter("alice"), room.enter("bob")
    room.feed.accept([publication(1), event(2, "bob"), publication(3)])
    room.feed.flush()
    assert bob.numbers == [1, 2]
    assert alice.numbers == [1, 2, 3]
    assert room.had == [[1, 2]]


async def test_a_crowd_that_is_written_in_slices_has_the_event_before_anybody_goes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, "CROWD_SLICE_SOCKETS", 2)
    room = Room()
    bobs = [room.enter("bob") for _ in range(7)]
    alice = room.enter("alice")
    room.feed.accept([publication(1), event(2, "bob"), publication(3)])
    for _ in range(9):
        await asyncio.sleep(0)
    room.feed.flush()
    assert all(bob.numbers == [1, 2] for bob in bobs)
    assert alice.numbers == [1, 2, 3]


async def test_an_event_that_is_healed_from_the_log_stands_at_its_place() -> None:
    room = Room()
    alice, bob = room.enter("alice"), room.enter("bob")
    room.log = [publication(1), event(2, "bob"), publication(3)]
    room.feed.accept([publication(3)])
    await until(lambda: alice.numbers == [1, 2, 3])
    assert bob.numbers == [1, 2]


async def test_who_was_let_in_after_an_event_is_not_shut_out_by_it() -> None:
    room = Room()
    before, after, later = room.enter("bob"), room.enter("bob", 2), room.enter("bob", 3)
    room.feed.accept([publication(1), event(2, "bob")])
    room.feed.accept([publication(3), publication(4)])
    room.feed.flush()
    assert before.numbers == [1, 2]
    assert after.numbers == [3, 4]
    assert later.numbers == [4]


async def test_pages_that_could_not_be_told_something_are_turned_away() -> None:
    broken = [True]

    def cursor(number: int) -> bytes:
        if broken:
            raise OSError(24, "Too many open files")
        return b"cursor %d" % number

    feed = Feed("lounge", none_missed, cursor, NoTexts())
    feed.last = 0
    page, program = Recorder(), Recorder()
    for socket, html in ((page, True), (program, False)):
        feed.ahead[Connection("", socket, html=html, principal="")] = 0
    feed.promote()
    feed.accept([publication(1)])
    feed.flush()
    assert (page.writes, page.code) == ([], TRY_AGAIN_LATER)
    assert not feed.crowd.pages
    broken.clear()
    again = Recorder()
    feed.ahead[Connection("", again, html=True, principal="")] = 1
    feed.promote()
    feed.accept([publication(2)])
    feed.flush()
    assert program.numbers == [1, 2]
    assert again.payloads == [publication(2).html + b"cursor 2"]
