"""How people want to be seen, on all of their devices: their availability.

The rule it guards: what somebody has chosen is known of a socket before it shows
anything, and a choice that ends is over at its end.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from accounts.models import User
from livechat.lib.redis import publish

CHANNEL = "people"
# From the time in a row to its commit, at most, and for clocks that differ.
LATE_COMMIT = timedelta(seconds=10)
STATES = ("online", "idle", "dnd", "invisible")  # each hides more than those before


@dataclass(frozen=True, slots=True)
class Chosen:
    """What one person has chosen; `until_s` in seconds since 1970, 0: no end.

    `count` is higher with each choice of theirs.
    """

    user_id: int
    public_id: str
    state: str
    until_s: int
    count: int

    def now(self) -> str:
        """The state that counts at this moment."""
        return current(self.state, self.until_s)


def current(state: str, until_s: int) -> str:
    """The state that was chosen, or online when that is over."""
    return "online" if until_s and until_s <= time.time() else state


def of(user: User) -> str:
    """What the user wants to be seen as at this moment."""
    return current(user.availability, user.available_until_s)


def end_of(user: User) -> datetime | None:
    """When what the user has chosen is over, None when it is or has no end."""
    until_s = user.available_until_s
    return datetime.fromtimestamp(until_s, tz=UTC) if until_s > time.time() else None


def shown(own: str, chosen: str) -> str:
    """What is shown of a connection: its own state, or what its person chose.

    The one of them that hides more.
    """
    return max(own, chosen, key=STATES.index)


def choose(user: User, state: str, until: datetime | None = None) -> None:
    """Be seen so from now on, everywhere; open sockets follow after the commit."""
    user.availability = state
    user.available_until_s = int(until.timestamp()) if until else 0
    User.objects.filter(pk=user.pk).update(
        availability=state,
        available_until_s=user.available_until_s,
        choices=F("choices") + 1,
    )
    tell(user)


def tell(user: User) -> None:
    """Let open pages show what has changed of the user, after the commit."""
    User.objects.filter(pk=user.pk).update(shown_at=timezone.now())
    transaction.on_commit(lambda: publish(CHANNEL, user.public_id.encode()))


def news(since: datetime) -> Sequence[tuple[Chosen, datetime]]:
    """Whoever changed lately, with the time of that; also whose status has just ended.

    One query. Some come again and again for a while: a row may be seen late.
    """
    now = timezone.now()
    recent = Q(shown_at__gt=now - LATE_COMMIT)
    ended = Q(profile__status_until__gt=since, profile__status_until__lte=now)
    fields = (
        "pk",
        "public_id",
        "availability",
        "available_until_s",
        "choices",
        "shown_at",
    )
    rows = User.objects.filter(recent).values_list(*fields)
    over = User.objects.filter(ended).values_list(*fields)
    return [(Chosen(*row[:-1]), row[-1]) for row in rows.union(over)]
