"""C16 catches what it is for, and the reducer takes pieces as the protocol says."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.chaos.check import violations
from tests.chaos.history import Event, History, Stored
from tests.chaos.outbox import body_hash
from tests.chaos.reducer import Grew, Reducer
from tests.chaos.streams import grew_fields, text_of
from tests.chaos.test_reducer import ROOM, message, subscribed

KEY = "0a1b2c3d-0000-4000-8000-000000000000"
WHOLE = text_of(KEY)
DONE = Stored(
    ROOM, 1, 2, KEY, "alice-id", body_hash(WHOLE), epoch=1, stream="done", text=WHOLE
)


def event(t: float, kind: str, **fields: Any) -> Event:
    return {"t": t, "e": kind, "room": ROOM, "seq": 1, **fields}


def grew(t: float, offset: int, had: int, length: int) -> Event:
    fields = {"who": "bob", "offset": offset, "had": had}
    return event(t, "grew", **fields, **grew_fields(WHOLE[:length]))


def good() -> History:
    """A text of one author's that bob saw grow, and come to its end."""
    author = {"who": "alice", "key": KEY}
    show = {"who": "bob", "key": KEY, "author": "alice-id"}
    sent = {"user": "alice-id", "hash": body_hash(WHOLE), "link": 1}
    return History(
        [
            event(1, "send", **author, **sent),
            event(1.1, "ack", **author, cseq=1, sends=1),
            event(1.2, "show", **show, cseq=1, hash=body_hash(""), new=True),
            event(2, "piece", **author, end=10),
            grew(2.1, 0, 0, 10),
            event(3, "piece", **author, end=40),
            grew(3.1, 10, 10, 40),
            event(4, "finished", **author),
            event(4.1, "show", **show, cseq=2, hash=body_hash(WHOLE), new=False),
        ],
        [DONE],
    )


def cut(history: History, how: str, length: int) -> None:
    """The text ended so, when so much of it was there."""
    text = WHOLE[:length].rstrip()
    row = replace(DONE, stream=how, text=text, hash=body_hash(text))
    history.rows[:] = [row]
    history.events[-2:] = []


def test_nothing_is_found_where_a_text_grew_as_promised() -> None:
    assert violations(good()) == []


@pytest.mark.parametrize("how", ["interrupted", "stopped"])
def test_a_text_may_end_where_it_was_interrupted(how: str) -> None:
    history = good()
    cut(history, how, 44)
    assert violations(history) == []


def test_a_text_that_ended_early_may_be_deleted_then() -> None:
    history = good()
    cut(history, "interrupted", 44)
    ended = history.rows[0]
    history.rows[:] = [
        replace(ended, changed_seq=3, deleted=True, text="", hash=body_hash(""))
    ]
    author = {"who": "alice", "key": "change-3"}
    show = {"who": "bob", "key": KEY, "author": "alice-id", "new": False}
    history.events += [
        event(4, "show", **show, cseq=2, hash=ended.hash),
        event(5, "change", **author, op="delete", user="alice-id", hash=body_hash("")),
        event(5.1, "change_ack", **author, cseq=3, sends=1),
        event(5.2, "show", **show, cseq=3, hash=body_hash("")),
    ]
    assert violations(history) == []
    history.events[-4]["hash"] = "another"
    assert {one.check for one in violations(history)} == {"C6"}


def a_piece_behind_a_hole(history: History) -> None:
    history.events[6] = grew(3.1, 20, 10, 40)


def a_piece_with_another_text(history: History) -> None:
    history.events[6]["hash"] = "another"


def a_piece_of_nothing(history: History) -> None:
    history.events.append(grew(5, 0, -1, 3))


def a_done_text_that_lacks_a_part(history: History) -> None:
    text = WHOLE[10:]
    history.rows[:] = [replace(DONE, text=text, hash=body_hash(text))]


def a_text_that_lost_what_was_acked(history: History) -> None:
    cut(history, "interrupted", 20)


def an_interrupted_text_of_other_words(history: History) -> None:
    cut(history, "interrupted", 44)
    history.rows[:] = [replace(history.rows[0], text="x" * 50)]


def a_text_that_grows_for_ever(history: History) -> None:
    history.rows[:] = [replace(DONE, stream="open", text="")]


def an_acked_end_that_does_not_hold(history: History) -> None:
    history.rows[:] = [replace(DONE, stream="interrupted")]


@pytest.mark.parametrize(
    "damage",
    [
        a_piece_behind_a_hole,
        a_piece_with_another_text,
        a_piece_of_nothing,
        a_done_text_that_lacks_a_part,
        a_text_that_lost_what_was_acked,
        an_interrupted_text_of_other_words,
        a_text_that_grows_for_ever,
        an_acked_end_that_does_not_hold,
    ],
)
def test_the_check_catches_what_it_is_for(damage: Callable[[History], None]) -> None:
    history = good()
    damage(history)
    assert "C16" in {found.check for found in violations(history)}


def delta(offset: int, text: str) -> dict[str, Any]:
    return {"type": "delta", "room": ROOM, "seq": 1, "offset": offset, "text": text}


def growing() -> Reducer:
    """A reader who has the message that grows."""
    reducer = Reducer()
    reducer.apply(subscribed(0))
    reducer.apply(message(1, body="", stream="open"))
    return reducer


def test_pieces_make_the_text_and_one_from_its_beginning_changes_nothing() -> None:
    reducer = growing()
    told = [reducer.apply(delta(0, "one ")), reducer.apply(delta(4, "two"))]
    again = reducer.apply(delta(0, "one"))
    assert told[-1] == [Grew(ROOM, 1, 4, 4, "one two")]
    assert again == [Grew(ROOM, 1, 0, 7, "one")]
    assert reducer.log(ROOM).growing == {1: "one two"}


def test_no_piece_may_follow_the_end_of_a_message_or_of_the_room() -> None:
    reducer = growing()
    done = message(1, type="changed", stream="done", changed_seq=2)
    reducer.apply(done)
    assert reducer.apply(delta(0, "x")) == [Grew(ROOM, 1, 0, -1, "x")]
    reducer = growing()
    reducer.apply({"type": "room_removed", "room": ROOM, "reason": "removed"})
    assert reducer.apply(delta(0, "x")) == [Grew(ROOM, 1, 0, -1, "x")]


def test_pieces_wait_for_the_history_after_a_reset() -> None:
    reducer = growing()
    reset = {"type": "reset", "room": ROOM, "last_seq": 1, "last_changed_seq": 1}
    reducer.apply(reset)
    assert reducer.apply(delta(0, "so far and on")) == []
    reducer.fill(ROOM, [message(1, body="so far", stream="open")])
    assert reducer.log(ROOM).growing == {1: "so far and on"}
