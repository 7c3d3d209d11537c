"""What a newcomer was shown counts as told: nobody stays on their page for ever."""

from chat.presence import Diff, Meta
from chat.roster import Roster


def meta(state: str = "online") -> Meta:
    return Meta("r1", "bob", "Bob", "2026-01-01T00:00:00+00:00", "p", state)


def pictured(metas: list[Meta], count: int) -> bytes:
    return b", ".join(f"{one.ref} {one.state}".encode() for one in metas)


def roster_with(one: Meta) -> Roster:
    """A loaded roster whose viewers were told of nobody yet."""
    roster = Roster()
    roster.load({})
    roster.told()
    roster.apply(Diff(joins=[one]))
    return roster


def test_who_goes_before_the_telling_is_told_to_have_left() -> None:
    roster = roster_with(meta())
    assert roster.show(pictured) == b"r1 online"
    roster.apply(Diff(leaves=["r1"]))
    told = roster.told()
    assert (told.joins, told.leaves) == ([], [meta()])
    assert not roster.told()


def test_a_state_that_was_shown_and_taken_back_is_told() -> None:
    roster = roster_with(meta())
    roster.told()
    roster.apply(Diff(joins=[meta("dnd")]))
    roster.show(pictured)
    roster.apply(Diff(joins=[meta()]))
    assert roster.told().joins == [meta()]


def test_newcomers_share_a_picture_until_something_changes() -> None:
    roster = roster_with(meta())
    first = roster.show(pictured)
    assert roster.show(pictured) is first
    roster.apply(Diff(joins=[meta("dnd")]))
    assert roster.show(pictured) == b"r1 dnd"
    roster.apply(Diff(leaves=["r1"]))
    assert roster.show(pictured) == b""
    roster.load({"r1": meta()})
    assert roster.show(pictured) == first


def test_who_goes_after_a_shared_picture_is_told_to_have_left() -> None:
    roster = roster_with(meta())
    roster.show(pictured)
    roster.told()
    roster.show(pictured)
    roster.show(pictured)
    roster.apply(Diff(leaves=["r1"]))
    assert roster.told().leaves == [meta()]


def test_nobody_is_told_twice_because_of_a_newcomer() -> None:
    roster = roster_with(meta())
    roster.told()
    roster.show(pictured)
    assert not roster.told()
