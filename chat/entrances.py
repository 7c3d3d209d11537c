"""What a socket that enters a room starts from, read with the access to it.

The rule it guards: the room, who may see it and what they are there come from one
query, so that none of it can be older than the rest.
"""

from dataclasses import dataclass

from django.db.models import OuterRef, QuerySet, Subquery

from accounts.models import User
from chat import fanout
from chat.followers import Known, visible
from chat.models import Membership, Message, Room
from chat.querysets import NEVER, MessageQuerySet
from chat.silences import is_deserted
from livechat.lib import limits
from livechat.lib.feed import Publication
from livechat.lib.prepared import Prepared

# In the order of the model's own fields, which `from_db` counts on.
ROOM = (
    "id",
    "public_id",
    "people_key",
    "is_private",
    "is_read_only",
    "is_archived",
    "last_seq",
    "last_changed_seq",
    "public_from_seq",
)
FLAGS = ("is_private", "is_read_only", "is_archived")
MEMBERSHIP = ("role", "is_muted", "last_read_seq", "reads_from_seq")


@dataclass(frozen=True, slots=True)
class Entrance:
    """What a socket that was let into a room starts from."""

    room: Room
    known: Known
    read_seq: int
    missed: list[Publication]
    reset: bytes | None  # the newest page, when too much was missed


@dataclass(frozen=True, slots=True)
class Seen:
    """A room as somebody may see it, and what they are there: one query's answer."""

    room: Room
    known: Known
    read_seq: int
    begin: int  # the first message that is theirs to read

    def entrance(
        self, missed: list[Publication], reset: bytes | None = None
    ) -> Entrance:
        """What they start from, with what they missed."""
        return Entrance(self.room, self.known, self.read_seq, missed, reset)


class Replay:
    """One reading of a room's log, for all who missed about the same.

    It knows no viewer: whoever takes something out of it says from where on they read.
    """

    def __init__(
        self, room: Room, messages: list[Message], page: bytes | None = None
    ) -> None:
        """`room` as it stood before `messages` were read; `page`: them, for a reset."""
        self.room = room
        self.page = page
        self.begins_at = min((one.seq for one in messages), default=NEVER)
        self._messages = messages
        self._told: dict[tuple[int, bool], list[Publication]] = {}

    def missed(self, after: int, begin: int) -> list[Publication]:
        """What was missed above a cursor, of the messages from `begin` on."""
        told: list[Publication] = []
        for one in self._messages:
            if one.seq >= begin and one.changed_seq > after:
                told += self._publications(one, after)
        return sorted(told, key=lambda one: one.changed_seq)

    def _publications(self, message: Message, after: int) -> list[Publication]:
        """The message as it is told to all cursors on this side of its creation."""
        key = (message.seq, message.first_changed_seq > after)
        if key not in self._told:  # two threads that meet here make the same
            room, head = self.room.public_id, self.room.last_changed_seq
            self._told[key] = fanout.replayed([message], room, after, head)
        return self._told[key]


def _seen_by(user_id: int, room: str) -> "QuerySet[Room, tuple[object, ...]]":
    own = Membership.objects.filter(room=OuterRef("pk"), user=user_id)
    return visible(user_id, room).values_list(
        *ROOM, *(Subquery(own.values(name)[:1]) for name in MEMBERSHIP)
    )


_seen = Prepared(_seen_by, int, str)


def may_enter(user_id: int, room: str) -> bool:
    """Whether the user may see the room, which may not be there (one query)."""
    return _seen.row(user_id, room) is not None


def enter(user_id: int, room: str, after: int | None) -> Entrance | None:
    """What a subscriber gets; None when the room is not there or not theirs.

    Runs in a thread; one query, and one for what they missed. Where that is nothing
    they are looked at again: who was shut out meanwhile would go on behind a hole.
    """
    found = seen(user_id, room)
    if found is None:
        return None
    missed, reset = _missed(user_id, found.room, after)
    is_behind = after is not None and after != found.room.last_changed_seq
    if is_behind and not missed and not may_enter(user_id, room):
        return None
    return found.entrance(missed, reset)


def seen(user_id: int, room: str) -> Seen | None:
    """The room as the user sees it; None when it is not there or not theirs."""
    row = _seen.row(user_id, room)
    if row is None:
        return None
    found = Room.from_db(None, ROOM, row[: len(ROOM)])
    for name in FLAGS:  # SQLite says 0 or 1
        setattr(found, name, bool(getattr(found, name)))
    role, is_muted, read_seq, reads_from_seq = row[len(ROOM) :]
    return Seen(
        room=found,
        known=Known(
            found.pk,
            role,
            bool(is_muted),
            found.is_read_only,
            found.is_archived,
            is_deserted(found),
        ),
        read_seq=read_seq or 0,
        begin=found.public_from_seq if reads_from_seq is None else reads_from_seq,
    )


def read(room: Room, floor: int | None) -> Replay | None:
    """What changed in the room above `floor`, None or too much: its newest page.

    Two queries, or three.

    For nobody in particular: `share` decides who may have it. None: the room is gone.
    """
    row = Room.objects.filter(pk=room.pk).values_list(*ROOM).first()
    if row is None:
        return None
    found = Room.from_db(None, ROOM, row)
    rows = Message.objects.filter(room=found.pk, seq__lte=found.last_seq)
    if floor is not None:
        changed = list(rows.changed_after(floor))
        if not _is_too_large(changed):
            replay = Replay(found, changed)
            replay.missed(floor, 0)  # rendered by one thread, before many look at it
            return replay
    page = _newest(rows, found)
    return Replay(found, page, fanout.reset_fragment(found, page))


def share(user_id: int, before: Seen, after: int, replay: Replay) -> Entrance | None:
    """Somebody's part of a reading that was begun when they could see the room.

    One query, and one when the room went on meanwhile. They have to see it still; and
    if anybody's place in it changed in between, which is a change that tells something
    of the room, or the page begins before what is theirs, they read for themselves.
    """
    room, begun_at = before.room.public_id, before.room.last_changed_seq
    now = seen(user_id, room)
    if now is None:
        return None
    log = Message.objects.filter(room=now.room.pk)
    if now.room.last_changed_seq != begun_at and log.ends_after(begun_at):
        return enter(user_id, room, after)
    now.room.last_seq = replay.room.last_seq
    now.room.last_changed_seq = replay.room.last_changed_seq
    if replay.page is None:
        return now.entrance(replay.missed(after, now.begin))
    if now.begin > replay.begins_at:
        return enter(user_id, room, after)
    return now.entrance([], replay.page)


def _missed(
    user_id: int, room: Room, after: int | None
) -> tuple[list[Publication], bytes | None]:
    head = room.last_changed_seq
    if after is None or after == head:
        return [], None
    rows = Message.objects.readable_by(User(pk=user_id), room)
    if after <= head <= after + limits.REPLAY_MAX_CHANGES:
        changed = list(rows.changed_after(after))
        if not _is_too_large(changed):
            return fanout.replayed(changed, room.public_id, after, head), None
    return [], fanout.reset_fragment(room, _newest(rows, room))


def _is_too_large(messages: list[Message]) -> bool:
    """Whether a slow line could not take them before it is given up."""
    return sum(_size_bytes(one) for one in messages) > limits.REPLAY_MAX_BYTES


def _newest(rows: MessageQuerySet, room: Room) -> list[Message]:
    """The newest page as far as it is not too large, the newest message in any case."""
    page = rows.shown().page_before(room.last_seq + 1)
    size_bytes = 0
    for at, one in enumerate(reversed(page)):
        size_bytes += _size_bytes(one)
        if at and size_bytes > limits.REPLAY_MAX_BYTES:
            return page[-at:]
    return page


def _size_bytes(message: Message) -> int:
    return len(message.body.encode()) + len(message.html.encode())
