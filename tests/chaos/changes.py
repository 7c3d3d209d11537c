"""The checks of edits and deletions, of the index, and of what clients end with.

Pure functions, as in check.py. An edit has no key of its own: who repeats one may find
that a copy arrives late, after another edit. So what was sent more than once may hold
in place of what was acked last, but never undoes a deletion.
"""

from collections import defaultdict
from collections.abc import Iterator

from tests.chaos.history import Event, History, Place, Stored, Violation
from tests.chaos.outbox import body_hash

NOTHING = body_hash("")


def c3_refused_and_changed(history: History, definite: set[str]) -> Iterator[Violation]:
    """An edit that was refused for good, and sent once, is not what the row says."""
    rows = history.by_place()
    sent = {one["key"]: one for one in history.of("change")}
    for nack in history.of("nack"):
        one = sent.get(nack["key"])
        if one is None or nack["sends"] > 1 or nack["code"] not in definite:
            continue
        row = rows.get((one["room"], one["seq"]))
        if row and one["op"] == "edit" and row.edited and row.hash == one["hash"]:
            text = f"{nack['key']} was refused ({nack['code']}) and holds"
            yield Violation("C3", nack["t"], text)


def c4_changed_by_nobody(history: History) -> Iterator[Violation]:
    """A row that was edited or deleted has the state of a change that was sent."""
    changes = history.changes()
    for row in history.rows:
        sent = changes.get((row.room, row.seq), [])
        is_changed = row.edited or row.deleted
        if is_changed and not any(_is_of(row, one) for one in sent):
            yield Violation("C4", 0, f"{row.room}/{row.seq}: nobody changed it so")


def _is_of(row: Stored, change: Event) -> bool:
    """Whether the row is as this change makes it."""
    if change["user"] != row.author:
        return False
    if change["op"] == "delete":
        return row.deleted
    return row.edited and not row.deleted and row.hash == change["hash"]


def c12_changes_hold(history: History) -> Iterator[Violation]:
    """The last acked change of a message holds, and no deletion is ever undone."""
    rows, changes = history.by_place(), history.changes()
    repeated = history.repeated()
    acked: dict[Place, list[Event]] = defaultdict(list)
    for ack in history.of("change_ack"):
        acked[ack["room"], ack["seq"]].append(ack)
    for place, acks in acked.items():
        last = max(acks, key=lambda ack: ack["cseq"])
        row = rows.get(place)
        sent = {one["key"]: one for one in changes.get(place, [])}
        if text := _undone(row, last, acks, sent, repeated):
            yield Violation("C12", last["t"], f"{place[0]}/{place[1]}: {text}")


def _undone(
    row: Stored | None,
    last: Event,
    acks: list[Event],
    sent: dict[str, Event],
    repeated: set[str],
) -> str:
    """What is wrong with a row whose changes were acked; empty when nothing is."""
    if row is None:
        return "a change of it was acked, and there is no such row"
    if row.changed_seq < last["cseq"]:
        return f"change {last['cseq']} was acked, the row is at {row.changed_seq}"
    deletions = [ack for ack in acks if sent[ack["key"]]["op"] == "delete"]
    if deletions and not row.deleted:
        return f"its deletion was acked at {deletions[0]['cseq']} and is undone"
    if row.changed_seq == last["cseq"] and not _is_of(row, sent[last["key"]]):
        return f"change {last['cseq']} was acked and the row says something else"
    answered = {ack["key"] for ack in acks}
    open_ones = [
        one for key, one in sent.items() if key in repeated or key not in answered
    ]
    if row.changed_seq > last["cseq"] and not any(
        _is_of(row, one) for one in open_ones
    ):
        return f"it is at change {row.changed_seq}, acked was {last['cseq']} last"
    return ""


def c12_no_text_left(history: History) -> Iterator[Violation]:
    """A deleted row has no text."""
    for row in history.rows:
        if row.deleted and row.hash != NOTHING:
            text = f"{row.room}/{row.seq} is deleted and has its text"
            yield Violation("C12", 0, text)


def c12_numbers(history: History) -> Iterator[Violation]:
    """No two rows have the same change, and on each screen changes only rise."""
    taken: dict[Place, int] = {}
    for row in history.rows:
        other = taken.setdefault((row.room, row.changed_seq), row.seq)
        if other != row.seq:
            text = f"{row.room}: {other} and {row.seq} are both at {row.changed_seq}"
            yield Violation("C12", 0, text)
    screens: dict[tuple[str, str], int] = {}
    for show in history.of("show"):
        screen = (show["who"], show["room"])
        if show["cseq"] <= screens.get(screen, 0):
            text = f"{show['who']}: change {show['cseq']} after {screens[screen]}"
            yield Violation("C12", show["t"], text)
        screens[screen] = show["cseq"]


def c12_last_state_shown(history: History) -> Iterator[Violation]:
    """When all is quiet, each screen shows what was changed in its last state."""
    rows = history.by_place()
    for event in history.of("held", "page_states"):
        for held in event["rows"]:
            row = rows.get((event["room"], held[0]))
            if row is None or row.kind != "text":
                continue
            if event["e"] == "held":
                shown, stored = held[1:3], [row.hash, row.deleted]
            else:
                stored = [row.hash, row.deleted, row.edited and not row.deleted]
                shown = held[1:4]
                if row.deleted:  # a page says in words that there is no text
                    shown, stored = shown[1:], stored[1:]
            if shown != stored and (row.is_changed or event["e"] == "page_states"):
                text = f"{event['who']}: {row.room}/{row.seq} is {shown}, not {stored}"
                yield Violation("C12", event["t"], text)


def c15_index(history: History) -> Iterator[Violation]:
    """The index of the search holds the texts that may be found, and no other."""
    for difference in history.index:
        yield Violation("C15", 0, difference)


def c19_held_is_stored(history: History) -> Iterator[Violation]:
    """What a client has made of all frames is what a fresh look at the table gives."""
    rows = history.by_place()
    for event in history.of("held"):
        for seq, *held in event["rows"]:
            row = rows.get((event["room"], seq))
            fresh = None if row is None else snapshot(row)
            if held != fresh:
                text = f"{event['who']}: {event['room']}/{seq} is {held}, not {fresh}"
                yield Violation("C19", event["t"], text)


def snapshot(row: Stored) -> list[object]:
    """A row of the table as `held` notes a client's, without its `seq`."""
    return [row.hash, row.deleted, row.changed_seq, row.key, row.author, row.kind]
