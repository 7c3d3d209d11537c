"""Each check catches what it is for, and is content with a history that is fine."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.chaos.changes import NOTHING, snapshot
from tests.chaos.check import violations
from tests.chaos.history import Event, History, Stored

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
    """Five messages, sent, stored, acked and shown as promised; bob came and went.

    The fourth was edited twice, and the fifth deleted.
    """
    events = []
    for seq in (1, 2, 3, 4, 5):
        events += [send(seq, seq), ack(seq + 0.2, seq), show(seq + 0.3, seq)]
    events += [
        *changed(6.0, "edit", 4, 6),
        *changed(6.2, "edit", 4, 7),
        *changed(6.4, "delete", 5, 8),
        event(7, "member", what="removed", user=BOB, seq=5),
        event(7.1, "heard", who="bob", user=BOB, seq=5, way="socket"),
        event(7.2, "member", what="adding", user=BOB, seq=0),
        event(8, "heads", heads={ROOM: 5}, changes={ROOM: 8}),
        event(9, "final", who="bob", last=5, missing=0, cursor=8),
        event(9, "held", who="bob", rows=[[one.seq, *snapshot(one)] for one in ROWS]),
        event(9, "page_states", who="carol", rows=PAGE),
        event(9, "outbox", who="alice", left=0),
    ]
    return History(events, list(ROWS))


def changed(t: float, op: str, seq: int, cseq: int) -> list[Event]:
    """A change by alice, its ack, and bob's screen."""
    text = NOTHING if op == "delete" else f"hash-at-{cseq}"
    place = {"key": f"change-{cseq}", "seq": seq}
    shown = {"key": f"key-{seq}", "hash": text, "new": False}
    return [
        event(t, "change", who="alice", user=ALICE, op=op, hash=text, **place),
        event(t + 0.05, "change_ack", who="alice", cseq=cseq, sends=1, **place),
        show(t + 0.1, seq, cseq=cseq, **shown),
    ]


EDITED = row(4, changed_seq=7, hash="hash-at-7", edited=True, edited_at=1006.0)
DELETED = row(5, changed_seq=8, hash=NOTHING, deleted=True)
ROWS = (row(1), row(2), row(3), EDITED, DELETED)
PAGE = [
    [1, "hash-1", False, False],
    [4, "hash-at-7", False, True],
    [5, "of the words that say so", True, False],
]


def test_nothing_is_found_where_everything_is_as_promised() -> None:
    assert violations(good()) == []


Damage = Callable[[History], None]


def of_kind(history: History, kind: str) -> Event:
    """The last event of this kind."""
    return next(one for one in reversed(history.events) if one["e"] == kind)


def without_row(history: History) -> None:
    del history.rows[2]
    left_out = {"show", "held"}
    history.events[:] = [e for e in history.events if e["e"] not in left_out]


def stored_elsewhere(history: History) -> None:
    history.rows[0], history.rows[1] = (
        replace(history.rows[0], seq=2),
        replace(history.rows[1], seq=1),
    )


def stored_twice(history: History) -> None:
    history.rows.append(row(6, changed_seq=9, key="key-1", hash="hash-1"))


def acks_that_differ(history: History) -> None:
    history.events.append({**ack(7.5, 1), "seq": 2})


def refused_and_stored(history: History) -> None:
    history.events[1] = event(1.2, "nack", key="key-1", code="rate_limited", sends=1)


def never_sent(history: History) -> None:
    history.rows.append(row(6, changed_seq=9, key="key-9"))


def sent_by_another(history: History) -> None:
    history.rows[1] = row(2, author=BOB)


def a_hole_in_the_numbers(history: History) -> None:
    history.rows[2] = replace(row(3), seq=9)


def an_old_epoch(history: History) -> None:
    history.rows[1] = row(2, epoch=7)


def shown_and_not_stored(history: History) -> None:
    history.events.append(show(7.5, 6, key="key-6", cseq=9))


def shown_before_it_was_stored(history: History) -> None:
    history.events.append(show(7.5, 3, cseq=9))


def shown_with_a_text_that_it_never_had(history: History) -> None:
    at_change_6 = next(e for e in history.events if e["e"] == "show" and e["cseq"] == 6)
    at_change_6["hash"] = "another"


def shown_with_another_text(history: History) -> None:
    history.events[2]["hash"] = "another"


def a_page_with_another_row(history: History) -> None:
    history.events.append(event(9, "page", who="carol", rows=[[1, "key-2"]]))


def shown_twice(history: History) -> None:
    history.events.append(show(7.5, 3, cseq=9))


def shown_out_of_order(history: History) -> None:
    history.events[2], history.events[5] = history.events[5], history.events[2]


def rows_of_a_page_in_disorder(history: History) -> None:
    history.events.append(event(7, "screen", who="carol", seqs=[1, 3, 2]))


def a_hole_on_a_socket(history: History) -> None:
    history.events.append(event(7, "hole", who="bob", had=1, came=3))


def not_all_shown(history: History) -> None:
    of_kind(history, "final")["last"] = 4


def not_all_changes_taken(history: History) -> None:
    of_kind(history, "final")["cursor"] = 7


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
    late = event(7.15, "heard", who="bob", user=BOB, seq=6, way="http")
    history.events.insert(history.events.index(of_kind(history, "heard")) + 1, late)


def an_edit_that_was_refused_and_holds(history: History) -> None:
    edit = next(e for e in history.events if e.get("key") == "change-7")
    refusal = event(6.3, "nack", key="change-7", code="rate_limited", sends=1)
    history.events[history.events.index(edit) + 1] = refusal


def edited_by_nobody(history: History) -> None:
    history.rows[1] = row(2, hash="hash-at-7", edited=True)


def deleted_by_nobody(history: History) -> None:
    history.rows[1] = row(2, hash=NOTHING, deleted=True)


def edited_by_another(history: History) -> None:
    for one in history.of("change"):
        one["user"] = BOB


def an_acked_edit_that_is_lost(history: History) -> None:
    history.rows[3] = row(4, changed_seq=6, hash="hash-at-6", edited=True)


def an_acked_edit_with_another_text(history: History) -> None:
    history.rows[3] = row(4, changed_seq=7, hash="hash-at-6", edited=True)


def an_acked_edit_undone_by_an_acked_one(history: History) -> None:
    history.rows[3] = row(4, changed_seq=9, hash="hash-at-6", edited=True)


def a_deletion_undone(history: History) -> None:
    history.events += [event(7.5, "again", key="change-9"), *changed(7.5, "edit", 5, 9)]
    history.rows[4] = row(5, changed_seq=9, hash="hash-at-9", edited=True)


def a_deleted_row_with_its_text(history: History) -> None:
    history.rows[4] = row(5, changed_seq=8, deleted=True)


def one_change_of_two_rows(history: History) -> None:
    history.rows[3] = replace(EDITED, changed_seq=8)


def changes_that_fall_on_a_screen(history: History) -> None:
    of_kind(history, "show")["cseq"] = 3


def an_edit_that_a_client_lacks(history: History) -> None:
    of_kind(history, "held")["rows"][3][1] = "hash-4"


def an_edit_that_a_page_lacks(history: History) -> None:
    history.events.append(
        event(9, "page_states", who="carol", rows=[[4, "hash-4", False, False]])
    )


def a_deleted_text_on_a_page(history: History) -> None:
    history.events.append(
        event(9, "page_states", who="carol", rows=[[5, "hash-5", False, False]])
    )


def an_index_that_keeps_what_is_gone(history: History) -> None:
    history.index = ("search_words: 1 are not to be found: [5]",)


def a_row_that_a_client_made_up(history: History) -> None:
    of_kind(history, "held")["rows"].append([9, *snapshot(row(9))])


def a_row_that_a_client_holds_under_another_number(history: History) -> None:
    of_kind(history, "held")["rows"][0][3] = 2


def measured(history: History, value: float) -> None:
    fields = {"promise": "P9", "what": "typing ended, s", "value": value, "limit": 6}
    history.events.append({"t": 7, "e": "measure", **fields})


def measured_too_long(history: History) -> None:
    measured(history, 6.1)


def measured_and_never_seen(history: History) -> None:
    measured(history, -1)


def too_many_in_a_moment(history: History) -> None:
    history.rows += [row(seq, at=1005.0) for seq in range(10, 46)]
    history.events += [send(7.5, seq) for seq in range(10, 46)]


def too_many_edits_in_a_moment(history: History) -> None:
    for seq in range(10, 46):
        history.rows.append(row(seq, at=seq * 9.0, edited=True, edited_at=2000.0))


@pytest.mark.parametrize(
    ("check", "damage"),
    [
        ("C1", without_row),
        ("C1", stored_elsewhere),
        ("C2", stored_twice),
        ("C2", acks_that_differ),
        ("C3", refused_and_stored),
        ("C3", an_edit_that_was_refused_and_holds),
        ("C4", never_sent),
        ("C4", sent_by_another),
        ("C4", edited_by_nobody),
        ("C4", deleted_by_nobody),
        ("C4", edited_by_another),
        ("C5", a_hole_in_the_numbers),
        ("C5", an_old_epoch),
        ("C6", shown_and_not_stored),
        ("C6", shown_with_another_text),
        ("C6", shown_before_it_was_stored),
        ("C6", shown_with_a_text_that_it_never_had),
        ("C6", a_page_with_another_row),
        ("C7", shown_twice),
        ("C7", shown_out_of_order),
        ("C7", rows_of_a_page_in_disorder),
        ("C7", a_hole_on_a_socket),
        ("C8", not_all_shown),
        ("C8", not_all_changes_taken),
        ("liveness", never_answered),
        ("C9", acked_first_and_numbered_later),
        ("C10", one_connection_in_another_order),
        ("C11", heard_after_the_removal),
        ("P9", measured_too_long),
        ("P9", measured_and_never_seen),
        ("C12", an_acked_edit_that_is_lost),
        ("C12", an_acked_edit_with_another_text),
        ("C12", an_acked_edit_undone_by_an_acked_one),
        ("C12", a_deletion_undone),
        ("C12", a_deleted_row_with_its_text),
        ("C12", one_change_of_two_rows),
        ("C12", changes_that_fall_on_a_screen),
        ("C12", an_edit_that_a_client_lacks),
        ("C12", an_edit_that_a_page_lacks),
        ("C12", a_deleted_text_on_a_page),
        ("C15", an_index_that_keeps_what_is_gone),
        ("C18", too_many_in_a_moment),
        ("C18", too_many_edits_in_a_moment),
        ("C19", an_edit_that_a_client_lacks),
        ("C19", a_row_that_a_client_made_up),
        ("C19", a_row_that_a_client_holds_under_another_number),
    ],
)
def test_each_check_catches_what_it_is_for(check: str, damage: Damage) -> None:
    history = good()
    damage(history)
    assert check in {found.check for found in violations(history)}


def replay_of_what_changed(history: History, *shows: Event) -> None:
    """Somebody who has 1 to 3 and then what a replay brings."""
    seen = [show(7.3, seq, who="dora") for seq in (1, 2, 3)]
    history.events += [*seen, *({**one, "who": "dora"} for one in shows)]


LATE_4 = show(7.5, 4, cseq=7, hash="hash-at-7")
LATE_5 = show(7.6, 5, cseq=8, hash=NOTHING)
NEW_6 = show(7.4, 6, cseq=6)


def test_a_replay_may_tell_changed_rows_after_later_ones() -> None:
    history = good()
    # 6 stands unchanged at change 6; 4 and 5 are told under their changes 7 and 8.
    history.rows[3] = replace(EDITED, changed_seq=7)
    history.rows.append(row(6, changed_seq=6))
    replay_of_what_changed(history, NEW_6, LATE_4, LATE_5)
    assert "C7" not in {one.check for one in violations(history)}


def test_a_replay_may_not_skip_what_has_not_changed_or_tell_it_twice() -> None:
    for shows in ([LATE_5], [NEW_6, LATE_4, LATE_4], [NEW_6, LATE_4, LATE_5, LATE_5]):
        history = good()
        if shows == [LATE_5]:
            history.rows[3] = row(4)  # a plain one, which should have come before
        replay_of_what_changed(history, *shows)
        assert "C7" in {one.check for one in violations(history)}


def test_an_edit_that_was_sent_twice_may_come_late_and_hold() -> None:
    history = good()
    history.events.append(event(7.5, "again", key="change-6"))
    history.rows[3] = row(4, changed_seq=9, hash="hash-at-6", edited=True)
    found = {one.check for one in violations(history)}
    assert found == {"C12", "C19"}  # the screens are as they were before it came
    late = [one for one in violations(history) if one.at_s < 9]
    assert late == []
