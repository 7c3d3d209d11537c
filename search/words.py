"""Messages that hold certain words, by the index of the database at hand.

The rule it guards: a word of a message is found only by who may read the message.
"""

import re

from django.db import connection
from django.db.models.expressions import RawSQL

from accounts.models import User
from chat.models import Message

WORD = re.compile(r"\w+")
WORDS_MAX = 8  # of one question; the others are not asked for
HITS_MAX = 2_000  # newest messages with the words that access is asked for

# Of neither a part can be an operator: words are quoted, and hold letters and digits.
_SQLITE = (
    "SELECT rowid FROM search_words WHERE search_words MATCH %s "
    "ORDER BY rowid DESC LIMIT %s"
)
_POSTGRESQL = (
    "SELECT id FROM chat_message WHERE to_tsvector('simple', body) @@ "
    "to_tsquery('simple', %s) AND kind = 'text' AND deleted_at IS NULL "
    "ORDER BY id DESC LIMIT %s"
)


def messages_with(user: User, text: str, most: int) -> list[Message]:
    """The newest messages that the user may read and that hold all words of the text.

    A word may go on: the last letters need not be written. With `room` and `author`;
    one query, none when the text has no word.
    """
    words = WORD.findall(text)[:WORDS_MAX]
    if not words:
        return []
    if connection.vendor == "postgresql":
        sql, asked = _POSTGRESQL, " & ".join(f"'{word}':*" for word in words)
    else:
        sql, asked = _SQLITE, " ".join(f'"{word}"*' for word in words)
    found = Message.objects.readable_anywhere(user)
    found = found.filter(pk__in=RawSQL(sql, (asked, HITS_MAX)))  # noqa: S611 - ours
    rows = found.filter(kind=Message.Kind.TEXT, deleted_at=None)
    return list(rows.select_related("room", "author").order_by("-pk")[:most])
