"""A large room names some of its people, counts all, and forgets none who left."""

import json

from hypothesis import given
from hypothesis import strategies as st

from chat.presence import Diff, Meta
from chat.roster import Roster, Told
from livechat.lib import limits

NAMED = limits.PRESENCE_LIST_MAX


def meta(user: str, ref: str = "") -> Meta:
    return Meta(ref=ref or user, user=user, name=user, joined_at="t", process="p")


def crowd(size: int, at: int = 0) -> dict[str, Meta]:
    people = (meta(f"guest {number}") for number in range(at, at + size))
    return {one.ref: one for one in people}


def picture(metas: list[Meta], count: int) -> bytes:
    return json.dumps([count, *(one.ref for one in metas)]).encode()


class Client:
    """Somebody who goes by the frames alone, as the protocol says."""

    def __init__(self, roster: Roster) -> None:
        self.count, *refs = json.loads(roster.show(picture))
        self.refs: set[str] = set(refs)

    def take(self, told: Told) -> int:
        """Take what is told; return how many connections it names."""
        self.refs -= {one.ref for one in told.leaves}
        self.refs |= {one.ref for one in told.joins}
        self.count = told.count
        return len(told.joins) + len(told.leaves)


def full(size: int) -> Roster:
    roster = Roster()
    roster.load(crowd(size))
    roster.told()
    return roster


def test_a_room_at_the_limit_names_everybody_and_one_above_counts_one() -> None:
    at, above = Client(full(NAMED)), Client(full(NAMED + 1))
    assert (len(at.refs), at.count) == (NAMED, NAMED)
    assert (len(above.refs), above.count) == (NAMED, NAMED + 1)


def test_who_comes_into_a_large_room_is_told_as_a_count() -> None:
    roster = full(5000)
    client = Client(roster)
    roster.apply(Diff(joins=list(crowd(100, at=5000).values())))
    assert client.take(roster.told()) == 0
    assert client.count == 5100
    assert not roster.told()


def test_who_is_named_and_leaves_is_told_and_another_is_named() -> None:
    roster = full(5000)
    client = Client(roster)
    gone = next(iter(client.refs))
    roster.apply(Diff(leaves=[gone]))
    assert client.take(roster.told()) == 2
    assert gone not in client.refs
    assert (len(client.refs), client.count) == (NAMED, 4999)


def test_who_is_not_named_leaves_by_the_count_alone() -> None:
    roster = full(5000)
    client = Client(roster)
    unnamed = next(ref for ref in roster.metas if ref not in client.refs)
    roster.apply(Diff(leaves=[unnamed]))
    assert client.take(roster.told()) == 0
    assert client.count == 4999


def test_two_connections_count_as_one_person() -> None:
    roster = full(2)
    client = Client(roster)
    roster.apply(Diff(joins=[meta("guest 1", "other tab")]))
    client.take(roster.told())
    assert (len(client.refs), client.count) == (3, 2)
    roster.apply(Diff(leaves=["guest 1"]))
    client.take(roster.told())
    assert (len(client.refs), client.count) == (2, 2)


steps = st.tuples(st.booleans(), st.integers(0, 9), st.booleans())


@given(st.lists(steps, max_size=40))
def test_clients_name_only_who_is_there_whatever_happens_at_the_limit(
    steps: list[tuple[bool, int, bool]],
) -> None:
    roster = full(NAMED - 4)
    clients = [Client(roster)]
    for comes, number, is_told in [*steps, (False, 0, True)]:
        one = meta(f"guest {NAMED - 5 + number}")
        roster.apply(Diff(joins=[one]) if comes else Diff(leaves=[one.ref]))
        if is_told:
            clients.append(Client(roster))
            told = roster.told()
            for client in clients:
                client.take(told)
                assert client.refs <= roster.metas.keys()
                assert len(client.refs) == min(NAMED, len(roster.metas))
                assert client.count == len(roster.metas)
