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
    naming = Mention.objects.filter(user=user, **shown)
    outbox.forget(
        Push.objects.filter(Exists(written)), Push.objects.filter(Exists(naming))
    )


def sweep_erased() -> bool:
    """Do one batch; False when there is nothing to do. Two who meet take turns."""
    if not Erasure.objects.exists():  # without the write lock of SQLite's transactions
        return False
    with transaction.atomic():
        erasure = Erasure.objects.order_by("created_at").first()
        if erasure is None:
            return False
        rooms = Room.objects.filter(pk__gt=erasure.done_upto).order_by("pk")
        room = rooms.select_for_update(no_key=True).first()
        if room is None:
            erasure.delete()
        elif not _change(erasure, room):
            Erasure.objects.filter(pk=erasure.pk).update(done_upto=room.pk)
    return True


def _change(erasure: Erasure, room: Room) -> bool:
    """Do one batch in the locked room; False when it is done."""
    change = Change(erasure.user, room)
    _reword_lines(erasure, change)
    _reword_kept(erasure, room)
    for message in _mentioning(erasure, room):
        change.reword(message, *_without_mention(erasure, message))
        outbox.reword(room.public_id, message.seq, message.body)
    if erasure.deletes_messages and not change.entries:
        for message in _written_by(erasure, room):
            change.delete(message)
    elif not change.entries:
        for message in _acted(erasure, room):
            change.reword(message, *_without_name(erasure, message))
    if not change.entries:
        return False
    change.store()
    return True


def _names(erasure: Erasure) -> list[str]:
    """What they were called, but names that somebody else has by now."""
    former = json.loads(erasure.former)
    others = User.objects.filter(name_skeleton__in=[skeleton(one) for one in former])
    taken = set(others.exclude(pk=erasure.user_id).values_list("name_skeleton"))
    free = [one for one in former if (skeleton(one),) not in taken]
    return [erasure.name, *free]


def _reword_lines(erasure: Erasure, change: Change) -> None:
    """Take them out of the room's log, and out of the same words of its audit log."""
    former = json.loads(erasure.former)
    reword = _rewording(_names(erasure))
    for message in _told_of(erasure, change.room):
        body, name = unnamed(message, erasure.user)
        if name and name not in {erasure.name, *former}:
            former.append(name)
        if (body := reword(body)) == message.body:
            continue
        same = AuditEntry.objects.filter(room=change.room, sentence=message.body)
        same.update(sentence=body)
        change.reword(message, body, escape(body))
        if len(change.entries) >= limits.ERASE_BATCH_MESSAGES:
            break
    if (kept := json.dumps(former)) != erasure.former:
        erasure.former = kept
        Erasure.objects.filter(pk=erasure.pk).update(former=kept)


def _told_of(erasure: Erasure, room: Room) -> list[Message]:
    """Lines of the log that may name the person, whoever did it."""
    by_them = Q(author=erasure.user_id) & ~Q(body__startswith=ERASED)
    named = Q(body__contains=erasure.name) & Q(author=erasure.user_id)
    about = Q(event__contains=erasure.user.public_id)
    rows = Message.objects.filter(
        by_them | named | about, room=room, kind=Message.Kind.SYSTEM
    )
    return list(rows.select_related("author").order_by("seq"))


def _mentioning(erasure: Erasure, room: Room) -> list[Message]:
    """Messages with a chip of the person's; each comes once."""
    mentions = Mention.objects.filter(room=room, user=erasure.user_id)
    numbers = list(
        mentions.values_list("seq", flat=True)[: limits.ERASE_BATCH_MESSAGES]
    )
    mentions.filter(seq__in=numbers).delete()
    rows = Message.objects.filter(room=room, seq__in=numbers, deleted_at=None)
    return list(rows.select_related("author").order_by("seq"))


def _written_by(erasure: Erasure, room: Room) -> list[Message]:
    rows = Message.objects.filter(
        room=room, author=erasure.user_id, kind=Message.Kind.TEXT, deleted_at=None
    ).select_related("author")
    return list(rows.order_by("seq")[: limits.ERASE_BATCH_MESSAGES])


def _acted(erasure: Erasure, room: Room) -> list[Message]:
    """What they wrote with `/me`, which begins with their name."""
    begins = Q()
    for name in _names(erasure):
        begins |= Q(body__startswith=f"*{as_markdown(name)} ")
    rows = Message.objects.filter(
        begins, room=room, author=erasure.user_id, kind=Message.Kind.TEXT
    ).select_related("author")
    return list(rows.order_by("seq")[: limits.ERASE_BATCH_MESSAGES])


def _without_name(erasure: Erasure, message: Message | Version) -> tuple[str, str]:
    """The text and HTML of what they wrote with `/me`, as by nobody."""
    body, html = message.body, message.html
    for name in _names(erasure):
        if body.startswith(begin := f"*{as_markdown(name)} "):
            body = f"*{ERASED} {body.removeprefix(begin)}"
            html = html.replace(f"<em>{escape(name)} ", f"<em>{ERASED} ", 1)
            break
    return body, html


def _without_mention(erasure: Erasure, message: Message | Version) -> tuple[str, str]:
    """The text and HTML of a message with nobody in place of the person."""
    chip = rf'(<span class="mention" data-user="{erasure.user.public_id}">@)([^<]*)'
    body, called = (
        message.body,
        {unescape(one[2]) for one in re.finditer(chip, message.html)},
    )
    for one in {*_names(erasure), *called}:
        name = re.escape(one).replace(r"\ ", "[ _]")
        body = re.sub(rf"@{name}(?!\w)", f"@{ERASED}", body, flags=re.IGNORECASE)
    return body, re.sub(chip, rf"\g<1>{ERASED}", message.html)


def _reword_kept(erasure: Erasure, room: Room) -> None:
    """Take them out of the room's audit log, and of the earlier texts of messages."""
    names = _names(erasure)
    reword, holds = _rewording(names), Q()
    for name in names:
        holds |= Q(sentence__contains=name)
    for row in AuditEntry.objects.filter(holds, room=room):
        if (sentence := reword(row.sentence)) != row.sentence:
            AuditEntry.objects.filter(pk=row.pk).update(sentence=sentence)
    chip = f'data-user="{erasure.user.public_id}">@'
    mentioning = Version.objects.filter(room=room, html__contains=chip)
    for version in mentioning.exclude(html__contains=f"{chip}{ERASED}"):
        body, html = _without_mention(erasure, version)
        Version.objects.filter(pk=version.pk).update(body=body, html=html)


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
