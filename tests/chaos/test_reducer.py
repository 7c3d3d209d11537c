"""The client's reducer: once each, in order, whatever the network did."""

import random
from typing import Any

from tests.chaos.chance import seeded
from tests.chaos.reducer import Emptied, Ended, Hole, Reducer, Shown

ROOM = "r"


def message(number: int, **fields: Any) -> dict[str, Any]:
    return {
        "type": "message",
        "room": ROOM,
        "seq": number,
        "changed_seq": number,
        "kind": "text",
        "client_id": f"key-{number}",
        "author": {"id": "alice"},
        "body": f"text {number}",
        **fields,
    }


def subscribed(head: int) -> dict[str, Any]:
    return {
        "type": "subscribed",
        "room": ROOM,
        "last_seq": head,
        "last_changed_seq": head,
    }


def rows(reducer: Reducer) -> list[int]:
    return list(reducer.log(ROOM).rows)


def test_what_comes_in_order_is_shown_once_each() -> None:
    reducer = Reducer()
    reducer.apply(subscribed(0))
    shown = [reducer.apply(message(number)) for number in (1, 2, 2, 1, 3)]
    assert [bool(effects) for effects in shown] == [True, True, False, False, True]
    assert rows(reducer) == [1, 2, 3]


def test_a_hole_is_told_once_and_healed_by_the_replay() -> None:
    reducer = Reducer()
    reducer.apply(subscribed(0))
    reducer.apply(message(1))
    assert reducer.apply(message(3)) == [Hole(ROOM, 1, 3)]
    assert reducer.apply(message(4)) == []
    assert rows(reducer) == [1]
    reducer.apply(subscribed(4))
    for number in (2, 3, 4):
        reducer.apply(message(number))
    assert rows(reducer) == [1, 2, 3, 4]


def test_a_replay_may_skip_numbers_and_live_frames_may_not() -> None:
    reducer = Reducer()
    reducer.apply(subscribed(5))
    edited = message(1, changed_seq=5, type="changed")
    assert reducer.apply(message(2)) != []
    assert reducer.apply(edited) != []
    assert reducer.log(ROOM).cursor == 5
    assert reducer.apply(message(3, changed_seq=7)) == [Hole(ROOM, 5, 7)]


def test_a_change_replaces_its_row_and_shows_no_second_one() -> None:
    reducer = Reducer()
    reducer.apply(subscribed(0))
    reducer.apply(message(1))
    gone = message(1, type="changed", changed_seq=2, deleted=True)
    del gone["body"]
    (effect,) = reducer.apply(gone)
    assert isinstance(effect, Shown)
    assert (effect.new, effect.row.deleted, effect.row.body) == (False, True, "")


def test_after_a_reset_the_history_comes_first_and_then_what_waited() -> None:
    reducer = Reducer()
    reducer.apply(subscribed(0))
    reducer.apply(message(1))
    reset = {"type": "reset", "room": ROOM, "last_seq": 9, "last_changed_seq": 9}
    assert reducer.apply(reset) == [Emptied(ROOM)]
    assert reducer.apply(message(10)) == []
    history = [message(number) for number in range(1, 11)]  # read after 10 was stored
    (effect,) = reducer.fill(ROOM, history)
    assert isinstance(effect, Shown)
    assert not effect.new
    assert rows(reducer) == list(range(1, 11))
    reducer.apply(message(11))
    assert rows(reducer) == list(range(1, 12))


def test_an_end_is_told() -> None:
    frame = {"type": "room_removed", "room": ROOM, "reason": "removed"}
    assert Reducer().apply(frame) == [Ended(ROOM, "removed")]


def test_any_loss_repeat_and_swap_ends_in_the_ordered_log() -> None:
    """500 random networks, each healed as a client heals: by its cursor."""
    for seed in range(500):
        rng = seeded(seed)
        assert after_a_bad_network(rng) == list(range(1, 21)), seed


def after_a_bad_network(rng: random.Random) -> list[int]:
    reducer = Reducer()
    reducer.apply(subscribed(0))
    frames = [message(number) for number in range(1, 21) if rng.random() < 0.8]
    frames += rng.sample(frames, 3)
    if rng.random() < 0.5:
        rng.shuffle(frames)
    for frame in frames:
        if any(isinstance(one, Hole) for one in reducer.apply(frame)):
            replay(reducer, upto=frame["changed_seq"])
    replay(reducer, upto=20)
    return rows(reducer)


def replay(reducer: Reducer, upto: int) -> None:
    first = reducer.log(ROOM).cursor + 1
    reducer.apply(subscribed(upto))
    for number in range(first, upto + 1):
        reducer.apply(message(number))
