"""A page of a room's log, which is asked for all day: its SQL is written once.

The rule it guards: whether somebody may read it is asked in the same statement.
"""

from django.db.models import QuerySet

from accounts.models import User
from chat.models import Message, Room
from chat.querysets import with_texts
from chat.quotes import quoted
from livechat.lib import limits
from livechat.lib.prepared import Prepared


def page_before(user: User, room: Room, seq: int) -> list[Message]:
    """The PAGE_SIZE messages below `seq` that the user may read, oldest first.

    Those that the room shows, with their authors, quotes, and growing ones so far. Two
    queries, and one or two for each of: quotes, reactions, texts that grow.
    """
    page: list[Message] = _below.objects(user.pk, room.pk, room.last_seq, seq)[::-1]
    authors = User.objects.in_bulk({one.author_id for one in page})
    for one in page:
        one.author = authors[one.author_id]
    return quoted(with_texts(page))


def _page(user: int, room: int, last_seq: int, seq: int) -> "QuerySet[Message]":
    rows = Message.objects.readable_by(User(pk=user), Room(pk=room, last_seq=last_seq))
    return rows.shown().filter(seq__lt=seq).order_by("-seq")[: limits.PAGE_SIZE]


_below = Prepared(_page, int, int, int, int)
