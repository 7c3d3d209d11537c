"""The replica of a room's presence, and what viewers are told of it."""

from msgspec.structs import replace

from chat.presence import Diff, Meta
from chat.roster import Roster
from livechat.lib import limits


class Clock:
    """A clock that a test moves."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def _meta(ref: str, user: str = "alice", **fields: bool | str) -> Meta:
    meta = Meta(ref=ref, user=user, name=user.title(), joined_at="t", process="p")
    return replace(meta, **fields)


def _loaded(*metas: Meta, clock: Clock | None = None) -> Roster:
    roster = Roster(clock or Clock())
    roster.load({meta.ref: meta for meta in metas})
    roster.told()
    return roster


def test_diffs_that_come_before_the_state_are_applied_after_it() -> None:
    roster = Roster()
    roster.apply(Diff(joins=[_meta("new")], leaves=["gone"]))
    assert not roster.metas
    roster.load({"gone": _meta("gone"), "old": _meta("old")})
    assert set(roster.metas) == {"old", "new"}


def test_a_state_that_is_older_than_a_diff_does_not_undo_it() -> None:
    roster = _loaded(_meta("one"))
    roster.expect()
    roster.apply(Diff(joins=[_meta("two")], leaves=["one"]))
    assert set(roster.metas) == {"two"}  # known at once
    roster.load({"one": _meta("one")})  # read before both happened
    assert set(roster.metas) == {"two"}


def test_a_state_that_could_not_be_read_changes_nothing() -> None:
    roster = _loaded(_meta("one"))
    roster.expect()
    roster.keep()
    roster.apply(Diff(joins=[_meta("two")]))
    assert set(roster.metas) == {"one", "two"}


def test_a_leave_removes_one_connection_and_not_the_person() -> None:
    roster = _loaded(_meta("tab 1"), _meta("tab 2"))
    roster.apply(Diff(leaves=["tab 1"]))
    told = roster.told()
    assert [meta.ref for meta in told.leaves] == ["tab 1"]
    assert roster.states() == {"alice": "online"}


def test_adding_wins_over_the_removal_of_another_ref() -> None:
    roster = _loaded()
    roster.apply(Diff(joins=[_meta("new")]))
    roster.apply(Diff(leaves=["old"]))
    assert set(roster.metas) == {"new"}


def test_who_comes_and_goes_between_two_frames_is_never_told() -> None:
    roster = _loaded()
    roster.apply(Diff(joins=[_meta("one")]))
    roster.apply(Diff(leaves=["one"]))
    assert not roster.told()


def test_the_same_state_again_tells_nothing() -> None:
    roster = _loaded(_meta("one"))
    roster.load({"one": _meta("one")})
    assert not roster.told()


def test_a_person_is_as_present_as_their_most_present_tab() -> None:
    roster = _loaded(_meta("a", state="idle"), _meta("b", state="dnd"))
    assert roster.states() == {"alice": "dnd"}
    roster.apply(Diff(joins=[_meta("c")]))
    assert roster.states() == {"alice": "online"}


def test_typing_is_told_once_and_ends_with_a_word() -> None:
    roster = _loaded(_meta("one"))
    roster.apply(Diff(joins=[_meta("one", typing=True)]))
    assert roster.told().started == [("alice", "Alice")]
    assert not roster.told().started
    roster.apply(Diff(joins=[_meta("one")]))
    assert roster.told().stopped == [("alice", "Alice")]


def test_typing_ends_by_itself_in_time() -> None:
    clock = Clock()
    roster = _loaded(_meta("one"), clock=clock)
    roster.apply(Diff(joins=[_meta("one", typing=True)]))
    clock.now += limits.TYPING_TTL_S - 0.1
    assert roster.told().started
    clock.now += 0.2
    assert roster.told().stopped == [("alice", "Alice")]


def test_a_state_that_is_read_again_does_not_prolong_typing() -> None:
    clock = Clock()
    typing = _meta("one", typing=True)
    roster = _loaded(clock=clock)
    roster.apply(Diff(joins=[typing]))
    for _ in range(3):
        clock.now += limits.TYPING_TTL_S / 2 + 0.1
        roster.load({"one": typing})
    assert not roster.typists()


def test_the_typing_of_who_left_ends_at_once() -> None:
    roster = _loaded(_meta("one"))
    roster.apply(Diff(joins=[_meta("one", typing=True)]))
    assert roster.told().started == [("alice", "Alice")]
    roster.apply(Diff(leaves=["one"]))
    assert roster.told().stopped == [("alice", "Alice")]


def test_a_state_shows_nobody_typing_of_whom_no_diff_said_so() -> None:
    roster = _loaded(_meta("one", typing=True))
    assert not roster.typists()
    assert not roster.metas["one"].typing


def test_typing_that_ended_by_itself_is_no_longer_in_what_is_shown() -> None:
    clock = Clock()
    roster = _loaded(_meta("one"), clock=clock)
    roster.apply(Diff(joins=[_meta("one", typing=True)]))
    assert roster.told().joins == [_meta("one", typing=True)]
    assert roster.typing_ends_at() == clock.now + limits.TYPING_TTL_S
    clock.now += limits.TYPING_TTL_S
    assert roster.told().joins == [_meta("one")]
    assert roster.typing_ends_at() is None
