"""What people are to know of, written down: by the room worker and by changes of rooms.

The rule it guards: a row for each thing and person, written in the transaction of what
it is about and gone with it; a batch that concerns nobody in particular costs nothing.
"""

from collections.abc import Collection, Iterable, Sequence

from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from chat import following, telling
from chat.desk import Desk
from chat.mention_tables import EVERYBODY_KEY
from chat.models import Membership, Message, Room
from chat.news import News, of_lists, of_room, tell
from chat.notice_tables import ASIDE, FOLLOWS, Notice
from chat.silences import RUNS_TALK
from chat.telling import blockers, hearers_of, tell_named, written_at
from livechat.lib import limits
from livechat.push import outbox

Kind = Notice.Kind


def note(desks: Sequence[Desk]) -> list[News]:
    """Write down what a batch of the room worker means for people.

    For mentions, answers and direct messages one statement, and a question for each
    room with answers and each text for everybody; for deletions four, for edits two.
    Else nothing.
    """
    found = [notice for desk in desks for notice in _of(desk)]
    news = [*_put(found), *(one for desk in desks for one in _deleted(desk))]
    for desk in desks:
        for author, root in {
            (one.author_id, one.thread) for one in desk.new.values() if one.thread
        }:  # who writes in a thread has seen it
            rows = Notice.objects.filter(user=author, room=desk.room, read_at=None)
            if rows.filter(text=f"{ASIDE}{root}").update(read_at=timezone.now()):
                news.append(News(author, room=desk.room.public_id))
    return news


def note_one(notice: Notice) -> None:
    """Write down one thing, and tell the person's pages after the commit."""
    tell(_put([notice]))


def reacted(message: Message, actor: User, emoji: str, *, on: bool) -> list[News]:
    """Write down that somebody reacted; it is listed, and calls for nobody's attention.

    The newest takes the place of those before; what is taken back, of none.
    """
    key = f"reaction:{message.room_id}:{message.seq}"
    if message.author_id == actor.pk or blockers(actor.pk, [message.author_id]):
        return []
    if not on:
        told = Notice.objects.filter(user=message.author_id, key=key)
        told.filter(actor=actor, text=emoji).delete()
        return []
    now = timezone.now()
    notice = Notice(
        user_id=message.author_id,
        key=key,
        kind=Kind.REACTION,
        room=message.room,
        seq=message.seq,
        actor=actor,
        text=emoji,
        at=now,
        read_at=now,
    )
    return _put([notice])


def deleted(room: Room, seqs: Collection[int]) -> list[News]:
    """Forget what was about messages that are deleted; a direct's goes back by one.

    Whose lists show one is told too.
    """
    rows = list(Notice.objects.of_message(room.pk, seqs).exclude(kind=Kind.REMINDER))
    kept = [one for one in rows if one.kind == Kind.DIRECT and _went_back(one, room)]
    Notice.objects.filter(pk__in=[one.pk for one in rows if one not in kept]).delete()
    told = [News(one.user_id, room=room.public_id) for one in rows]
    return told + of_lists(room, seqs)


def lost(room: Room, users: Collection[int] | None = None) -> None:
    """Forget what these people (None: all) were told of a room that is not theirs.

    What their open lists show of it goes too.
    """
    rows = Notice.objects.filter(room=room)
    if users is not None:
        rows = rows.filter(user__in=users)
    told = {*(users or ()), *rows.values_list("user", flat=True)}
    news = [News(user, room=room.public_id) for user in told]
    rows.filter(kind=Kind.REMINDER).update(room=None)  # what it says is their own
    rows.exclude(kind=Kind.REMINDER).delete()
    tell(news + of_room(room) if users is None else news)


def invited(actor: User, room: Room, user: User) -> None:
    """Tell somebody that they were put into a room."""
    note_one(
        Notice(
            user=user,
            key=f"invitation:{room.pk}",
            kind=Kind.INVITATION,
            room=room,
            actor=actor,
            at=timezone.now(),
        )
    )


def reported(message: Message, reporter: User) -> None:
    """Tell who may settle it that a message was reported, but nobody of their own.

    `room` of the message must be loaded.
    """
    runs_it = Q(memberships__room=message.room_id, memberships__role__in=RUNS_TALK)
    on_site = Q(role__in=[User.Role.OWNER, User.Role.ADMIN])
    people = User.objects.filter(runs_it | on_site, is_active=True).distinct()
    others = people.exclude(pk__in=[message.author_id, reporter.pk])
    key = f"report:{message.room_id}:{message.seq}"
    now = timezone.now()
    notices = [
        Notice(
            user=one,
            key=key,
            kind=Kind.REPORT,
            room=message.room,
            seq=message.seq,
            at=now,
        )
        for one in others
    ]
    tell(_put(notices))


def settled(room: Room, seq: int) -> None:
    """Forget that a message was reported."""
    rows = Notice.objects.of_message(room.pk, [seq]).filter(kind=Kind.REPORT)
    told = list(rows.values_list("user", flat=True))
    rows.delete()
    tell([News(user) for user in told])


def read_thread(user: User, room: Room, root: int) -> None:
    """Note that the user has seen a thread to its end; two statements.

    Their devices show its answers no more, for a question and what `withdraw` costs.
    """
    was_behind = following.read(user, room, root)
    rows = Notice.objects.filter(user=user, room=room, text=f"{ASIDE}{root}")
    if rows.filter(read_at=None).update(read_at=timezone.now()) or was_behind:
        telling.read_thread(user, room, root)
        tell([News(user.pk, room=room.public_id)])


def mark_read(user: User, public_id: str = "") -> int:
    """Note that the user has read one of theirs, or all; how many they had not.

    With all also the threads that they follow.
    """
    rows = Notice.objects.filter(user=user, read_at=None)
    if public_id:
        rows = rows.filter(public_id=public_id)
    reminders = rows.filter(kind=Kind.REMINDER).values_list("key", flat=True)
    outbox.withdraw([(user.pk, key) for key in reminders])
    count = rows.update(read_at=timezone.now())
    if not public_id:
        count += following.read_all(user)
    tell([News(user.pk)] if count else [])
    return count


def _of(desk: Desk) -> Iterable[Notice]:
    written = written_at(desk)
    if desk.room.people_key:
        return _directs(desk, written)
    return _to_people(desk, written)


def _directs(desk: Desk, written: Sequence[Message]) -> Iterable[Notice]:
    """One for each of the others, of the newest that is not theirs."""
    for message in written:  # of a person's rows the last one stays
        for user in hearers_of(desk.room, message.author_id):
            if message.in_room:
                yield _notice(Kind.DIRECT, user, message, f"direct:{desk.room.pk}")
            else:
                yield _notice(Kind.REPLY, user, message, _key(message))


def _to_people(desk: Desk, written: Sequence[Message]) -> Iterable[Notice]:
    answered, followers = _answered(desk.room, written), following.followers(desk)
    for message in written:
        named = set(message.mentioned)
        everybody = EVERYBODY_KEY in named
        more = _everybody(message) if everybody else set()
        if message.reply_to in answered:
            more.add(answered[message.reply_to])
        more |= followers.get(message.thread, set())
        more -= {*named, message.author_id}
        more -= blockers(message.author_id, more)
        if more:
            tell_named(message, more)
        for user in sorted((named | more) - {EVERYBODY_KEY}):
            kind = Kind.MENTION if everybody or user in named else Kind.REPLY
            notice = _notice(kind, user, message, _key(message))
            if message.in_room and kind == Kind.REPLY:
                is_theirs = user == answered.get(message.reply_to)
                notice.text = "" if is_theirs else FOLLOWS
            yield notice


def _key(message: Message) -> str:
    return f"said:{message.room_id}:{message.seq}"


def _answered(room: Room, written: Sequence[Message]) -> dict[int | None, int]:
    """Whose message each number is that is answered, of those who still belong."""
    seqs = {one.reply_to for one in written if one.reply_to is not None}
    if not seqs:
        return {}
    rows = Message.objects.filter(
        room=room,
        seq__in=seqs,
        deleted_at=None,
        kind=Message.Kind.TEXT,
        author__memberships__room=room,
    )
    return dict(rows.values_list("seq", "author"))


def _everybody(message: Message) -> set[int]:
    rows = Membership.objects.filter(room=message.room_id, user__is_active=True)
    most = limits.NOTICE_EVERYBODY_MAX
    return set(rows.order_by("-last_read_seq").values_list("user", flat=True)[:most])


def _notice(kind: str, user: int, message: Message, key: str) -> Notice:
    return Notice(
        user_id=user,
        key=key,
        kind=kind,
        room=message.room,
        seq=message.seq,
        actor_id=message.author_id,
        text="" if message.in_room else f"{ASIDE}{message.thread}",
        at=message.created_at,
    )


def _put(notices: Iterable[Notice]) -> list[News]:
    """Store the last of each person's and key; a newer one is unread again."""
    rows = {(one.user_id, one.key): one for one in notices}
    if not rows:
        return []
    Notice.objects.bulk_create(
        rows.values(),
        update_conflicts=True,
        unique_fields=["user", "key"],
        update_fields=["kind", "seq", "actor", "text", "at", "read_at"],
    )
    return [
        News(user, key, one.room.public_id if one.room else "")
        for (user, key), one in rows.items()
    ]


def _deleted(desk: Desk) -> list[News]:
    edited = {one.seq for one in desk.versions} - desk.purged
    told = of_lists(desk.room, edited)
    return told + deleted(desk.room, desk.purged) if desk.purged else told


def _went_back(notice: Notice, room: Room) -> bool:
    """Whether the person has something unread of the others before it: then that."""
    theirs = Membership.objects.filter(user=notice.user_id, room=room)
    read = theirs.values_list("last_read_seq", flat=True).first()
    before = Message.objects.filter(
        room=room, seq__lt=notice.seq, seq__gt=read or 0, deleted_at=None
    ).exclude(author=notice.user_id)
    last = before.counting().order_by("-seq").first()
    if last is None or read is None:
        return False
    notice.seq, notice.actor_id, notice.at = last.seq, last.author_id, last.created_at
    notice.save(update_fields=["seq", "actor", "at"])
    return True
