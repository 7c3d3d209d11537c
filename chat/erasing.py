"""What rooms say of an erased person goes batch by batch, so that nobody waits for it.

The rule it guards: each change of a message is a change of its room's log, so that open
pages and programs follow; and a name is taken out only where it is this person's.
"""

import re
from collections.abc import Callable, Iterator
from html import escape

from django.db import transaction
from django.db.models import Q

from accounts.models import ERASED, User
from chat.changes import Change
from chat.mention_tables import Mention
from chat.models import Ban, Membership, Message, Room
from chat.moderation_tables import AuditEntry, Erasure, Report
from chat.own_tables import Draft, Saved
from chat.thread_tables import Following
from livechat.lib import limits

Reword = Callable[[str], str]


def begin(user: User, name: str, *, messages: bool) -> None:
    """Take the person out of all rooms but direct messages, and note what is to do.

    Within the transaction that erases them.
    """
    Membership.objects.filter(user=user, room__kind=Room.Kind.ROOM).delete()
    for kept in (Ban, Draft, Following, Saved):
        kept.objects.filter(user=user).delete()
    Report.objects.filter(reporter=user).update(note="")
    Erasure.objects.create(user=user, name=name, deletes_messages=messages)


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
    reword = _rewording(erasure.name)
    _reword_audit(erasure, room, reword)
    change = Change(erasure.user, room)
    for message in _told_of(erasure, room):
        body = reword(message.body)
        change.reword(message, body, escape(body))
    for message in _mentioning(erasure, room):
        change.reword(message, *_without_mention(erasure, message))
    if erasure.deletes_messages and not change.entries:
        for message in _written_by(erasure, room):
            change.delete(message)
    if not change.entries:
        return False
    change.store()
    return True


def _told_of(erasure: Erasure, room: Room) -> Iterator[Message]:
    """Lines of the log that name the person, whoever did it."""
    who = Q(author=erasure.user_id) | Q(event__contains=erasure.user.public_id)
    rows = Message.objects.filter(
        who, room=room, kind=Message.Kind.SYSTEM, body__contains=erasure.name
    ).select_related("author")
    reword = _rewording(erasure.name)
    for row in rows.order_by("seq")[: limits.ERASE_BATCH_MESSAGES]:
        if reword(row.body) != row.body:
            yield row


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


def _without_mention(erasure: Erasure, message: Message) -> tuple[str, str]:
    """The message's text and HTML with nobody in place of the person."""
    name = re.escape(erasure.name).replace(r"\ ", "[ _]")
    body = re.sub(rf"@{name}(?!\w)", f"@{ERASED}", message.body, flags=re.IGNORECASE)
    chip = rf'(<span class="mention" data-user="{erasure.user.public_id}">@)[^<]*'
    return body, re.sub(chip, rf"\g<1>{ERASED}", message.html)


def _reword_audit(erasure: Erasure, room: Room, reword: Reword) -> None:
    rows = AuditEntry.objects.filter(room=room, sentence__contains=erasure.name)
    for row in rows:
        if (sentence := reword(row.sentence)) != row.sentence:
            AuditEntry.objects.filter(pk=row.pk).update(sentence=sentence)


def _rewording(name: str) -> Reword:
    """Puts nobody in the place of a name, but not of a longer one that begins so."""
    longer = User.objects.filter(display_name__startswith=f"{name} ")
    others = sorted(longer.values_list("display_name", flat=True), key=len)[::-1]
    names = "|".join(re.escape(one) for one in [*others, name])
    pattern = re.compile(rf"(?<![\w@])({names})(?!\w)")

    def reword(sentence: str) -> str:
        return pattern.sub(lambda m: ERASED if m[1] == name else m[1], sentence)

    return reword
