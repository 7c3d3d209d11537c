"""What every web process hears of all rooms: how many messages, and who read them.

One small message a batch of the room worker, whatever room it is about and however many
belong to it. It carries nothing that must arrive: each web process reads the numbers
again every so often (chat/badges.py).
"""

from collections.abc import Iterator, Sequence

import msgspec

from chat.mention_tables import EVERYBODY_KEY
from chat.models import Room
from chat.unread import ReadMark, count_of
from livechat.lib.redis import publish as publish_bytes

CHANNEL = "activity"


class Activity(msgspec.Struct, frozen=True, array_like=True):
    """One room's numbers now, and those of its members that have just changed."""

    room: str  # public id
    last_seq: int
    count: int  # messages that count (chat/unread.py)
    read: dict[int, int] = {}  # user: how many of them they have read
    joined: list[int] = []  # users whose rooms have to be read again
    mentioned: list[int] = []  # users, each once for a message; 0: everybody
    unheard_by: list[int] = []  # users, once for each word to everybody not for them
    back: list[int] = []  # of those who read, who marked something unread

    def mentions_of(self, everybody: set[int]) -> Iterator[tuple[int, int]]:
        """By user the mentions that came; `everybody`: whom the room concerns."""
        for user in everybody.intersection(self.unheard_by):
            yield user, -self.unheard_by.count(user)
        for named in self.mentioned:
            for user in everybody if named == EVERYBODY_KEY else (named,):
                yield user, 1


_encode = msgspec.msgpack.Encoder().encode
decode = msgspec.msgpack.Decoder(list[Activity]).decode


def of(
    room: Room,
    marks: Sequence[ReadMark] = (),
    mentioned: Sequence[int] = (),
    unheard_by: Sequence[int] = (),
    back: Sequence[int] = (),
) -> Activity:
    """The room's numbers as they stand, with who has just read how far."""
    return Activity(
        room.public_id,
        room.last_seq,
        count_of(room),
        read={mark.user: mark.counted for mark in marks},
        mentioned=list(mentioned),
        unheard_by=list(unheard_by),
        back=list(back),
    )


def came_or_went(room: Room, user: int) -> Activity:
    """That somebody belongs to the room from now on, or no longer."""
    return Activity(room.public_id, room.last_seq, count_of(room), joined=[user])


def encode(activities: Sequence[Activity]) -> bytes:
    """The payload of the channel."""
    return _encode(activities)


def tell(activities: Sequence[Activity]) -> None:
    """Publish from a thread, after the commit; lost while Redis is away."""
    if activities:
        publish_bytes(CHANNEL, _encode(activities))
