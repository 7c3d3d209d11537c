"""The log of a deleted room goes batch by batch, so that nobody waits for a large one.

The rule it guards: a room is out of everybody's reach with the commit that deletes it
(`Room.objects` knows it no more), and no transaction after it is long. What is left is
swept by the web processes; one that dies leaves it to the others, or to its next start.
"""

from django.db import transaction

from chat.models import Message, Room
from chat.versions import Version
from livechat.lib import limits


def sweep() -> bool:
    """Delete one batch of a deleted room's messages, with the last one its row.

    False when there is nothing to do. Two who meet take turns, or another room.
    """
    deleted = Room.every.filter(deleted_at__isnull=False).order_by("pk")
    if not deleted.exists():  # without the write lock of SQLite's transactions
        return False
    with transaction.atomic():
        room = deleted.select_for_update(skip_locked=True).first()
        if room is None:
            return False
        size = limits.DELETE_BATCH_MESSAGES
        rows = Message.objects.filter(room=room).order_by("seq")
        keys = dict(rows.values_list("pk", "seq")[:size])
        upto = max(keys.values(), default=0)
        Version.objects.filter(room=room, seq__lte=upto).delete()
        Message.objects.filter(pk__in=keys).delete()
        if len(keys) < size:
            room.delete()
    return True
