"""What of a room somebody has not read: a difference of numbers, never a list.

A room counts its messages (`last_seq`) and those of them that are nobody's to read
(`quiet_count`: lines that tell who came and went, and replies that stand in their
thread alone, of which its people have notices). A member's row holds both
as they stood where they have read to. The rule it guards: a number that was once passed
never changes, so what is unread is exact without a row for each message or reader.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from django.db.models import Exists, OuterRef, Q

from accounts.models import User
from chat.mention_tables import Mention
from chat.models import Membership, Message, Room
from chat.notice_tables import ASIDE, Notice, NoticeQuerySet
from livechat.lib import limits
from livechat.lib.prepared import Prepared

READ_IN_ROOM = (Notice.Kind.MENTION, Notice.Kind.REPLY, Notice.Kind.DIRECT)
NEW_CONTEXT = 10  # messages that are shown above the first new one


class ReadMark(NamedTuple):
    """How far somebody has read: in the order in which rows are locked."""

    room: int
    user: int
    seq: int
    quiet: int  # of the messages up to `seq`, those that do not count

    @property
    def counted(self) -> int:
        """How many messages that count are read."""
        return self.seq - self.quiet


def count_of(room: Room) -> int:
    """How many messages the room has that count as unread for who has read none."""
    return room.last_seq - room.quiet_count


def unread_in(membership: Membership) -> int:
    """How many messages the member has not read; `room` must be loaded."""
    read = membership.last_read_seq - membership.quiet_read
    return max(0, count_of(membership.room) - read)


def numbers_of(user: User, rooms: Iterable[Room]) -> dict[int, tuple[int, int]]:
    """What a member has not read, and how much of it names them, by the room's key.

    Of the rooms that they belong to, whatever they want to be told of; two questions.
    """
    loaded = {room.pk: room for room in rooms}
    mentions = mentions_of(user)
    found = {}
    for one in Membership.objects.filter(user=user, room__in=loaded):
        room = one.room = loaded[one.room_id]
        found[room.pk] = unread_in(one), mentions.get(room.public_id, 0)
    return found


def mentions_of(user: User) -> dict[str, int]:
    """How many unread mentions the user has, by room's public id; one query."""
    return {room: count for _, room, count in _mentions.rows(user.pk)}


_mentions = Prepared(lambda user: Mention.objects.unread_by([user]), int)


def told_of(level: str, now: tuple[int, int]) -> tuple[int, int]:
    """What a badge shows of unread messages and mentions, as its member has set it."""
    unread, mentions = now[0], min(now)  # a name in a thread is for its own list
    if level == Membership.Level.NOTHING:
        return 0, 0
    return (unread if level == Membership.Level.ALL else 0), mentions


def quiet_upto(room: Room, seq: int) -> int:
    """How many of the messages up to `seq` do not count (a query when it is older).

    Exact whatever is written meanwhile: both ends of what is counted have passed.
    """
    if seq >= room.last_seq:
        return room.quiet_count
    later = Message.objects.filter(room=room, seq__gt=seq, seq__lte=room.last_seq)
    return room.quiet_count - later.count_quiet()


def first_unread(room: Room, after: int) -> int | None:
    """The number of the first message above `after` that counts, None without one."""
    row = _first_unread.row(room.pk, after, room.last_seq)
    return row[0] if row else None


_first_unread = Prepared(
    lambda room, after, last: (
        Message.objects.filter(room=room, seq__gt=after, seq__lte=last)
        .counting()
        .order_by("seq")
        .values_list("seq")[:1]
    ),
    int,
    int,
    int,
)


@dataclass(frozen=True, slots=True)
class New:
    """What a member finds new in a room: how many messages, and the first of them."""

    count: int
    first_seq: int

    @property
    def page_before(self) -> int:
        """The end of a page of history that shows the first one below its top."""
        return self.first_seq + limits.PAGE_SIZE - NEW_CONTEXT


def new_in(membership: Membership | None) -> New | None:
    """What is new to them, None when nothing is (a query when something is)."""
    if membership is None or not (count := unread_in(membership)):
        return None
    first_seq = first_unread(membership.room, membership.last_read_seq)
    return None if first_seq is None else New(count, first_seq)


@dataclass(frozen=True, slots=True)
class Why:
    """The sum behind a badge, for its reader: `newer` less `quiet` is `unread`."""

    read_seq: int
    last_seq: int
    newer: int
    quiet: int
    unread: int


def explained(membership: Membership) -> Why:
    """Why the member has so many unread messages; `room` must be loaded."""
    room = membership.room
    return Why(
        read_seq=membership.last_read_seq,
        last_seq=room.last_seq,
        newer=room.last_seq - membership.last_read_seq,
        quiet=room.quiet_count - membership.quiet_read,
        unread=unread_in(membership),
    )


def errors_in(rooms: Iterable[Room]) -> Iterable[str]:
    """What is wrong with the kept numbers of rooms and members, counted anew."""
    for room in rooms:
        log = Message.objects.filter(room=room)
        counted = log.filter(seq__lte=room.last_seq).count_quiet()
        if counted != room.quiet_count:
            yield f"room {room.public_id}: {room.quiet_count} quiet, counted {counted}"
        for one in room.memberships.order_by("pk"):
            below = log.filter(seq__lte=one.last_read_seq).count_quiet()
            if below != one.quiet_read or one.last_read_seq > room.last_seq:
                yield (
                    f"room {room.public_id}, membership {one.pk}: read to "
                    f"{one.last_read_seq} of {room.last_seq}, "
                    f"{one.quiet_read} quiet, counted {below}"
                )


def unread_notices(rows: NoticeQuerySet) -> NoticeQuerySet:
    """Those that nobody has read, by themselves or in their rooms."""
    read = Membership.objects.filter(
        user=OuterRef("user"),
        room=OuterRef("room"),
        last_read_seq__gte=OuterRef("seq"),
    )
    in_room = Q(kind__in=READ_IN_ROOM) & ~Q(text__startswith=ASIDE)
    return rows.filter(read_at=None).exclude(in_room & Exists(read))
