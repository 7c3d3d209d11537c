"""What somebody is to know of, read with the access of this moment, and how much it is.

The rule it guards: a notice tells no more than its room does to its reader by now, and
its number agrees with the badges: of a direct message it is what its badge says.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.timesince import timesince
from django.utils.translation import gettext

from accounts.models import User
from chat.models import Membership, Message, Room
from chat.notice_tables import ASIDE, Notice, NoticeQuerySet
from chat.silences import RUNS_TALK
from chat.thread_unread import threads_waiting
from chat.titles import entitle
from chat.unread import told_of, unread_in, unread_notices
from livechat.lib import limits
from livechat.lib.markdown import plain_text
from livechat.lib.prepared import Prepared

Kind = Notice.Kind
OF_MESSAGES = frozenset({Kind.MENTION, Kind.REPLY, Kind.DIRECT, Kind.REACTION})
# Reading in a room does not make these read.
COUNT_ALONE = frozenset({Kind.REPORT, Kind.INVITATION, Kind.REMINDER})
Standings = Mapping[tuple[int, int], Membership]  # by user and room


@dataclass(frozen=True, slots=True)
class Bell:
    """How much waits for somebody; of what, by key; and in which rooms (public ids)."""

    count: int = 0
    threads: int = 0  # that hold something new, of those that they follow
    keys: frozenset[str] = frozenset()
    rooms: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the list. `unread`: how much of it is, 0 when it is read."""

    id: str
    kind: str
    room: Room | None
    seq: int
    actor: User | None
    text: str
    emoji: str
    at: datetime
    unread: int
    url: str
    in_thread: bool  # of a thread that they follow, and no answer to their own words

    @property
    def ago(self) -> str:
        """How long it has been, as people say it."""
        is_now = timezone.now() - self.at < timedelta(minutes=1)
        if is_now:
            return gettext("just now")
        return gettext("%(time)s ago") % {"time": timesince(self.at, depth=1)}

    @property
    def fields(self) -> dict[str, Any]:
        """As the protocol has it, but its type and whether it is read."""
        who = self.actor
        return {
            "id": self.id,
            "kind": self.kind,
            "room": self.room.public_id if self.room else None,
            "seq": self.seq or None,
            "from": {"id": who.public_id, "name": who.display_name} if who else None,
            "text": self.text,
            "at": self.at,
        }


@dataclass(frozen=True, slots=True)
class Page:
    """Some lines of the list, and whether it goes on."""

    entries: list[Entry]
    further: str  # below which notice, seen or not; "" at its end


def waiting(user: User) -> int:
    """How much waits for the user; one query, and another one if anything does."""
    rows = _waiting.objects(user.pk)
    if not rows:
        return 0
    about = Membership.objects.filter(user=user, room__in={one.room_id for one in rows})
    found = about.select_related("room")
    standings = {(user.pk, one.room_id): one for one in found}
    return sum(_weight(one, user, _standing(one, standings)) for one in rows)


def bells(users: Collection[int]) -> dict[int, Bell]:
    """What waits for several people who have an account; four queries."""
    rows: dict[int, list[Notice]] = {user: [] for user in users}
    for one in _unread(users):
        rows[one.user_id].append(one)
    standings = _standings(one for theirs in rows.values() for one in theirs)
    threads = threads_waiting(users)
    found = User.objects.in_bulk(users)
    return {
        pk: replace(_bell(rows[pk], user, standings), threads=threads.get(pk, 0))
        for pk, user in found.items()
    }


def entries(user: User) -> list[Entry]:
    """The newest of the user's, the newest first; five queries."""
    return _page(user, Notice.objects.heard_by([user.pk])).entries


def page(user: User, before: str = "") -> Page | None:
    """Some of the user's, the newest first, below the notice `before`; six queries.

    What is not theirs to see any more is left out, so that it may be a short page. None
    when `before` is no notice of theirs, any more.
    """
    rows = Notice.objects.heard_by([user.pk])
    if before:
        last = Notice.objects.filter(user=user, public_id=before).first()
        if last is None:
            return None
        rows = rows.filter(Q(at__lt=last.at) | Q(at=last.at, pk__lt=last.pk))
    return _page(user, rows)


def _page(user: User, rows: NoticeQuerySet) -> Page:
    size = limits.NOTICES_PAGE_SIZE
    found = list(rows.select_related("actor").order_by("-at", "-pk")[: size + 1])
    further = found[size - 1].public_id if len(found) > size else ""
    return Page(_entries(user, found[:size]), further)


def unread(user: User) -> list[Entry]:
    """The user's unread ones, NOTICES_MAX at most, the newest first; five queries."""
    rows = _unread([user.pk])
    newest = rows.select_related("actor").order_by("-at", "-pk")
    found = _entries(user, newest[: limits.NOTICES_MAX])
    return [one for one in found if one.unread]


def fresh(user: User, keys: Collection[str]) -> list[Entry]:
    """Those of the user's with these keys, the oldest first; five queries."""
    rows = Notice.objects.heard_by([user.pk]).filter(key__in=keys)
    return _entries(user, rows.select_related("actor").order_by("at", "pk"))


def one(user: User, public_id: str) -> Entry | None:
    """One of the user's; None when it is not theirs, or not theirs to see any more."""
    rows = Notice.objects.heard_by([user.pk]).filter(public_id=public_id)
    return next(iter(_entries(user, rows.select_related("actor"))), None)


def _unread(users: Collection[int]) -> NoticeQuerySet:
    """Theirs, a few, however much was read without a look at the list."""
    return unread_notices(Notice.objects.heard_by(users))


_waiting = Prepared(lambda user: _unread([user]).select_related(None), int)


def _standings(notices: Iterable[Notice]) -> dict[tuple[int, int], Membership]:
    """The memberships that the notices are about; one query, none without any."""
    about = [(one.user_id, one.room) for one in notices if one.room]
    if not about:
        return {}
    rooms = {room.pk: room for _, room in about}
    users = {user for user, _ in about}
    found = Membership.objects.filter(user__in=users, room__in=rooms)
    standings = {}
    for one in found:
        one.room = rooms[one.room_id]
        standings[one.user_id, one.room_id] = one
    return standings


def _bell(notices: Iterable[Notice], user: User, standings: Standings) -> Bell:
    weighed = [(one, _weight(one, user, _standing(one, standings))) for one in notices]
    there = [one for one, weight in weighed if weight]
    return Bell(
        count=sum(weight for _, weight in weighed),
        keys=frozenset(one.key for one in there),
        rooms=frozenset(one.room.public_id for one in there if one.room),
    )


def _standing(notice: Notice, standings: Standings) -> Membership | None:
    return standings.get((notice.user_id, notice.room_id or 0))


def _weight(notice: Notice, user: User, standing: Membership | None) -> int:
    """How much of it is unread: of what is read in its room too, nothing."""
    if notice.read_at is not None or not _is_theirs(notice, user, standing):
        return 0
    if standing is None or notice.kind in COUNT_ALONE:
        return 1
    if notice.text.startswith(ASIDE):  # what is read in the room is not the thread
        return int(standing.level != Membership.Level.NOTHING)
    if notice.kind == Kind.DIRECT:
        return told_of(standing.level, (unread_in(standing), 0))[0]
    is_loud = standing.level != Membership.Level.NOTHING
    return int(is_loud and notice.seq > standing.last_read_seq)


def _is_theirs(notice: Notice, user: User, standing: Membership | None) -> bool:
    """Whether its reader may still know of it, as far as its room says."""
    if notice.kind == Kind.REMINDER:
        return True
    if notice.kind == Kind.REPORT:
        return user.is_staff or (standing is not None and standing.role in RUNS_TALK)
    return standing is not None


def _entries(user: User, rows: Iterable[Notice]) -> list[Entry]:
    notices = list(rows)
    standings = _standings(notices)
    theirs = [
        one for one in notices if _is_theirs(one, user, _standing(one, standings))
    ]
    entitle([one.room for one in theirs if one.room], user)
    said = _messages(user, theirs)
    return [
        _entry(one, user, _standing(one, standings), said.get(_place(one)))
        for one in theirs
        if one.kind not in OF_MESSAGES or _place(one) in said
    ]


def _place(notice: Notice) -> tuple[int, int]:
    return notice.room_id or 0, notice.seq


def _messages(user: User, notices: Sequence[Notice]) -> dict[tuple[int, int], Message]:
    """The messages that they are about, as far as the user may read them; one query."""
    seqs: dict[int | None, list[int]] = {}
    for one in notices:
        if one.kind in OF_MESSAGES:
            seqs.setdefault(one.room_id, []).append(one.seq)
    if not seqs:
        return {}
    about = Q()
    for room, some in seqs.items():  # a term each: SQLite takes a thousand at most
        about |= Q(room=room, seq__in=some)
    rows = Message.objects.readable_anywhere(user).filter(about, deleted_at=None)
    return {(one.room_id, one.seq): one for one in rows}


def _entry(
    notice: Notice, user: User, standing: Membership | None, message: Message | None
) -> Entry:
    is_report = notice.kind == Kind.REPORT
    is_own = notice.kind == Kind.REMINDER
    longest = limits.NOTICE_TEXT_LENGTH
    text = plain_text(message.html, max_length=longest) if message else ""
    return Entry(
        id=notice.public_id,
        kind=notice.kind,
        # Who settles reports of the site, or was reminded of something in a room that
        # is not theirs any more, is not told of the room.
        room=None if standing is None else notice.room,
        seq=notice.seq,
        actor=None if is_report or is_own else notice.actor,
        text=notice.text if is_own else text,
        emoji=notice.text if notice.kind == Kind.REACTION else "",
        at=notice.at,
        unread=_weight(notice, user, standing),
        url=_url(notice, standing),
        in_thread=notice.kind == Kind.REPLY and bool(notice.text),
    )


def _url(notice: Notice, standing: Membership | None) -> str:
    """Where it leads, from where its reader stands."""
    if notice.kind == Kind.REPORT:
        if notice.room is None or standing is None:
            return reverse("site_reports")
        return reverse("room_reports", args=[notice.room.public_id])
    if notice.room is None or standing is None:
        return reverse("reminders")
    if notice.seq and notice.kind != Kind.DIRECT:
        return reverse("message_link", args=[notice.room.public_id, notice.seq])
    return reverse("room", args=[notice.room.public_id])
