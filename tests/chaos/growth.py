"""The check of texts that grow (C16). Pure, as in check.py."""

from collections import defaultdict
from collections.abc import Iterator

from tests.chaos.history import History, Place, Stored, Violation
from tests.chaos.outbox import body_hash
from tests.chaos.streams import text_of


def c16_pieces(history: History) -> Iterator[Violation]:
    """On each screen a piece goes on where the text ended; what is there is right."""
    keys = {(row.room, row.seq): row.key for row in history.rows}
    for grew in history.of("grew"):
        where = f"{grew['who']}: {grew['room']}/{grew['seq']}"
        key = keys.get((grew["room"], grew["seq"]), "")
        whole = text_of(key) if key else ""
        if grew["had"] < 0:
            text = f"{where} is none that grows, and a piece of it came"
            yield Violation("C16", grew["t"], text)
        elif grew["offset"] > grew["had"]:
            text = f"{where}: a piece from {grew['offset']} on after {grew['had']}"
            yield Violation("C16", grew["t"], text)
        elif grew["hash"] != body_hash(whole[: grew["length"]]):
            text = f"{where}: its first {grew['length']} are not those that were sent"
            yield Violation("C16", grew["t"], text)


def c16_final(history: History) -> Iterator[Violation]:
    """What is stored is what its author sent: all of it, or what came until it ended.

    Nothing that was acked is missing, and nothing grows for ever.
    """
    acked: dict[Place, int] = defaultdict(int)
    for piece in history.of("piece"):
        place = (piece["room"], piece["seq"])
        acked[place] = max(acked[place], piece["end"])
    finished = {(one["room"], one["seq"]) for one in history.of("finished")}
    for row in history.rows:
        if row.stream and not row.deleted:
            place = (row.room, row.seq)
            if text := _wrong(row, acked[place], is_finished=place in finished):
                yield Violation("C16", 0, f"{row.room}/{row.seq}: {text}")


def beginnings(row: Stored) -> set[str]:
    """Each text that a growing one may have ended with before it was changed again."""
    if not row.stream:
        return set()
    whole = text_of(row.key)
    return {body_hash(whole[:end].rstrip()) for end in range(len(whole) + 1)}


def _wrong(row: Stored, acked: int, *, is_finished: bool) -> str:
    whole = text_of(row.key)
    if row.stream == "open":
        return "it is not final"
    if is_finished and row.stream != "done":
        return f"its end was acked, and it is {row.stream}"
    if row.edited:
        return ""
    if row.stream == "done" and row.text != whole:
        return "it is done, and its text is not all that was sent"
    if not whole.startswith(row.text):
        return "its text is no beginning of what was sent"
    if len(row.text) < len(whole[:acked].rstrip()):
        return f"{acked} were acked, and {len(row.text)} are there"
    return ""
