"""What a thread holds, for who may read it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from django.db.models import OuterRef, Q, Subquery

from accounts.models import User
from chat.access import can
from chat.begun import draft_of
from chat.fragments import message_html, partial, replaced
from chat.models import Message, Room
from chat.own_tables import Box
from chat.quotes import quoted
from chat.reactions import named
from chat.thread_tables import Following
from chat.thread_unread import mark_listed
from chat.titles import entitle
from livechat.lib import limits


@dataclass(frozen=True, slots=True)
class Thread:
    """A page of a thread; `before` is where the one above it ends, None without one."""

    root: Message
    replies: Sequence[Message]
    before: int | None
    since: int  # the room's changes that it knows
    newer: int | None = None  # where the page below it ends; None: it is the newest


def thread_of(
    user: User,
    room: Room,
    root: Message,
    *,
    before: int | None = None,
    at: int | None = None,
) -> Thread:
    """The newest page of the thread, the one that ends before `before`, or around `at`.

    Four queries at most: for the replies, what they answer, who reacted, what grows;
    for a page that is not the newest six.
    """
    if at is not None:
        before = _end_around(user, room, root, at)
    end = room.last_seq + 1 if before is None else min(before, room.last_seq + 1)
    rows = Message.objects.readable_by(user, room).filter(thread=root.seq)
    found = quoted(rows.page_before(end, limits.PAGE_SIZE + 1))
    page = found[-limits.PAGE_SIZE :]
    has_more = len(found) > len(page)
    above = page[0].seq if has_more else None
    after = [] if before is None else _seqs_from(user, room, root, end)
    newer = after[-1] + 1 if after else None
    return Thread(root, page, above, room.last_changed_seq, newer)


def _end_around(user: User, room: Room, root: Message, at: int) -> int | None:
    """Where a page ends that has the reply `at` in its middle; None: the newest has it.

    One query.
    """
    after = _seqs_from(user, room, root, at + 1)
    if len(after) < limits.PAGE_SIZE:
        return None
    return after[limits.PAGE_SIZE // 2]


def _seqs_from(user: User, room: Room, root: Message, seq: int) -> list[int]:
    """The replies from `seq` on, a page of them."""
    rows = Message.objects.readable_by(user, room)
    found = rows.filter(thread=root.seq, seq__gte=seq).order_by("seq")
    return list(found.values_list("seq", flat=True)[: limits.PAGE_SIZE])


def pane_of(
    user: User,
    room: Room,
    root: Message,
    *,
    before: int | None = None,
    at: int | None = None,
) -> dict[str, Any]:
    """What `chat/_thread_pane.html` needs besides the room; pages as in `thread_of`."""
    return {
        "thread": thread_of(user, room, root, before=before, at=at),
        "thread_form": {
            "client_id": uuid4(),
            "text": draft_of(user, room, Box(thread=root.seq)).body,
        },
        "may_answer": can(user, "post", room),
    }


def threads_of(user: User) -> Sequence[Message]:
    """The first messages of threads that the user follows, the latest reply first.

    With authors, rooms as the user calls them, and `new_replies`: three queries.
    """
    first = Message.objects.filter(room=OuterRef("room"), seq=OuterRef("thread"))
    followed = Following.objects.filter(user=user)
    roots = followed.annotate(first=Subquery(first.values("pk")[:1])).values("first")
    readable = Message.objects.readable_anywhere(user)
    rows = readable.filter(pk__in=roots, reply_count__gt=0)
    latest = rows.select_related("author", "room").order_by("-last_reply_at", "-pk")
    found = list(latest[: limits.THREADS_SHOWN])
    entitle([one.room for one in found], user)
    mark_listed(user, found)
    return found


def changed_since(user: User, room: Room, root: Message, since: int) -> str:
    """What a pane that was read at change `since` may have missed while it came.

    Fragments for the pane, in the order of the messages; nothing is there twice after.
    """
    rows = Message.objects.readable_by(user, room).filter(
        Q(seq=root.seq) | Q(thread=root.seq)
    )
    changed = rows.filter(changed_seq__gt=since).select_related("author")
    found = changed.order_by("seq")[: limits.REPLAY_MAX_CHANGES]
    return "".join(_told(one, since) for one in quoted(named(found)))


def _told(message: Message, since: int) -> str:
    if message.first_changed_seq <= since:
        return replaced(message).decode()
    gone = partial(f"#r-{message.seq}", "delete", "")
    article = message_html(message, in_pane=True)
    return gone + partial(f"#replies-{message.thread}", "beforeend", article)
