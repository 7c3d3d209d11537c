"""Who may write which shard: a lease with an epoch that each commit checks.

A frozen worker that wakes finds a higher epoch in the database and can write nothing
(M. Kleppmann's fencing tokens: the store checks the number, not the clock).
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import cast

from django.db import connection, transaction
from django.db.models import F, Q
from django.utils import timezone

from chat import rows
from chat.worker_tables import RoomWorker, Shard
from livechat.lib import limits


class Fenced(Exception):  # noqa: N818 - the handler reads as a sentence
    """Another worker holds the shard by now."""


def balance(owner: str, held: Mapping[int, int]) -> dict[int, int]:
    """Renew, then give up or take shards up to a fair share; return what is held now.

    The share is SHARDS divided by the workers that live, rounded up. Call it between
    batches only: what is given up must not be in work. Our former self (a restarted
    process of the same name) is taken over at once: the epoch rises, so that it is
    fenced whether it is dead or not.

    Raises:
        Fenced: one of the held shards has another epoch now; nothing was changed.
    """
    with transaction.atomic():
        if held:
            renew(held)
        share = -(-limits.SHARDS // _beat(owner))
        kept = dict(sorted(held.items())[:share])
        _free({number: held[number] for number in held.keys() - kept.keys()})
        return kept | _take(owner, kept, share - len(kept))


def _beat(owner: str) -> int:
    """How many workers live, us included."""
    RoomWorker.objects.update_or_create(name=owner, defaults={"until": _until()})
    return RoomWorker.objects.filter(until__gt=_now()).count()


def _take(owner: str, held: Mapping[int, int], most: int) -> dict[int, int]:
    """Take shards that are free, expired or our former self's; return their epochs."""
    now = _now()
    if not held:  # the first time, and after a fence
        Shard.objects.bulk_create(
            [Shard(number=number, until=now) for number in range(limits.SHARDS)],
            ignore_conflicts=True,
        )
    free = Shard.objects.select_for_update().filter(Q(until__lte=now) | Q(owner=owner))
    free = free.exclude(number__in=held.keys()).order_by("number")
    numbers = list(free.values_list("number", flat=True)[:most])
    Shard.objects.filter(number__in=numbers).update(
        owner=owner, epoch=F("epoch") + 1, until=_until()
    )
    taken = Shard.objects.filter(number__in=numbers)
    return dict(taken.values_list("number", "epoch"))


def hold(leases: Mapping[int, int]) -> None:
    """Keep the shards ours until the caller's transaction ends; one query.

    Raises:
        Fenced: one of them has another epoch now.
    """
    shards = rows.locked(Shard, leases.keys(), ("number", "epoch"))
    if {shard.number: shard.epoch for shard in shards} != dict(leases):
        raise Fenced(f"one of {len(leases)} shards is held under another epoch now")


def renew(leases: Mapping[int, int]) -> None:
    """Hold the shards for a whole lease from now on.

    Raises:
        Fenced: one of them has another epoch now.
    """
    with transaction.atomic():
        hold(leases)
        Shard.objects.filter(number__in=leases.keys()).update(until=_until())


def leave(owner: str, leases: Mapping[int, int]) -> None:
    """Give everything back, so that the others need not wait; for a clean end."""
    with transaction.atomic():
        _free(leases)
        RoomWorker.objects.filter(name=owner).delete()


def _free(leases: Mapping[int, int]) -> None:
    """Free the shards for others; what is held under another epoch stays as it is."""
    for number, epoch in leases.items():
        Shard.objects.filter(number=number, epoch=epoch).update(owner="", until=_now())


def _until() -> datetime:
    return _now() + timedelta(seconds=limits.LEASE_S)


def _now() -> datetime:
    """The clock of all workers: the database's, where they are on many machines.

    SQLite has none of its own, and all its workers are on one machine.
    """
    if connection.vendor != "postgresql":
        return timezone.now()
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        return cast(datetime, cursor.fetchone()[0])
