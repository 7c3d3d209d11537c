"""Direct and group messages: rooms of the same people for ever, found by who they are.

The rule it guards: one room for one set of people, however many ask at the same moment.
"""

from collections.abc import Sequence
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.blocks import is_between
from accounts.models import User
from chat import lobby
from chat.access import require_site
from chat.changes import NotPossible, TooManyChanges, pay
from chat.models import Membership, Room
from chat.people import voice_fragment
from chat.silences import DESERTED, is_deserted
from livechat.lib import limits
from livechat.lib.words import marked

DAY = timedelta(days=1)


def begin_direct(actor: User, others: Sequence[User]) -> tuple[Room, bool]:
    """The room of exactly the actor and these people, and whether it is new.

    Who began it finds it at their side, the others with its first message.

    Raises:
        PermissionDenied: the actor is a guest of the site.
        NotPossible: nobody else is named, too many are, or one cannot be written to.
        TooManyChanges: the actor began too many today, or made too many changes.
    """
    require_site(actor, "begin_direct")
    people = {user.pk: user for user in (actor, *others)}
    _fitting(actor, people)
    key = ",".join(str(pk) for pk in sorted(people))
    if (found := Room.objects.filter(people_key=key).first()) is not None:
        return found, False
    for user in people.values():
        if not may_begin(actor, user):
            raise NotPossible(marked("You cannot write to {0}.", user))
    try:
        return _made(actor, list(people.values()), key), True
    except IntegrityError:  # somebody was quicker
        return Room.objects.get(people_key=key), False


def may_begin(actor: User, other: User) -> bool:
    """Whether the actor may begin to write to the other: who has an account.

    Not when either blocks the other.
    """
    return other.is_active and not is_between(actor, other)


def tell_deserted(gone: User) -> None:
    """Take the message box off the pages of those who have only each other left.

    For somebody whose account is closed by now; two queries a direct message of theirs.
    """
    directs = Room.objects.exclude(kind=Room.Kind.ROOM)
    for room in directs.filter(memberships__user=gone):
        if is_deserted(room):
            _close_boxes(room)


def _close_boxes(room: Room) -> None:
    html = voice_fragment(room.public_id, DESERTED).decode()
    rows = room.memberships.filter(user__is_active=True).select_related("user")
    people = [row.user for row in rows]
    transaction.on_commit(lambda: lobby.show(people, html))


def _fitting(actor: User, people: dict[int, User]) -> None:
    if len(people) < 2:
        raise NotPossible(marked("Choose somebody else to write to."))
    if len(people) > limits.DIRECT_MAX_PEOPLE:
        most = limits.DIRECT_MAX_PEOPLE - 1
        raise NotPossible(
            marked("Choose at most {0} people. For more, make a room.", most)
        )


def _made(actor: User, people: list[User], key: str) -> Room:
    with transaction.atomic():
        pay(actor)
        _within_a_day(actor)
        room = Room.objects.create(
            kind=Room.Kind.DIRECT if len(people) == 2 else Room.Kind.GROUP,
            people_key=key,
            is_private=True,
            creator=actor,
        )
        rows = [Membership(room=room, user=user) for user in people]
        Membership.objects.bulk_create(rows)
        transaction.on_commit(lambda: lobby.direct_begun(room, people, actor))
    return room


def _within_a_day(actor: User) -> None:
    """Refuse somebody who began too many today: only strangers would notice."""
    begun = Room.objects.exclude(kind=Room.Kind.ROOM).filter(creator=actor)
    today = begun.filter(created_at__gt=timezone.now() - DAY).order_by("created_at")
    at = list(today.values_list("created_at", flat=True)[: limits.DIRECTS_PER_DAY])
    if len(at) >= limits.DIRECTS_PER_DAY:
        raise TooManyChanges((at[0] + DAY - timezone.now()).total_seconds())
