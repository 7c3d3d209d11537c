"""What rooms say of an erased person goes batch by batch, so that nobody waits for it.

The rule it guards: each change of a message is a change of its room's log, so that open
pages and programs follow; and a name is taken out only where it is this person's.
"""

import json
import re
from collections.abc import Callable, Sequence
from html import escape, unescape

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from accounts.models import ERASED, User
from chat.changes import Change
from chat.happenings import unnamed
from chat.mention_tables import Mention
from chat.models import Ban, Membership, Message, Room
from chat.moderation_tables import AuditEntry, Erasure, Report
from chat.own_tables import Draft, Saved
from chat.thread_tables import Following
from chat.versions import Version
from livechat.lib import limits
from livechat.lib.text import as_markdown, skeleton
from livechat.push import outbox
from livechat.push.models import Push

Reword = Callable[[str], str]


def begin(user: User, name: str, *, messages: bool) -> None:
    """Take the person out of all rooms but direct messages, and note what is to do.

    Within the transaction that erases them.
    """
    Membership.objects.filter(user=user, room__kind=Room.Kind.ROOM).delete()
    for kept in (Ban, Draft, Following, Saved):
        kept.objects.filter(user=user).delete()
    Report.objects.filter(reporter=user).update(note="")
    _take_back(user)
    lines = Message.objects.filter(author=user, kind=Message.Kind.SYSTEM)
    former = {unnamed(one, user)[1] for one in lines.iterator()} - {"", name}
    Erasure.objects.create(
        user=user,
        name=name,
        former=json.dumps(sorted(former)),
        deletes_messages=messages,
    )


def _take_back(user: User) -> None:
    """Take what they wrote from others' devices, and their name out of what is kept."""
    shown = {"room__public_id": OuterRef("room"), "seq": OuterRef("seq")}
    written = Message._base_manager.filter(author=user, **shown)
    naming = Message._base_manager.filter(_chips_of(user), **shown)
    outbox.forget(
        Push.objects.filter(Exists(written)), Push.objects.filter(Exists(naming))
    )


def sweep_erased() -> bool:
    """Do one batch; False when there is nothing to do. Two who meet take turns."""
    if not Erasure.objects.exists():  # without the write lock of SQLite's transactions
        return False
    with transaction.atomic():
        # Locked before the room; nobody who has a room wants this.
        erasures = Erasure.objects.select_for_update().order_by("created_at")
        erasure = erasures.first()
        if erasure is None:
            return False
        rooms = Room.objects.filter(pk__gt=erasure.done_upto).order_by("pk")
        room = rooms.select_for_update(no_key=True).first()
        if room is None:
            erasure.delete()
        else:
            _change(erasure, room)
    return True


def _change(erasure: Erasure, room: Room) -> None:
    """Do one batch in the locked room, from where the one before ended.

    It goes on with what it looked at, changed or not, so that it ends in any case.
    """
    change = Change(erasure.user, room)
    if _reword_lines(erasure, change) and _reword_texts(erasure, change):
        _reword_kept(erasure, room)
        erasure.done_upto, erasure.lines_upto, erasure.texts_upto = room.pk, 0, 0
    erasure.save()
    if change.entries:
        change.store()


def _names(erasure: Erasure) -> list[str]:
    """What they were called, but names that somebody else has by now."""
    former = json.loads(erasure.former)
    others = User.objects.filter(name_skeleton__in=[skeleton(one) for one in former])
    taken = set(others.exclude(pk=erasure.user_id).values_list("name_skeleton"))
    free = [one for one in former if (skeleton(one),) not in taken]
    return [erasure.name, *free]


def _reword_lines(erasure: Erasure, change: Change) -> bool:
    """Take them out of the room's log, and out of the same words of its audit log.

    Before the texts, as these lines know names of theirs. Whether all are done.
    """
    former = json.loads(erasure.former)
    reword = _rewording(_names(erasure))
    lines = _told_of(erasure, change.room)
    for message in lines:
        body, name = unnamed(message, erasure.user)
        if name and name not in {erasure.name, *former}:
            former.append(name)
        if (body := reword(body)) == message.body:
            continue
        same = AuditEntry.objects.filter(room=change.room, sentence=message.body)
        same.update(sentence=body)
        change.reword(message, body, escape(body))
    erasure.former = json.dumps(former)
    is_done = len(lines) < limits.ERASE_BATCH_MESSAGES
    erasure.lines_upto = change.room.last_seq if is_done else lines[-1].seq
    return is_done


def _told_of(erasure: Erasure, room: Room) -> list[Message]:
    """The next lines of the log that may name the person, whoever did it."""
    about = Q(author=erasure.user_id) | Q(event__contains=erasure.user.public_id)
    rows = Message.objects.filter(
        about, room=room, kind=Message.Kind.SYSTEM, seq__gt=erasure.lines_upto
    ).select_related("author")
    return list(rows.order_by("seq")[: limits.ERASE_BATCH_MESSAGES])


def _reword_texts(erasure: Erasure, change: Change) -> bool:
    """Take them out of what people wrote, or delete what they wrote themselves.

    Whether all of the room is done.
    """
    room, names = change.room, _names(erasure)
    end = min(erasure.texts_upto + limits.ERASE_LOOK_MESSAGES, room.last_seq)
    most = limits.ERASE_BATCH_MESSAGES - len(change.entries)
    named = _chips_of(erasure.user) | _acts_of(names, author=erasure.user_id)
    if erasure.deletes_messages:
        named |= Q(author=erasure.user_id)
    rows = Message.objects.filter(
        named,
        room=room,
        seq__range=(erasure.texts_upto + 1, end),
        kind=Message.Kind.TEXT,
        deleted_at=None,
    )
    found = list(rows.select_related("author").order_by("seq")[:most])
    for message in found:
        is_theirs = message.author_id == erasure.user_id
        if is_theirs and erasure.deletes_messages:
            change.delete(message)
            continue
        words = _without(erasure, names, message, is_theirs=is_theirs)
        if words != (message.body, message.html):
            change.reword(message, *words)
            outbox.reword(room.public_id, message.seq, message.body)
    if len(found) < most:
        erasure.texts_upto = end
    elif found:
        erasure.texts_upto = found[-1].seq
    return erasure.texts_upto >= room.last_seq


def _chips_of(user: User) -> Q:
    """Texts with a chip of theirs, which no row of `Mention` need lead to.

    There is none where everybody is named besides, of oneself, and for whom one blocks.
    """
    return Q(html__contains=f'data-user="{user.public_id}">@')


def _acts_of(names: Sequence[str], **theirs: object) -> Q:
    """What they wrote with `/me`, which begins with their name."""
    begins = (("body__startswith", f"*{as_markdown(name)} ") for name in names)
    return Q(Q(*begins, _connector=Q.OR), **theirs)


def _without(
    erasure: Erasure, names: Sequence[str], row: Message | Version, *, is_theirs: bool
) -> tuple[str, str]:
    """The text and HTML of a message with nobody in place of the person."""
    body, html = row.body, row.html
    if f'data-user="{erasure.user.public_id}">@' in html:
        body, html = _without_mention(erasure, names, body, html)
    return _without_name(names, body, html) if is_theirs else (body, html)


def _without_name(names: Sequence[str], body: str, html: str) -> tuple[str, str]:
    """What they wrote with `/me`, as by nobody."""
    for name in names:
        if body.startswith(begin := f"*{as_markdown(name)} "):
            body = f"*{ERASED} {body.removeprefix(begin)}"
            called = escape(name, quote=False)  # as Markdown renders it
            return body, html.replace(f"<em>{called} ", f"<em>{ERASED} ", 1)
    return body, html


def _without_mention(
    erasure: Erasure, names: Sequence[str], body: str, html: str
) -> tuple[str, str]:
    """A text that has a chip of theirs, with nobody in it."""
    chip = rf'(<span class="mention" data-user="{erasure.user.public_id}">@)([^<]*)'
    called = {unescape(one[2]) for one in re.finditer(chip, html)}
    for one in {*names, *called}:
        name = re.escape(one).replace(r"\ ", "[ _]")
        body = re.sub(rf"@{name}(?!\w)", f"@{ERASED}", body, flags=re.IGNORECASE)
    return body, re.sub(chip, rf"\g<1>{ERASED}", html)


def _reword_kept(erasure: Erasure, room: Room) -> None:
    """Take them out of the room's audit log, and of the earlier texts of messages.

    Once for a room, at its end, with all names that its lines know.
    """
    names = _names(erasure)
    reword, holds = _rewording(names), Q()
    for name in names:
        holds |= Q(sentence__contains=name)
    for row in AuditEntry.objects.filter(holds, room=room):
        if (sentence := reword(row.sentence)) != row.sentence:
            AuditEntry.objects.filter(pk=row.pk).update(sentence=sentence)
    own = Message.objects.filter(room=room, author=erasure.user_id).values("seq")
    named = _chips_of(erasure.user) | _acts_of(names, seq__in=own)
    versions = list(Version.objects.filter(named, room=room))
    seqs = {one.seq for one in versions}
    theirs = set(own.filter(seq__in=seqs).values_list("seq", flat=True))
    for version in versions:
        is_theirs = version.seq in theirs
        body, html = _without(erasure, names, version, is_theirs=is_theirs)
        Version.objects.filter(pk=version.pk).update(body=body, html=html)
    Mention.objects.filter(room=room, user=erasure.user_id).delete()


def _rewording(names: Sequence[str]) -> Reword:
    """Puts nobody in the place of these names, but not of longer ones that begin so."""
    longer = Q()
    for name in names:
        longer |= Q(display_name__startswith=f"{name} ")
    found = User.objects.filter(longer).values_list("display_name", flat=True)
    others = sorted({*found, *names}, key=len)[::-1]
    pattern = re.compile(rf"(?<![\w@])({'|'.join(map(re.escape, others))})(?!\w)")

    def reword(sentence: str) -> str:
        return pattern.sub(lambda m: ERASED if m[1] in names else m[1], sentence)

    return reword
