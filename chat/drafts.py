"""Texts that people have begun, kept for them until they are sent.

The rule it guards: one's drafts are one's own, and the mark at their room is true on
every device.
"""

from datetime import timedelta
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import User
from chat import lobby
from chat.access import message_or_404, require
from chat.begun import IN_ROOM, has_draft
from chat.changes import TooManyChanges
from chat.models import Message, Room
from chat.own_tables import Box, Draft
from livechat.lib import limits
from livechat.lib.text import checked_piece


def keep_draft(
    user: User, room: Room, body: str, client_id: UUID, box: Box = IN_ROOM
) -> None:
    """Keep what the user has begun; an empty text, or one that was sent, ends it.

    Raises:
        PermissionDenied: they do not belong to the room.
        Http404: the message of the box is not there, or not theirs to read.
        BadText: it has characters that no message has.
        TooLong: it has more than DRAFT_MAX_LENGTH code points.
        TooManyChanges: they kept one less than DRAFT_EVERY_S ago.
    """
    require(user, "keep_draft", room)
    text = body.replace("\r\n", "\n")
    checked = checked_piece(text, max_length=limits.DRAFT_MAX_LENGTH)
    sent = Message.objects.filter(room=room, author=user, client_id=client_id)
    if not checked.strip() or sent.exists():
        forget_draft(user, room, box)
        return
    kept = _drafts(user, room, box).values_list("body", "client_id").first()
    if kept == (checked, client_id):  # a box that is left says it once more
        return
    _wait(user)
    for seq in {box.thread, box.reply_to} - {0}:
        message_or_404(user, room, seq)
    Draft.objects.update_or_create(
        user=user,
        room=room,
        thread=box.thread,
        reply_to=box.reply_to,
        defaults={
            "body": checked,
            "client_id": client_id,
            "updated_at": timezone.now(),
        },
    )
    if kept is None:
        _make_room(user)
    if kept is None or not kept[0]:
        lobby.draft_marked(room, user, is_begun=True)


def forget_draft(user: User, room: Room, box: Box = IN_ROOM) -> None:
    """Nothing is begun there any more, as it was sent or taken away."""
    if _drafts(user, room, box).exclude(body="").update(body=""):
        lobby.draft_marked(room, user, is_begun=has_draft(user, room))


def _drafts(user: User, room: Room, box: Box) -> "QuerySet[Draft]":
    rows = Draft.objects.filter(user=user, room=room)
    return rows.filter(thread=box.thread, reply_to=box.reply_to)


def _wait(user: User) -> None:
    """Nothing, if the user kept none for DRAFT_EVERY_S."""
    last = Draft.objects.filter(user=user).order_by("-updated_at").first()
    if last is not None:
        end = last.updated_at + timedelta(seconds=limits.DRAFT_EVERY_S)
        wait = end - timezone.now()
        if wait > timedelta(0):
            raise TooManyChanges(wait.total_seconds())


def _make_room(user: User) -> None:
    """Let go of the oldest above DRAFTS_MAX."""
    rows = Draft.objects.filter(user=user).order_by("-updated_at")
    oldest = list(rows.values_list("pk", flat=True)[limits.DRAFTS_MAX :])
    Draft.objects.filter(pk__in=oldest).delete()
