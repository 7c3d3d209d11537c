"""What of the threads that somebody follows they have not read.

The rule it guards: nothing is asked about answers of threads that are read, and a
thread in a room that its member has silenced calls for nobody at the side.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

from django.db.models import Count, Exists, F, Max, OuterRef, Q, QuerySet, Subquery

from accounts.models import Block, User
from chat.models import Membership, Message, Room
from chat.querysets import MessageQuerySet
from chat.thread_tables import Following
from livechat.lib.prepared import Prepared

Marks = Mapping[int, int]  # unread answers by the first message of their thread
InRooms = Mapping[str, Marks]  # by the room's public id


def threads_waiting(users: Collection[int]) -> dict[int, int]:
    """How many threads hold something new to each of the users; one query."""
    return dict(_waiting(users))


def threads_waiting_for(user: User) -> int:
    """The same for one, as each page asks; one query."""
    row = _waiting_for.row(user.pk)
    return row[1] if row else 0


def marks_in(users: Collection[int], rooms: Collection[str]) -> dict[int, InRooms]:
    """What is unread in each thread of these rooms (public ids), by user and room.

    One query; none without rooms.
    """
    if not rooms:
        return {}
    found: dict[int, dict[str, dict[int, int]]] = defaultdict(lambda: defaultdict(dict))
    theirs = Following.objects.filter(user__in=users, room__public_id__in=rooms)
    for user, room, thread, count in _counts(theirs):
        found[user][room][thread] = count
    return {user: dict(of_rooms) for user, of_rooms in found.items()}


def mark_new(user: User, room: Room, messages: Sequence[Message]) -> None:
    """Give first messages of threads `new_replies`; a query if there are any."""
    begun = [one for one in messages if one.reply_count]
    if begun:
        marks = {seq: count for *_, seq, count in _in_room.rows(user.pk, room.pk)}
        for one in begun:
            one.new_replies = marks.get(one.seq, 0)


def mark_listed(user: User, roots: Sequence[Message]) -> None:
    """The same for first messages of any rooms; one query, none without one."""
    if not roots:
        return
    theirs = Following.objects.filter(
        user=user,
        room__in={one.room_id for one in roots},
        thread__in={one.seq for one in roots},
    )
    counts = {(room, seq): count for _, room, seq, count in _counts(theirs)}
    for one in roots:
        one.new_replies = counts.get((one.room.public_id, one.seq), 0)


def _unread(rows: "QuerySet[Following]") -> "QuerySet[Following]":
    """Those that hold answers which their people have not read, and may read."""
    theirs = Membership.objects.filter(room=OuterRef("room"), user=OuterRef("user"))
    found = rows.annotate(begin=Subquery(theirs.values("reads_from_seq")[:1]))
    behind = found.filter(newest_seq__gt=F("last_read_seq"), begin__isnull=False)
    return behind.filter(Exists(_answers()), room__deleted_at=None)


def _counts(
    rows: "QuerySet[Following]",
) -> "QuerySet[Following, tuple[int, str, int, int]]":
    """User, room, thread and how many of its answers are unread, where any are."""
    each = _answers().order_by().values("room").annotate(n=Count("pk")).values("n")
    return _unread(rows).values_list(
        "user", "room__public_id", "thread", Subquery(each)
    )


def _waiting(users: Collection[int]) -> "QuerySet[Following, tuple[int, int]]":
    """The users with how many threads hold something new, if any does."""
    quiet = Membership.objects.filter(
        room=OuterRef("room"), user=OuterRef("user"), level=Membership.Level.NOTHING
    )
    rows = _unread(Following.objects.filter(~Exists(quiet), user__in=users))
    return rows.order_by().values_list("user").annotate(n=Count("pk"))


_waiting_for = Prepared(lambda user: _waiting([user]), int)
_in_room = Prepared(
    lambda user, room: _counts(Following.objects.filter(user=user, room=room)), int, int
)


def _answers() -> MessageQuerySet:
    """The unread answers of the outer row's thread; none of whom its person blocks."""
    is_deaf = Exists(
        Block.objects.filter(
            user=OuterRef(OuterRef("user")), blocked=OuterRef("author")
        )
    )
    return Message.objects.filter(
        ~is_deaf,
        room=OuterRef("room"),
        thread=OuterRef("thread"),
        seq__gt=OuterRef("last_read_seq"),
        seq__gte=OuterRef("begin"),
        deleted_at=None,
    )


def thread_errors_in(rooms: Iterable[Room]) -> Iterable[str]:
    """What is wrong with the kept numbers of followed threads, counted anew."""
    answers = Message.objects.filter(room=OuterRef("room"), thread=OuterRef("thread"))
    last = answers.order_by().values("thread").annotate(last=Max("seq")).values("last")
    for room in rooms:
        rows = Following.objects.filter(room=room).annotate(last=Subquery(last))
        is_wrong = ~Q(newest_seq=F("last")) | Q(last_read_seq__gt=F("newest_seq"))
        for one in rows.filter(is_wrong):
            yield (
                f"room {room.public_id}, thread {one.thread}, user {one.user_id}: "
                f"read to {one.last_read_seq} of {one.newest_seq}, last {one.last}"
            )
        yield from _missing(room)


def _missing(room: Room) -> Iterable[str]:
    """Who wrote in a thread and does not follow it."""
    row = Following.objects.filter(
        room=room, thread=OuterRef("thread"), user=OuterRef("author")
    )
    lost = Message.objects.filter(
        ~Exists(row), room=room, thread__isnull=False, author__is_active=True
    )
    for thread, author in lost.values_list("thread", "author").distinct():
        yield f"room {room.public_id}, thread {thread}: user {author} is not following"
