"""What templates of the log ask: a row's section, and whether it is very long."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from django import template

from chat.models import Message, Room
from livechat.lib import limits

register = template.Library()

# A message beyond either is folded: the same for everybody, whatever their screen.
FOLD_LINES = 24
FOLD_LENGTH = 2_000  # code points


@dataclass(frozen=True, slots=True)
class Chunk:
    """The messages of one `<section id="c-<number>">`."""

    number: int
    messages: list[Message]


@register.filter
def chunks(messages: Sequence[Message], room: Room) -> list[Chunk]:
    """The sections of the newest page, oldest first.

    The last is always the one that the room's next message but for a new section goes
    to, also when the room is empty.
    """
    grouped = [
        Chunk(number, list(rows))
        for number, rows in groupby(
            messages, key=lambda message: message.seq // limits.CHUNK_SIZE
        )
    ]
    return grouped or [Chunk(room.last_seq // limits.CHUNK_SIZE, [])]


@register.filter
def is_long(message: Message) -> bool:
    """Whether a message would fill more than a screen, so that it is folded."""
    body = message.body
    return len(body) > FOLD_LENGTH or body.count("\n") >= FOLD_LINES


@register.filter
def is_silent(log: Sequence[Message]) -> bool:
    """Whether the log begins on this page and nobody has written in it yet."""
    begins = not log or log[0].seq == 1
    return begins and all(row.kind == Message.Kind.SYSTEM for row in log)
