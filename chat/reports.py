"""Messages that somebody reports, and what those who look at them do.

The rule it guards: a report is settled once, in the transaction that does what was
decided, and nobody decides about a message of their own. Nobody is told who reported.
"""

from django.db import models, transaction
from django.http import Http404
from django.utils import timezone

from accounts.models import User
from chat import lobby, notices
from chat.access import can, require
from chat.changes import Change, NotPossible, changing, pay
from chat.members import mute
from chat.models import Message, Room
from chat.moderation_tables import Report
from livechat.lib.words import marked

Outcome = Report.Outcome

# What who reported is told.
LOOKED_AT = {
    Outcome.DELETED.value: marked(
        "Your report was looked at: the message was deleted."
    ),
    Outcome.MUTED.value: marked("Your report was looked at: its author was muted."),
    Outcome.DISMISSED.value: marked("Your report was looked at: it was left as it is."),
}


def report(user: User, room: Room, seq: int, *, reason: str, note: str = "") -> Report:
    """Ask for a look at somebody else's message; a repeat gives the same report.

    Raises:
        Http404: the room or the message is not there, or not theirs to read.
        PermissionDenied: they do not belong to the room.
        NotPossible: it is their own, or a line of the log.
        TooManyChanges: they have made too many.
    """
    with transaction.atomic():
        require(user, "report", room)
        message = readable_or_404(user, room, seq)
        if message.author_id == user.pk:
            raise NotPossible(marked("This message is yours. You can delete it."))
        if message.kind != Message.Kind.TEXT or message.deleted_at is not None:
            raise NotPossible(marked("There is nothing to report about this line."))
        found = Report.objects.filter(message=message, reporter=user).first()
        if found is not None:
            return found
        pay(user)  # which lets one of two who meet here go first
        made, is_new = Report.objects.get_or_create(
            message=message,
            reporter=user,
            defaults={"room": room, "reason": reason, "note": note},
        )
        if is_new:
            message.room = room
            notices.reported(message, user)
    return made


def readable_or_404(user: User, room: Room, seq: int) -> Message:
    """A message of the room that the user may read, with its author.

    Raises:
        Http404: there is none.
    """
    rows = Message.objects.readable_by(user, room).select_related("author")
    found = rows.filter(seq=seq).first()
    if found is None:
        raise Http404("No such message, or it is not yours to see.")
    return found


def open_reports(user: User, room: Room | None) -> "models.QuerySet[Report]":
    """The open reports of a room, or (None) of the whole site, the oldest first.

    Without those of the user's own messages. Whether they may see them is asked before.
    """
    return _reports(user, room).filter(resolved_at__isnull=True).order_by("pk")


def _reports(user: User, room: Room | None) -> "models.QuerySet[Report]":
    rows = Report.objects.filter(room__deleted_at=None)
    if room is not None:
        rows = rows.filter(room=room)
    rows = rows.exclude(message__author=user)
    return rows.select_related("message__author", "room")


def settle(actor: User, pk: int, room: Room | None, outcome: str) -> None:
    """Do what was decided about a report, and tell who made it.

    All open reports of the message are settled with it. What somebody else was quicker
    with stays as they left it. `room` None: wherever on the site it is.

    Raises:
        Http404: there is none, or it is of a message of theirs.
        NotPossible: its author cannot be muted. And those of `changing`.
    """
    found = _reports(actor, room).filter(pk=pk).first()
    if found is None:
        raise Http404("No such report, or it is not yours to settle.")
    if found.resolved_at is not None:
        return
    with changing(actor, found.room, "settle_report") as change:
        same = Report.objects.filter(message=found.message_id, resolved_at=None)
        told = list(User.objects.filter(reports__in=same))
        if not told:
            return
        _DO[outcome](change, found.message.author, found.message_id)
        same.update(outcome=outcome, resolved_at=timezone.now())
        notices.settled(found.room, found.message.seq)
        sentence = LOOKED_AT[outcome]
        transaction.on_commit(lambda: lobby.tell_people(told, sentence))


def _delete(change: Change, author: User, message: int) -> None:
    change.delete(Message.objects.select_related("author").get(pk=message))
    sentence = f"{change.actor} deleted a reported message of {author}."
    change.audit("report", sentence)


def _mute(change: Change, author: User, message: int) -> None:
    if not can(change.actor, "mute", change.room):
        raise NotPossible(
            marked("Here you can delete the message, or leave it as it is.")
        )
    mute(change, author, muted=True)


def _dismiss(change: Change, author: User, message: int) -> None:
    sentence = f"{change.actor} left a reported message of {author} as it is."
    change.audit("report", sentence)


_DO = {
    Outcome.DELETED.value: _delete,
    Outcome.MUTED.value: _mute,
    Outcome.DISMISSED.value: _dismiss,
}
