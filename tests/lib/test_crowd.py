"""A room's sockets: each write whole and in order, however large the crowd is."""

import asyncio

import pytest

from livechat.lib import limits
from livechat.lib.connections import Connection
from livechat.lib.crowd import Crowd
from livechat.lib.feed import Changes, Feed
from livechat.lib.growth import Growing, Piece
from tests.lib.test_hub import Recorder, publication
from tests.lib.test_pubsub import until


def member(crowd: Crowd, *, html: bool = False) -> tuple[Connection, Recorder]:
    """A socket in the crowd, and what it gets."""
    socket = Recorder()
    connection = Connection(str(id(socket)), socket, html=html, principal=None)
    crowd.add(connection)
    return connection, socket


@pytest.fixture
def small_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    """A crowd of more than three is a large one."""
    monkeypatch.setattr(limits, "CROWD_SLICE_SOCKETS", 3)


def test_a_small_crowd_has_it_when_the_write_returns() -> None:
    crowd = Crowd()
    program, page = member(crowd)[1], member(crowd, html=True)[1]
    crowd.write(b"json", {"en": b"html"})
    crowd.write(b"", {"en": b"more"})
    assert (program.writes, page.writes) == ([b"json"], [b"html", b"more"])


@pytest.mark.usefixtures("small_slices")
async def test_others_get_their_turn_between_the_slices_of_a_large_crowd() -> None:
    crowd = Crowd()
    sockets = [member(crowd)[1] for _ in range(8)]
    seen: list[int] = []

    def look() -> None:
        seen.append(sum(len(one.writes) for one in sockets))
        if seen[-1] < 8:
            asyncio.get_running_loop().call_soon(look)

    crowd.write(b"a", {})
    look()
    await until(lambda: seen[-1] == 8)
    assert seen == [3, 6, 8]


@pytest.mark.usefixtures("small_slices")
async def test_writes_keep_their_order_when_they_meet() -> None:
    crowd = Crowd()
    programs = [member(crowd)[1] for _ in range(7)]
    pages = [member(crowd, html=True)[1] for _ in range(7)]
    for number in range(5):
        crowd.write(b"j%d" % number, {"en": b"h%d" % number})
    await until(lambda: len(pages[-1].writes) == 5)
    assert all(one.writes == [b"j0", b"j1", b"j2", b"j3", b"j4"] for one in programs)
    assert all(one.writes == [b"h0", b"h1", b"h2", b"h3", b"h4"] for one in pages)


@pytest.mark.usefixtures("small_slices")
async def test_who_leaves_between_two_slices_gets_nothing_of_what_was_begun() -> None:
    crowd = Crowd()
    others = [member(crowd)[1] for _ in range(5)]
    leaver, socket = member(crowd)
    crowd.write(b"a", {})
    crowd.discard(leaver)
    crowd.discard(leaver)
    await until(lambda: all(one.writes == [b"a"] for one in others))
    assert socket.writes == []


@pytest.mark.usefixtures("small_slices")
async def test_who_comes_between_two_slices_gets_only_what_is_written_later() -> None:
    crowd = Crowd()
    others = [member(crowd)[1] for _ in range(5)]
    leaver, socket = member(crowd)
    crowd.write(b"a", {})
    crowd.discard(leaver)
    crowd.add(leaver)
    newcomer = member(crowd)[1]
    crowd.write(b"b", {})
    await until(lambda: newcomer.writes == [b"b"])
    assert socket.writes == [b"b"]
    assert all(one.writes == [b"a", b"b"] for one in others)


async def test_a_room_that_was_written_to_just_now_waits_until_frames_meet() -> None:
    crowd = Crowd()
    assert crowd.rest_s() <= 0
    crowd.write(b"a", {})
    assert 0 < crowd.rest_s() <= limits.FLUSH_INTERVAL_S
    await until(lambda: crowd.rest_s() <= 0)


class NoTexts:
    """A room in which no text grows."""

    async def read(self, room: str) -> Growing:
        """None."""
        return Growing(0, [])

    def told(self, room: str, piece: Piece) -> tuple[bytes, bytes]:
        """Nothing is."""
        raise AssertionError(piece)


async def none_missed(room: str, after: int, limit: int) -> Changes:
    """A log in which nothing is missing."""
    return Changes([], after)


@pytest.mark.usefixtures("small_slices")
async def test_what_comes_while_a_large_room_is_written_reaches_all_in_order() -> None:
    """Also those who go live meanwhile, from their cursor on."""
    feed = Feed("hall", none_missed, lambda number: b"", NoTexts())
    feed.last = 0
    early = [member(feed.crowd)[1] for _ in range(8)]
    late: dict[int, Recorder] = {}
    for number in range(1, 7):
        feed.accept([publication(number)])
        late[number] = Recorder()
        connection = Connection(f"{number}", late[number], html=False, principal=None)
        feed.ahead[connection] = number
        feed.promote()
        await asyncio.sleep(0)
    await until(lambda: early[-1].numbers[-1:] == [6])
    assert all(one.numbers == [1, 2, 3, 4, 5, 6] for one in early)
    assert [late[at].numbers for at in late] == [
        list(range(at + 1, 7)) for at in range(1, 7)
    ]


@pytest.mark.usefixtures("small_slices")
async def test_a_flush_leaves_nothing_to_be_written_later() -> None:
    """What a room tells of itself may shut somebody out: first they get the rest."""
    feed = Feed("hall", none_missed, lambda number: b"", NoTexts())
    feed.last = 0
    members = [member(feed.crowd) for _ in range(8)]
    feed.accept([publication(1)])
    feed.accept([publication(2)])
    feed.flush()
    feed.drop(members[-1][0])
    assert all(socket.numbers == [1, 2] for _, socket in members)


def test_a_state_goes_only_to_those_for_whom_nothing_waits() -> None:
    crowd = Crowd()
    (_, quick), (slow, slows) = member(crowd), member(crowd)
    slows.unsent_bytes = 1
    crowd.show(b"one", b"")
    assert crowd.behind == {slow}
    assert not crowd.any_drained()
    assert crowd.take_drained() == []
    slows.unsent_bytes = 0
    crowd.show(b"two", b"")  # without the first one it would make no sense
    crowd.write(b"message", {})
    assert quick.writes == [b"one", b"two", b"message"]
    assert slows.writes == [b"message"]
    assert crowd.any_drained()
    assert crowd.take_drained() == [slow]
    crowd.show(b"three", b"")
    assert slows.writes == [b"message", b"three"]


def test_who_leaves_is_behind_no_more() -> None:
    crowd = Crowd()
    slow, socket = member(crowd, html=True)
    socket.unsent_bytes = 1
    crowd.show(b"", b"state")
    crowd.discard(slow)
    assert not crowd.behind


@pytest.mark.usefixtures("small_slices")
async def test_who_leaves_between_two_slices_of_a_state_is_not_behind() -> None:
    crowd = Crowd()
    others = [member(crowd)[1] for _ in range(5)]
    leaver, socket = member(crowd)
    socket.unsent_bytes = 1
    crowd.show(b"a", b"")
    crowd.discard(leaver)
    await until(lambda: all(one.writes == [b"a"] for one in others))
    assert not crowd.behind
