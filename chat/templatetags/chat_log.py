"""What templates of the log ask: a row's section, and its article."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from django import template
from django.utils.html import escape
from django.utils.safestring import mark_safe
from django.utils.translation import gettext

from chat import fanout
from chat.models import Message, Room
from chat.sidebar import Listed
from chat.unread import New
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
    last = room.last_seq // limits.CHUNK_SIZE
    if not grouped or grouped[-1].number != last:  # all of it stands in threads alone
        grouped.append(Chunk(last, []))
    return grouped


@register.simple_tag
def message_html(
    message: Message, new: New | None = None, *, in_pane: bool = False
) -> str:
    """The article of one message, which is the same that the fan-out publishes.

    The first that is new to the reader of a page says so besides.
    """
    html = fanout.message_html(message, in_pane=in_pane)
    if new and message.seq == new.first_seq:
        new_here = f' data-new="{escape(gettext("New"))}" data-seq='
        html = html.replace(" data-seq=", new_here, 1)
    return mark_safe(html)  # noqa: S308 - a template made it


@register.simple_tag
def section_rows(listed: Listed) -> str:
    """The rooms of one section of the side, made by the template of a row."""
    return mark_safe(listed.html)  # noqa: S308 - a template made it


@register.filter
def is_silent(log: Sequence[Message]) -> bool:
    """Whether the log begins on this page and nobody has written in it yet."""
    begins = not log or log[0].seq == 1
    return begins and all(row.kind == Message.Kind.SYSTEM for row in log)
