"""Who follows the threads of a room, and who has read them.

The rule it guards: a row for each person and thread, written in the transaction of the
answer; a batch without answers costs nothing.
"""

from collections.abc import Sequence

from django.db.models import Case, F, Max, QuerySet, Value, When, Window
from django.db.models.functions import RowNumber

from accounts.models import User
from chat.desk import Desk
from chat.mention_tables import EVERYBODY_KEY, Mention
from chat.models import Membership, Message, Room
from chat.telling import written_at
from chat.thread_tables import Following
from livechat.lib import limits

Read = dict[tuple[int, int], int]  # up to which number, by thread and user


def follow(desks: Sequence[Desk]) -> None:
    """Let those follow who wrote in threads or are named there; they have a new end.

    Three statements for a room with answers, and a question for one whose thread
    begins, or where a text that grew names somebody; none for others.
    """
    for desk in desks:
        answers = [one for one in desk.new.values() if one.thread is not None]
        named = [one for one in written_at(desk) if one.thread and one.mentioned]
        if answers or named:
            _follow(desk, answers, named)


def followers(desk: Desk) -> dict[int | None, set[int]]:
    """Who follows the threads of the batch's answers and still belongs, by thread.

    Of answers that are whole now. One query, none without them. Of a thread that very
    many follow those who have read on last.
    """
    threads = {one.thread for one in written_at(desk) if one.thread is not None}
    if not threads:
        return {}
    members = Membership.objects.filter(room=desk.room, user__is_active=True)
    rows = Following.objects.filter(
        room=desk.room, thread__in=threads, user__in=members.values("user")
    )
    latest = Window(
        RowNumber(), partition_by=F("thread"), order_by=F("last_read_seq").desc()
    )
    told = rows.annotate(place=latest).filter(place__lte=limits.FOLLOWERS_TOLD)
    found: dict[int | None, set[int]] = {}
    for thread, user in told.values_list("thread", "user"):
        found.setdefault(thread, set()).add(user)
    return found


def read(user: User, room: Room, thread: int) -> bool:
    """Note that the user has read a thread to its end; whether they had not before."""
    rows = Following.objects.filter(user=user, room=room, thread=thread)
    return bool(_read(rows))


def read_all(user: User) -> int:
    """Note that the user has read all that they follow; how many threads not yet."""
    return _read(Following.objects.filter(user=user))


def _read(rows: "QuerySet[Following]") -> int:
    behind = rows.filter(last_read_seq__lt=F("newest_seq"))
    return behind.update(last_read_seq=F("newest_seq"))


def _follow(desk: Desk, answers: Sequence[Message], named: Sequence[Message]) -> None:
    room = desk.room
    wrote: Read = {(one.thread or 0, one.author_id): one.seq for one in answers}
    joined = _begun(desk, answers)
    for one in named:
        for user in set(one.mentioned) - {EVERYBODY_KEY}:
            joined.setdefault((one.thread or 0, user), one.seq - 1)
    if joined:
        Following.objects.bulk_create(_rows(room, joined), ignore_conflicts=True)
    if wrote:
        Following.objects.bulk_create(
            _rows(room, wrote),
            update_conflicts=True,
            unique_fields=["room", "thread", "user"],
            update_fields=["last_read_seq"],
        )
    ends = _ends(room, answers, {thread for thread, _ in joined})
    cases = [When(thread=thread, then=Value(end)) for thread, end in ends.items()]
    rows = Following.objects.filter(room=room, thread__in=ends)
    rows.update(newest_seq=Case(*cases))


def _ends(room: Room, answers: Sequence[Message], joined: set[int]) -> dict[int, int]:
    """The last answer of each thread: the batch's own, else it is asked for."""
    ends = {
        one.thread or 0: one.seq for one in sorted(answers, key=lambda one: one.seq)
    }
    if others := joined - ends.keys():
        rows = Message.objects.filter(room=room, thread__in=others).order_by()
        last = rows.values("thread").annotate(last=Max("seq"))
        found = last.values_list("thread", "last")
        ends |= {thread or 0: end for thread, end in found}
    return ends


def _begun(desk: Desk, answers: Sequence[Message]) -> Read:
    """Who wrote the first message of threads that begin now, or is named in it."""
    counts: dict[int, int] = {}
    for one in answers:
        counts[one.thread or 0] = counts.get(one.thread or 0, 0) + 1
    new = [seq for seq, n in counts.items() if desk.found[seq].reply_count <= n]
    if not new:
        return {}
    joined: Read = {(seq, desk.found[seq].author_id): seq for seq in new}
    named = Mention.objects.filter(room=desk.room, seq__in=new, user__isnull=False)
    for seq, user in named.values_list("seq", "user"):
        joined.setdefault((seq, user or 0), seq)
    return joined


def _rows(room: Room, read: Read) -> list[Following]:
    return [
        Following(room=room, thread=thread, user_id=user, last_read_seq=seq)
        for (thread, user), seq in sorted(read.items())
    ]
