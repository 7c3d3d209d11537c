"""Changes of one's own messages: one at a time each, and none after a deletion."""

from tests.chaos.chance import seeded
from tests.chaos.own import NEWEST, Own

ROOMS = ["a", "b"]


def test_a_message_is_changed_again_only_when_the_last_change_has_its_answer() -> None:
    own, rng = Own(), seeded(1)
    own.add("a", 1)
    change = own.change(ROOMS, rng)
    assert change is not None
    assert (change.room, change.seq) == ("a", 1)
    assert own.change(ROOMS, rng) is None
    own.answered(change, acked=False)
    assert own.change(ROOMS, rng) is not None


def test_what_was_deleted_is_left_alone_and_what_was_edited_is_not() -> None:
    own, rng = Own(), seeded(9)
    own.add("a", 1)
    ops = []
    while change := own.change(ROOMS, rng):
        own.answered(change, acked=True)
        ops.append(change.op)
    assert ops.count("delete") == 1
    assert ops[-1] == "delete"
    assert "edit" in ops


def test_only_rooms_that_one_is_in_are_changed() -> None:
    own, rng = Own(), seeded(3)
    own.add("c", 1)
    assert own.change(ROOMS, rng) is None


def test_only_the_newest_messages_are_changed() -> None:
    own, rng = Own(), seeded(4)
    for seq in range(1, 2 * NEWEST + 1):
        own.add("a", seq)
    changes = [own.change(ROOMS, rng) for _ in range(NEWEST)]
    assert sorted(one.seq for one in changes if one) == list(
        range(NEWEST + 1, 2 * NEWEST + 1)
    )
    assert own.change(ROOMS, rng) is None


def test_a_change_goes_out_with_its_number_and_a_message_with_its_key() -> None:
    own, rng = Own(), seeded(5)
    own.add("a", 7)
    while (change := own.change(ROOMS, rng)) and change.op != "edit":
        own.answered(change, acked=False)
    assert change is not None
    assert change.frame == {
        "type": "edit",
        "room": "a",
        "seq": 7,
        "body": change.body,
        "ref": change.key,
    }
