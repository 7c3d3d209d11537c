"""Reads a history and the table, and names everything that must not be there.

Pure functions; C1 to C19 are those of docs/guarantees.md. A checker that finds nothing
proves nothing by itself: tests/chaos/test_check.py shows each what it is to catch.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from tests.chaos.changes import (
    NOTHING,
    c3_refused_and_changed,
    c4_changed_by_nobody,
    c12_changes_hold,
    c12_last_state_shown,
    c12_no_text_left,
    c12_numbers,
    c15_index,
    c19_held_is_stored,
)
from tests.chaos.growth import beginnings, c16_final, c16_pieces
from tests.chaos.history import Event, History, Place, Stored, Violation

# Refusals after which nothing of the key is stored, if it was sent once.
DEFINITE = {
    "rate_limited",
    "forbidden",
    "no_room",
    "empty",
    "too_long",
    "bad_text",
    "limit",
}


@dataclass(slots=True)
class Screen:
    """What one person sees of one room, rebuilt from what was noted."""

    last: int = 0
    passed: set[int] = field(default_factory=set)  # rows that come under later changes


def c1_lost(history: History) -> Iterator[Violation]:
    """Each acked message is in the table: same place, same text."""
    rows = history.by_key()
    hashes = {one["key"]: one["hash"] for one in history.of("send")}
    for ack in history.of("ack"):
        wanted = (ack["room"], ack["seq"])
        found = rows.get(ack["key"], [])
        if not found:
            yield Violation("C1", ack["t"], f"{ack['key']} was acked and is lost")
        elif wanted not in {(row.room, row.seq) for row in found}:
            yield Violation("C1", ack["t"], f"{ack['key']} was acked at another place")
        elif any(
            hashes.get(row.key, row.hash) != row.hash and not row.is_changed
            for row in found
        ):
            yield Violation("C1", ack["t"], f"{ack['key']} has another text")


def c2_twice(history: History) -> Iterator[Violation]:
    """A key has at most one row, and all its acks agree."""
    for key, rows in history.by_key().items():
        if len(rows) > 1:
            places = [(row.room, row.seq) for row in rows]
            yield Violation("C2", 0, f"{key} is stored {len(rows)} times: {places}")
    places_acked: dict[str, set[tuple[str, int]]] = defaultdict(set)
    for ack in history.of("ack"):
        places_acked[ack["key"]].add((ack["room"], ack["seq"]))
    for key, places_ in places_acked.items():
        if len(places_) > 1:
            yield Violation("C2", 0, f"the acks of {key} differ: {sorted(places_)}")


def c3_refused_but_stored(history: History) -> Iterator[Violation]:
    """What was refused for good, and sent once, is not in the table."""
    rows = history.by_key()
    for nack in history.of("nack"):
        if nack["code"] in DEFINITE and nack["sends"] == 1 and nack["key"] in rows:
            text = f"{nack['key']} was refused ({nack['code']}) and is stored"
            yield Violation("C3", nack["t"], text)
    yield from c3_refused_and_changed(history, DEFINITE)


def c4_phantom(history: History) -> Iterator[Violation]:
    """Each text in the table was sent: by this person, to this room, in these words.

    Whose words have changed since is looked at by `c4_changed_by_nobody`.
    """
    sent = {one["key"]: one for one in history.of("send")}
    for row in history.rows:
        if row.kind != "text":
            continue
        one = sent.get(row.key)
        if one is None:
            yield Violation("C4", 0, f"{row.room}/{row.seq} was never sent")
        elif (one["room"], one["user"]) != (row.room, row.author) or (
            one["hash"] != row.hash and not row.is_changed
        ):
            yield Violation(
                "C4", one["t"], f"{row.room}/{row.seq} was sent differently"
            )


def c5_holes(history: History) -> Iterator[Violation]:
    """In each room the numbers are exactly 1 … N."""
    for room, rows in history.by_room().items():
        numbers = [row.seq for row in rows]
        if numbers != list(range(1, len(numbers) + 1)):
            wrong = next(n for n, seq in enumerate(numbers, 1) if n != seq)
            yield Violation("C5", 0, f"{room}: not 1 … N, first wrong at {wrong}")


def c5_epochs(history: History) -> Iterator[Violation]:
    """A room's fencing epochs never go back; 0 was written without a lease."""
    for room, rows in history.by_room().items():
        highest = 0
        for row in rows:
            if row.epoch and row.epoch < highest:
                text = f"{room}/{row.seq}: epoch {row.epoch} after {highest}"
                yield Violation("C5", 0, text)
            highest = max(highest, row.epoch)


def c6_divergence(history: History) -> Iterator[Violation]:
    """Whatever was shown at a place is what the table says."""
    places, states = history.by_place(), _states(history)
    for show in history.of("show"):
        row = places.get((show["room"], show["seq"]))
        where = f"{show['who']} at {show['room']}/{show['seq']}"
        if row is None:
            yield Violation("C6", show["t"], f"{where}: shown, and not in the table")
        elif show["cseq"] > row.changed_seq:
            text = f"{where}: change {show['cseq']} is shown, and not in the table"
            yield Violation("C6", show["t"], text)
        elif (row.key, row.author) != (show["key"], show["author"]) or (
            show["hash"] != row.hash
            and (
                show["cseq"] == row.changed_seq
                or show["hash"] not in states[show["room"], show["seq"]]
            )
        ):
            yield Violation("C6", show["t"], f"{where}: shown is not what is stored")


def _states(history: History) -> dict[Place, set[str]]:
    """What each changed row said before, or may have said; a text may be left out."""
    sent = {one["key"]: one["hash"] for one in history.of("send")}
    changes = history.changes()
    return {
        (row.room, row.seq): {NOTHING, sent.get(row.key, row.hash)}
        | {one["hash"] for one in changes.get((row.room, row.seq), [])}
        | beginnings(row)
        for row in history.rows
        if row.is_changed
    }


def c6_pages(history: History) -> Iterator[Violation]:
    """Each row of a page stands where the table says."""
    places = history.by_place()
    for page in history.of("page"):
        for seq, key in page["rows"]:
            row = places.get((page["room"], seq))
            if row is None or (key and row.key != key):
                text = f"{page['who']}: row {seq} is not what is stored"
                yield Violation("C6", page["t"], text)


def c7_visible_order(history: History) -> Iterator[Violation]:
    """On each screen the next row is the last one + 1, each once.

    A replay tells a message that has changed under its latest change: it may come after
    later rows, once.
    """
    screens: dict[tuple[str, str], Screen] = defaultdict(Screen)
    rows = history.by_place()
    for event in history.of("show", "replaced", "screen", "hole"):
        screen = screens[event["who"], event["room"]]
        where = f"{event['who']} in {event['room']}"
        if event["e"] == "hole":
            text = f"{where}: after change {event['had']} came {event['came']}"
            yield Violation("C7", event["t"], text)
        elif event["e"] == "replaced":
            first, count = event["seqs"]
            screen.last, screen.passed = first + count - 1, set()
        elif event["e"] == "screen":
            if text := _disorder(event["seqs"]):
                yield Violation("C7", event["t"], f"{where}: {text}")
        elif event["new"]:
            if text := _misplaced(event, screen, rows):
                yield Violation("C7", event["t"], f"{where}: {text}")
            screen.last = max(screen.last, event["seq"])


def _misplaced(show: Event, screen: Screen, rows: dict[Place, Stored]) -> str:
    """What is wrong with a new row after those that are there."""
    seq, last = show["seq"], screen.last
    if seq in screen.passed:
        screen.passed.remove(seq)
        return ""
    passed = range(last + 1, seq) if last else range(0)
    later = [
        one
        for one in passed
        if (row := rows.get((show["room"], one)))
        and row.is_changed
        and row.changed_seq > show["cseq"]
    ]
    screen.passed.update(later)
    if len(later) < len(passed) or seq <= last:
        return f"row {seq} after row {last}"
    return ""


def _disorder(seqs: list[int]) -> str:
    """What is wrong with the rows of a page, from the top to the bottom."""
    for before, after in zip(seqs, seqs[1:], strict=False):
        if after != before + 1:
            return f"row {after} stands below row {before}"
    return ""


def c8_incomplete(history: History) -> Iterator[Violation]:
    """When all is quiet, each screen shows everything up to the room's head."""
    heads: dict[str, int] = {}
    changes: dict[str, int] = {}
    for event in history.of("heads", "final"):
        if event["e"] == "heads":
            heads, changes = event["heads"], event["changes"]
        elif (head := heads.get(event["room"])) is not None:
            where = f"{event['who']} in {event['room']}"
            if event["missing"] or event["last"] != head:
                missing = f"{event['missing']} missing"
                text = f"{where}: has up to {event['last']} of {head}, {missing}"
                yield Violation("C8", event["t"], text)
            elif event["cursor"] != changes[event["room"]]:
                text = f"{where}: is at change {event['cursor']}"
                yield Violation("C8", event["t"], text)


def c8_unanswered(history: History) -> Iterator[Violation]:
    """When all is quiet, everything that was sent has an answer."""
    for event in history.of("outbox"):
        if event["left"]:
            text = f"{event['who']}: {event['left']} never answered"
            yield Violation("liveness", event["t"], text)


def c9_real_time_order(history: History) -> Iterator[Violation]:
    """What was acked before another message of the room was sent has a lower number."""
    places = {key: rows[0] for key, rows in history.by_key().items()}
    highest: dict[str, tuple[int, str]] = {}
    floor: dict[str, tuple[int, str]] = {}
    for event in history.of("send", "ack"):
        if event["e"] == "send":
            if event["room"] in highest:
                floor[event["key"]] = highest[event["room"]]
        elif event["seq"] > highest.get(event["room"], (0, ""))[0]:
            highest[event["room"]] = (event["seq"], event["key"])
    for key, (seq, earlier) in floor.items():
        if key in places and places[key].seq < seq:
            text = f"{earlier} was acked at {seq} before {key} was sent, which is lower"
            yield Violation("C9", 0, text)


def c10_sender_order(history: History) -> Iterator[Violation]:
    """What one connection sends once each keeps its order in a room."""
    places = {key: rows[0] for key, rows in history.by_key().items()}
    repeated = history.repeated()
    last: dict[tuple[str, int, str], Event] = {}
    for send in history.of("send"):
        if send["key"] in repeated or send["key"] not in places:
            continue
        line = (send["who"], send["link"], send["room"])
        before = last.get(line)
        if before and places[before["key"]].seq > places[send["key"]].seq:
            text = f"{send['who']}: {before['key']} was sent before {send['key']}"
            yield Violation("C10", send["t"], text)
        last[line] = send


def c18_rate(history: History) -> Iterator[Violation]:
    """In every window w a person stored at most rate · w + burst."""
    times: dict[str, list[float]] = defaultdict(list)
    for row in history.rows:
        if row.kind == "text" and row.at:
            times[row.author].append(row.at)
            if row.edited_at:  # an edit costs a token too; of several one is known
                times[row.author].append(row.edited_at)
    for author, at in times.items():
        if text := _too_many(sorted(at), history.burst, history.per_s):
            yield Violation("C18", 0, f"{author}: {text}")


def _too_many(at: list[float], burst: float, per_s: float) -> str:
    # A bucket that is only ever filled by time: the classic equivalent of all windows.
    tokens, before = burst, at[0]
    for moment in at:
        tokens = min(burst, tokens + (moment - before) * per_s) - 1
        before = moment
        if tokens < -1e-3:
            return f"a message too many at {moment:.3f}"
    return ""


def c11_leaks(history: History) -> Iterator[Violation]:
    """Nothing above a removal's number reaches whom it removed, till they are back."""
    out: dict[tuple[str, str], int] = {}
    for event in history.of("member", "heard"):
        at = (event["user"], event["room"])
        if event["e"] == "member":
            if event["what"] == "removed":
                out[at] = event["seq"]
            elif event["what"] == "adding":
                out.pop(at, None)
        elif at in out and event["seq"] > out[at]:
            text = (
                f"{event['who']} got {event['room']}/{event['seq']} by {event['way']}, "
                f"and was removed at {out[at]}"
            )
            yield Violation("C11", event["t"], text)


def limits_kept(history: History) -> Iterator[Violation]:
    """What a scene measured is within its promise; -1 stands for never."""
    for event in history.of("measure"):
        if event["value"] < 0 or event["value"] > event["limit"]:
            value = "never" if event["value"] < 0 else event["value"]
            text = f"{event['what']}: {value}, at most {event['limit']}"
            yield Violation(event["promise"], event["t"], text)


Check = Callable[[History], Iterable[Violation]]

CHECKS: tuple[Check, ...] = (
    c1_lost,
    c2_twice,
    c3_refused_but_stored,
    c4_phantom,
    c4_changed_by_nobody,
    c5_holes,
    c5_epochs,
    c6_divergence,
    c6_pages,
    c7_visible_order,
    c8_incomplete,
    c8_unanswered,
    c9_real_time_order,
    c10_sender_order,
    c11_leaks,
    c12_changes_hold,
    c12_no_text_left,
    c12_numbers,
    c12_last_state_shown,
    c15_index,
    c16_pieces,
    c16_final,
    c18_rate,
    c19_held_is_stored,
    limits_kept,
)


def violations(history: History) -> list[Violation]:
    """Everything that any check finds, by time."""
    history = history.kept()
    found = [one for check in CHECKS for one in check(history)]
    return sorted(found, key=lambda one: one.at_s)
