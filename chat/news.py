"""That what waits for somebody is another thing now, told to every web process.

The rule it guards: a word of news holds no text and nothing that must arrive; who hears
it asks the database, with the access of that moment (chat/bells.py).
"""

from collections.abc import Collection, Sequence

import msgspec
from django.db import transaction
from django.db.models import QuerySet

from chat.models import Room
from chat.own_tables import Saved
from chat.thread_tables import Following
from livechat.lib.redis import publish as publish_bytes

CHANNEL = "notices"


class News(msgspec.Struct, frozen=True, array_like=True):
    """That one person's notices have changed; `key` of a new one, "" for none."""

    user: int
    key: str = ""
    room: str = ""  # public id of what it is about


_encode = msgspec.msgpack.Encoder().encode
decode = msgspec.msgpack.Decoder(list[News]).decode


def encode(news: Collection[News]) -> bytes:
    """The payload of the channel."""
    return _encode(list(news))


def tell(news: Sequence[News]) -> None:
    """Publish from a thread, once it is committed; lost while Redis is away."""
    if news:
        transaction.on_commit(lambda: publish_bytes(CHANNEL, encode(news)))


def of_lists(room: Room, seqs: Collection[int]) -> list[News]:
    """For those whose lists show one of these messages, which says something else now.

    Whoever keeps it, or follows the thread that it begins; two queries.
    """
    if not seqs:
        return []
    return _listed(
        room,
        Saved.objects.filter(message__room=room, message__seq__in=seqs),
        Following.objects.filter(room=room, thread__in=seqs),
    )


def of_room(room: Room) -> list[News]:
    """For those whose lists show anything of the room, which they may lose with it."""
    return _listed(
        room,
        Saved.objects.filter(message__room=room),
        Following.objects.filter(room=room),
    )


def _listed(room: Room, *rows: "QuerySet[Saved] | QuerySet[Following]") -> list[News]:
    users = {user for some in rows for user in some.values_list("user", flat=True)}
    return [News(user, room=room.public_id) for user in sorted(users)]
