"""Reminders: set, listed, cancelled, and told when it is time, once.

The rule it guards: what was set is told, whatever was restarted meanwhile; the row goes
in the transaction that writes the notice.
"""

from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import User
from accounts.profiles import Profile
from chat import notices
from chat.changes import NotPossible, pay
from chat.models import Room
from chat.notice_tables import Notice
from chat.reminder_tables import Reminder
from livechat.lib import limits
from livechat.lib.moments import NoMoment, split
from livechat.lib.text import TextError, normalise_name
from livechat.lib.words import marked
from livechat.lib.zones import zone
from livechat.push import outbox
from livechat.push.models import Preferences

AT_ONCE = 100  # reminders of one transaction


def local_now(user: User) -> datetime:
    """The moment by the user's own clock, that of their profile first; two queries."""
    told = Profile.objects.filter(user=user).values_list("zone", flat=True).first()
    kept = Preferences.objects.filter(user=user).values_list("zone", flat=True).first()
    return timezone.now().astimezone(zone(told or kept or "UTC"))


def understood(words: str, now: datetime) -> tuple[datetime, str]:
    """When and of what, from words such as `me tomorrow 9:00 to call Bob`.

    Raises:
        NotPossible: they say no moment, or nothing to be reminded of.
    """
    if len(words) > 2 * limits.REMINDER_MAX_LENGTH:
        raise NotPossible(
            marked("Write at most {0} characters.", limits.REMINDER_MAX_LENGTH)
        )
    head, _, tail = words.strip().partition(" ")
    try:
        due_at, text = split(tail if head.lower() in {"me", "mich"} else words, now)
    except NoMoment as error:
        raise NotPossible(str(error)) from error
    head, _, tail = text.partition(" ")
    return due_at, (tail if head.lower() in {"to", "that", "an"} and tail else text)


def set_reminder(
    user: User,
    text: str,
    due_at: datetime,
    *,
    room: Room | None = None,
    client_id: UUID | None = None,
) -> Reminder:
    """Store one; a repeat of its `client_id` changes nothing and costs nothing.

    Raises:
        NotPossible: the text or the moment will not do, or they have very many.
        TooManyChanges: they have made too many changes.
    """
    text, now = _checked(text), timezone.now()
    if not now < due_at <= now + timedelta(days=limits.REMINDER_MAX_DAYS):
        most = limits.REMINDER_MAX_DAYS
        raise NotPossible(
            marked("Choose a time that is to come, within {0} days.", most)
        )
    client_id = client_id or uuid4()
    theirs = Reminder.objects.filter(user=user)
    same = theirs.filter(client_id=client_id)
    if (found := same.first()) is not None:
        return found
    with transaction.atomic():
        pay(user)  # which lets one of two who meet here go first
        if (found := same.first()) is not None:
            return found
        if theirs.count() >= limits.REMINDERS_MAX:
            most = limits.REMINDERS_MAX
            raise NotPossible(marked("You have {0} reminders. Cancel one first.", most))
        return Reminder.objects.create(
            user=user, client_id=client_id, room=room, text=text, due_at=due_at
        )


def listed(user: User) -> QuerySet[Reminder]:
    """The user's own that are to come, the next one first."""
    return Reminder.objects.filter(user=user).order_by("due_at", "pk")


def cancel(user: User, public_id: str) -> bool:
    """Forget one of the user's; False when there is none."""
    return bool(listed(user).filter(public_id=public_id).delete()[0])


def ring() -> int:
    """Tell of those whose time has come; how many they were. One transaction."""
    now = timezone.now()
    due = Reminder.objects.filter(due_at__lte=now, user__is_active=True)
    if not due.exists():  # without the write lock of SQLite's transactions
        return 0
    with transaction.atomic():
        rows = due.select_for_update(skip_locked=True, of=("self",))
        found = list(rows.select_related("user", "room").order_by("due_at")[:AT_ONCE])
        for one in found:
            _tell(one, now)
        Reminder.objects.filter(pk__in=[one.pk for one in found]).delete()
    return len(found)


def _tell(one: Reminder, now: datetime) -> None:
    # Under one name, so that a notice that is read takes its notification along.
    key = f"reminder:{one.public_id}"
    notices.note_one(
        Notice(
            user=one.user,
            key=key,
            kind=Notice.Kind.REMINDER,
            room=_still_there(one.room),
            text=one.text,
            at=now,
        )
    )
    word = outbox.Word(key, marked("Reminder"), one.text, "/notifications")
    outbox.notify([one.user_id], word)


def _still_there(room: Room | None) -> Room | None:
    return None if room is None or room.deleted_at else room


def _checked(text: str) -> str:
    if not text.strip():
        raise NotPossible(
            marked("Say of what, too, such as: in 20 minutes take out the bread.")
        )
    try:
        return normalise_name(text, max_length=limits.REMINDER_MAX_LENGTH)
    except TextError as error:
        raise NotPossible(str(error)) from error
