"""What people have to read in each of their rooms, asked for many of them at once.

The rule it guards: a newcomer costs a share of one question, whose SQL is written once.
"""

from typing import NamedTuple

from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from chat.mention_tables import Mention, is_unheard
from chat.models import Membership
from livechat.lib.prepared import Prepared

AT_ONCE = 16  # people of one question


class Standing(NamedTuple):
    """How somebody stands in one room."""

    room: str  # public id
    last_seq: int
    counted: int  # messages that count as unread for who has read none
    read: int  # of those, how many they have read
    level: str  # of Membership.Level
    mentions: int  # unread ones


def standings(users: list[int]) -> dict[int, list[Standing]]:
    """How each of the users stands in each of their rooms; a query for AT_ONCE."""
    found: dict[int, list[Standing]] = {user: [] for user in users}
    for start in range(0, len(users), AT_ONCE):
        some = users[start : start + AT_ONCE]
        for user, *standing in _standings.rows(
            *some, *some[:1] * (AT_ONCE - len(some))
        ):
            found[user].append(Standing(*standing))
    return found


def _standings_of(*users: int) -> "QuerySet[Membership, tuple[object, ...]]":
    mentions = (
        Mention.objects.filter(
            Q(user=None) | Q(user=OuterRef("user")),
            ~is_unheard(OuterRef(OuterRef("user"))),
            room=OuterRef("room"),
            seq__gt=OuterRef("last_read_seq"),
        )
        .order_by()
        .values("room")
        .annotate(n=Count("pk"))
        .values("n")
    )
    rows = Membership.objects.filter(user__in=users, room__deleted_at__isnull=True)
    return rows.values_list(
        "user",
        "room__public_id",
        "room__last_seq",
        F("room__last_seq") - F("room__quiet_count"),
        F("last_read_seq") - F("quiet_read"),
        "level",
        Coalesce(Subquery(mentions), 0),
    )


_standings = Prepared(_standings_of, *[int] * AT_ONCE)
