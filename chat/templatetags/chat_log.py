"""Puts the rows of a page into the sections that the fan-out appends to."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from django import template

from chat.models import Message, Room
from livechat.lib import limits

register = template.Library()


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
