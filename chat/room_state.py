"""What a room's actor remembers between batches, and what is told of it.

The memory is only a cache: it counts as far as the room's own counter stands where the
actor left it, since who comes and goes is entered by other processes (chat/members.py).
"""

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from accounts.models import User
from chat.models import Message, Room
from livechat.lib import limits


class Line(NamedTuple):
    """What is remembered of a message: enough for the next one, and no text."""

    seq: int
    author: int | None
    kind: str
    created_at: datetime
    in_room: bool


@dataclass(frozen=True, slots=True)
class Recent:
    """The newest messages of one room, without a hole up to its counter."""

    lines: deque[Line] = field(
        default_factory=lambda: deque(maxlen=limits.ROOM_RECENT_MESSAGES)
    )

    def is_true_of(self, room: Room) -> bool:
        """Whether nobody else has written: the room's newest message is remembered."""
        return (self.lines[-1].seq if self.lines else 0) == room.last_seq

    def begin(self, newest: Message | None) -> None:
        """Forget all, and begin anew from the room's newest message."""
        self.lines.clear()
        if newest is not None:
            self.add(newest)

    def add(self, one: Message) -> None:
        """Remember a message that was just written."""
        self.lines.append(
            Line(one.seq, one.author_id, one.kind, one.created_at, one.in_room)
        )

    def is_continued(self, author: User, seq: int, now: datetime) -> bool:
        """Whether the author's message `seq` is drawn as one group with the last."""
        if not self.lines or self.lines[-1].seq != seq - 1:
            return False
        newest = next((one for one in reversed(self.lines) if one.in_room), None)
        if newest is None:
            return False
        if newest.author != author.pk or newest.kind != Message.Kind.TEXT:
            return False
        age_s = (now - newest.created_at).total_seconds()
        return 0 <= age_s < limits.GROUP_WINDOW_S


@dataclass(frozen=True, slots=True)
class RoomState:
    """What is told of an actor to the site's operator; neither names nor texts."""

    room: str  # public id
    shard: int
    epoch: int  # of the lease under which it writes
    last_seq: int
    last_changed_seq: int
    member_count: int
    recent: tuple[int, ...]  # the numbers of the messages that it remembers
    accepted: int  # intents since it was started, repeats included
    refused: int
    started_at: datetime
    idle_s: float
