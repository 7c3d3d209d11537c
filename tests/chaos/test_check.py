"""Each check catches what it is for, and is content with a history that is fine."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.chaos.check import Event, History, Stored, violations

ROOM = "r"
ALICE, BOB = "alice-id", "bob-id"


def row(seq: int, **fields: Any) -> Stored:
    made = Stored(ROOM, seq, seq, f"key-{seq}", ALICE, f"hash-{seq}", epoch=1)
    return replace(made, **{"at": 1000.0 + seq, **fields})


def send(t: float, seq: int, **fields: Any) -> Event:
    return {
        "t": t,
        "e": "send",
        "who": "alice",
        "user": ALICE,
        "key": f"key-{seq}",
        "room": ROOM,
        "hash": f"hash-{seq}",
        "link": 1,
        **fields,
    }


def ack(t: float, seq: int, **fields: Any) -> Event:
    made = {"t": t, "e": "ack", "who": "alice", "key": f"key-{seq}", "room": ROOM}
    return {**made, "seq": seq, "cseq": seq, "sends": 1, **fields}


def show(t: float, seq: int, **fields: Any) -> Event:
    made = {"t": t, "e": "show", "who": "bob", "room": ROOM, "seq": seq, "cseq": seq}
    text = {"key": f"key-{seq}", "hash": f"hash-{seq}", "author": ALICE, "new": True}
    return {**made, **text, **fields}


def event(t: float, kind: str, **fields: Any) -> Event:
    return {"t": t, "e": kind, "room": ROOM, **fields}


def good() -> History:
    """Three messages, sent, stored, acked and shown as promised; bob came and went."""
    events = []
    for seq in (1, 2, 3):
        events += [send(seq, seq), ack(seq + 0.2, seq), show(seq + 0.3, seq)]
    events += [
        event(4, "member", what="removed", user=BOB, seq=3),
        event(4.1, "heard", who="bob", user=BOB, seq=3, way="socket"),
        event(6, "member", what="adding", user=BOB, seq=0),
        event(8, "heads", heads={ROOM: 3}),
        event(9, "final", who="bob", last=3, missing=0),
        event(9, "outbox", who="alice", left=0),
    ]
    return History(events, [row(1), row(2), row(3)])


def test_nothing_is_found_where_everything_is_as_promised() -> None:
    assert violations(good()) == []


Damage = Callable[[History], None]


def without_row(history: History) -> None:
    del history.rows[2]
    history.events[:] = [e for e in history.events if e["e"] != "show"]


def stored_elsewhere(history: History) -> None:
    history.rows[0], history.rows[1] = (
        replace(history.rows[0], seq=2),
        replace(history.rows[1], seq=1),
    )


def stored_twice(history: History) -> None:
    history.rows.append(row(4, key="key-1", hash="hash-1"))


def acks_that_differ(history: History) -> None:
    history.events.append({**ack(7, 1), "seq": 2})


def refused_and_stored(history: History) -> None:
    history.events[1] = event(1.2, "nack", key="key-1", code="rate_limited", sends=1)


def never_sent(history: History) -> None:
    history.rows.append(row(4, key="key-9"))


def sent_by_another(history: History) -> None:
    history.rows[1] = row(2, author=BOB)


def a_hole_in_the_numbers(history: History) -> None:
    history.rows[2] = replace(row(3), seq=5)


def an_old_epoch(history: History) -> None:
    history.rows[1] = row(2, epoch=7)


def shown_and_not_stored(history: History) -> None:
    history.events.append(show(7, 4, key="key-4"))


def shown_with_another_text(history: History) -> None:
    history.events[2]["hash"] = "another"


def a_page_with_another_row(history: History) -> None:
    history.events.append(event(9, "page", who="carol", rows=[[1, "key-2"]]))


def shown_twice(history: History) -> None:
    history.events.append(show(7, 3))


def shown_out_of_order(history: History) -> None:
    history.events[2], history.events[5] = history.events[5], history.events[2]


def rows_of_a_page_in_disorder(history: History) -> None:
    history.events.append(event(7, "screen", who="carol", seqs=[1, 3, 2]))


def a_hole_on_a_socket(history: History) -> None:
    history.events.append(event(7, "hole", who="bob", had=1, came=3))


def not_all_shown(history: History) -> None:
    history.events[-2]["last"] = 2


def never_answered(history: History) -> None:
    history.events[-1]["left"] = 1


def acked_first_and_numbered_later(history: History) -> None:
    history.events[:3], history.events[3:6] = (
        [send(1, 2), ack(1.2, 2), show(1.3, 1)],
        [send(2, 1), ack(2.2, 1), show(2.3, 2)],
    )


def one_connection_in_another_order(history: History) -> None:
    del history.events[:]
    history.events += [send(1, 2), send(1.1, 1), send(1.2, 3)]


def heard_after_the_removal(history: History) -> None:
    late = event(5, "heard", who="bob", user=BOB, seq=4, way="http")
    history.events.insert(11, late)


def measured(history: History, value: float) -> None:
    fields = {"promise": "P9", "what": "typing ended, s", "value": value, "limit": 6}
    history.events.append({"t": 7, "e": "measure", **fields})


def measured_too_long(history: History) -> None:
    measured(history, 6.1)


def measured_and_never_seen(history: History) -> None:
    measured(history, -1)


def too_many_in_a_moment(history: History) -> None:
    history.rows += [row(seq, at=1004.0) for seq in range(4, 40)]
    history.events += [send(7, seq) for seq in range(4, 40)]


@pytest.mark.parametrize(
    ("check", "damage"),
    [
        ("C1", without_row),
        ("C1", stored_elsewhere),
        ("C2", stored_twice),
        ("C2", acks_that_differ),
        ("C3", refused_and_stored),
        ("C4", never_sent),
        ("C4", sent_by_another),
        ("C5", a_hole_in_the_numbers),
        ("C5", an_old_epoch),
        ("C6", shown_and_not_stored),
        ("C6", shown_with_another_text),
        ("C6", a_page_with_another_row),
        ("C7", shown_twice),
        ("C7", shown_out_of_order),
        ("C7", rows_of_a_page_in_disorder),
        ("C7", a_hole_on_a_socket),
        ("C8", not_all_shown),
        ("liveness", never_answered),
        ("C9", acked_first_and_numbered_later),
        ("C10", one_connection_in_another_order),
        ("C11", heard_after_the_removal),
        ("P9", measured_too_long),
        ("P9", measured_and_never_seen),
        ("C18", too_many_in_a_moment),
    ],
)
def test_each_check_catches_what_it_is_for(check: str, damage: Damage) -> None:
    history = good()
    damage(history)
    assert check in {found.check for found in violations(history)}
