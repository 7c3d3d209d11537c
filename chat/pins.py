"""Messages that a room keeps at hand, put there by who runs it.

The rule it guards: a pin is a word in the message's own row, written with the line of
the log that tells of it; so it is live, in order, and gone with the message's text.
"""

from collections.abc import Sequence

from django.utils import timezone

from accounts.models import User
from chat.access import message_or_404
from chat.changes import Change, NotPossible, changing
from chat.models import Message, Room
from livechat.lib import limits
from livechat.lib.words import marked


def pins_of(user: User, room: Room) -> Sequence[Message]:
    """The room's pinned messages that the user may read, with authors, latest first."""
    rows = Message.objects.readable_by(user, room).filter(pinned_at__isnull=False)
    found = rows.select_related("author").order_by("-pinned_at", "-seq")
    return list(found[: limits.PINS_MAX])


def set_pinned(actor: User, room: Room, seq: int, *, pinned: bool) -> None:
    """Pin a message of the room or take it down; what it is already changes nothing.

    Raises:
        Http404: the message is not there, or not theirs to read.
        NotPossible: nobody pins this one, or the room has PINS_MAX; says which.
        PermissionDenied, TooManyChanges: as `changing`.
    """
    with changing(actor, room, "pin") as change:
        message = message_or_404(actor, change.room, seq)
        if (message.pinned_at is not None) == pinned:
            return
        if pinned:
            _pin(change, message)
        else:
            _unpin(change, message)


def _pin(change: Change, message: Message) -> None:
    if message.kind == Message.Kind.SYSTEM:
        raise NotPossible(marked("This line tells what happened; nobody pins it."))
    if message.stream == Message.Growth.OPEN:
        raise NotPossible(marked("It is still being written. Pin it when it is done."))
    if _is_hidden(change, message):
        # It would go with its text to everybody live, also to who may not read so far.
        raise NotPossible(marked("This is from before the room became public."))
    pinned = Message.objects.filter(room=change.room, pinned_at__isnull=False)
    if pinned.count() >= limits.PINS_MAX:
        most = limits.PINS_MAX
        raise NotPossible(marked("A room takes {0} pins. Take one down first.", most))
    message.pinned_at = timezone.now()
    change.change(message)
    sentence = f"{change.actor} pinned a message."
    change.enter("pinned", sentence, message=message.seq)


def _unpin(change: Change, message: Message) -> None:
    message.pinned_at = None
    if _is_hidden(change, message):
        message.save(update_fields=["pinned_at"])
    else:
        change.change(message)
    sentence = f"{change.actor} took down a pinned message."
    change.enter("unpinned", sentence, message=message.seq)


def _is_hidden(change: Change, message: Message) -> bool:
    """Whether the message is from before the room became public."""
    return message.seq < change.room.public_from_seq
