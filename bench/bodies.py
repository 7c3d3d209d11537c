"""Message bodies of exactly 200 bytes that carry who sent them, which one, and when."""

from dataclasses import dataclass

from bench.job import BODY_BYTES

_WORDS = (
    "the boat leaves at nine and we should bring water bread and a good map of the "
    "coast because last time nobody could find the way back from the second island "
    "before dark and it rained"
)


@dataclass(frozen=True, slots=True)
class Stamp:
    """Sender, its running number from 1, and the monotonic clock at sending."""

    sender: int
    number: int
    sent_ns: int


def make_body(stamp: Stamp) -> str:
    """A body whose first 34 characters hold the stamp in fixed places."""
    head = f"{stamp.sent_ns:020d} {stamp.sender:03d} {stamp.number:08d} "
    return (head + _WORDS)[:BODY_BYTES].ljust(BODY_BYTES, "x")


def read_body(body: str) -> Stamp | None:
    """The stamp of a body, or None for a text that no load client made."""
    sent, sender, number = body[:20], body[21:24], body[25:33]
    if not (sent.isdigit() and sender.isdigit() and number.isdigit()):
        return None
    return Stamp(int(sender), int(number), int(sent))
