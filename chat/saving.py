"""Messages that somebody keeps for later.

The rule it guards: they are one's own list and nobody else's, and what one may not read
any more is not on it, nor counted.
"""

from collections.abc import Sequence

from django.db import transaction
from django.db.models import F

from accounts.models import User
from chat.access import message_or_404
from chat.changes import NotPossible, pay
from chat.models import Message, Room
from chat.own_tables import Saved
from chat.titles import entitle
from livechat.lib import limits
from livechat.lib.words import marked


def saved_by(user: User) -> Sequence[Message]:
    """What the user keeps and may read, the latest first; two queries.

    With authors, rooms as the user calls them, and `saved_at`.
    """
    rows = Message.objects.readable_anywhere(user).filter(
        saves__user=user, deleted_at=None
    )
    rows = rows.annotate(saved_at=F("saves__created_at"))
    found = list(rows.select_related("author", "room").order_by("-saves__pk"))
    entitle([one.room for one in found], user)
    return found


def is_saved(user: User, message: Message) -> bool:
    """Whether the user keeps the message."""
    return Saved.objects.filter(user=user, message=message).exists()


def set_saved(user: User, room: Room, seq: int, *, saved: bool) -> None:
    """Keep a message for later, or no longer; what it is already changes nothing.

    Raises:
        Http404: the message is not there, or not theirs to read.
        NotPossible: it is a line of the log, or they keep SAVED_MAX; says which.
        TooManyChanges: they have made too many.
    """
    with transaction.atomic():
        message = message_or_404(user, room, seq)
        if is_saved(user, message) == saved:
            return
        pay(user)  # which lets one of two who meet here go first
        if not saved:
            Saved.objects.filter(user=user, message=message).delete()
            return
        if message.kind == Message.Kind.SYSTEM:
            raise NotPossible(marked("This line tells what happened; nobody keeps it."))
        _make_room(user)
        Saved.objects.get_or_create(user=user, message=message)


def _make_room(user: User) -> None:
    """Let go of what the user may not read any more, once the list is full."""
    kept = Saved.objects.filter(user=user)
    if kept.count() < limits.SAVED_MAX:
        return
    there = [one.pk for one in saved_by(user)]
    if len(there) >= limits.SAVED_MAX:
        most = limits.SAVED_MAX
        raise NotPossible(
            marked("You keep {0} messages. Take one off your list first.", most)
        )
    kept.exclude(message__in=there).delete()
