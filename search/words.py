"""Messages that hold certain words, by the index of the database at hand.

The rule it guards: a word of a message is found only by who may read the message, and
what others have written with the same word hides none of it.
"""

import re

from django.db import connection
from django.db.models.expressions import RawSQL

from accounts.models import User
from chat.models import Message
from chat.querysets import MessageQuerySet

WORD = re.compile(r"\w+")
WORDS_MAX = 8  # of one question; the others are not asked for

# The index gives what it finds from the newest on, and access is asked of each in turn,
# until there are enough: so the statement is as long as what has to be passed over.
_SQLITE = (
    "SELECT rowid FROM search_words WHERE search_words MATCH %s "
    "AND EXISTS ({readable}) ORDER BY rowid DESC LIMIT %s"
)
_POSTGRESQL = "to_tsvector('simple', chat_message.body) @@ to_tsquery('simple', %s)"


def messages_with(user: User, text: str, most: int) -> list[Message]:
    """The newest messages that the user may read and that hold all words of the text.

    A word may go on: the last letters need not be written. With `room` and `author`;
    one query, none when the text has no word.
    """
    words = WORD.findall(text)[:WORDS_MAX]
    if not words:
        return []
    readable = Message.objects.readable_anywhere(user)
    readable = readable.filter(kind=Message.Kind.TEXT, deleted_at=None)
    if connection.vendor == "postgresql":
        asked = " & ".join(f"'{word}':*" for word in words)
        found = readable.extra(where=[_POSTGRESQL], params=[asked])  # noqa: S610 - ours
    else:
        found = _found(readable, " ".join(f'"{word}"*' for word in words), most)
    rows = found.select_related("room", "author").order_by("-pk")
    return list(rows[:most])


def _found(readable: MessageQuerySet, asked: str, most: int) -> MessageQuerySet:
    """The newest of the readable ones that SQLite's index has for what is asked."""
    row = readable.extra(where=["chat_message.id = search_words.rowid"])
    sql, parameters = row.order_by().values("pk").query.sql_with_params()
    keys = RawSQL(_SQLITE.format(readable=sql), (asked, *parameters, most))  # noqa: S611 - ours
    return Message.objects.filter(pk__in=keys)
