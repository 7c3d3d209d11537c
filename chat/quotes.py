"""What a reply shows of the message that it answers.

The rule it guards: it is read when the reply is shown, so it never tells more than the
message itself does by then, nor what only some of the room may read.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from chat.models import Message
from livechat.lib.markdown import plain_text
from livechat.lib.words import marked

QUOTE_LENGTH = 120  # characters of a message that a reply to it shows


@dataclass(frozen=True, slots=True)
class Quote:
    """One line: whose message, and how it begins."""

    seq: int
    author: str  # empty where it is not to be told
    text: str


def quoted(messages: Iterable[Message]) -> list[Message]:
    """The messages, replies with `quote` and `root`; a query only if there are any."""
    every = list(messages)
    replies = [one for one in every if one.reply_to is not None]
    if not replies:
        return every
    rows = Message.objects.filter(
        room__in={one.room_id for one in replies},
        seq__in={at for one in replies for at in (one.reply_to, one.thread)},
    ).select_related("author", "room")
    found = {(one.room_id, one.seq): one for one in rows}
    for one in replies:
        at = one.reply_to or 0
        answered = found.get((one.room_id, at))
        missing = Quote(at, "", marked("A message that is not there any more"))
        one.quote = quote(answered) if answered else missing
        one.root = found.get((one.room_id, one.thread or 0))
    return every


def quote(message: Message) -> Quote:
    """The line that stands for a message, as everybody of its room may see it."""
    if message.deleted_at is None and message.seq < message.room.public_from_seq:
        return Quote(
            message.seq, "", marked("A message from before the room became public")
        )
    return line(message)


def line(message: Message) -> Quote:
    """The line of a message for those who are shown the message itself."""
    if message.deleted_at is not None:
        return Quote(message.seq, "", marked("This message was deleted."))
    text = plain_text(message.html, max_length=QUOTE_LENGTH)
    return Quote(message.seq, message.author.shown_name, text)
