"""Who may write which shard: a lease with an epoch that each commit checks.

A frozen worker that wakes finds a higher epoch in the database and can write nothing
(M. Kleppmann's fencing tokens: the store checks the number, not the clock).
"""

from collections.abc import Mapping
from datetime import timedelta

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from chat.models import Shard
from livechat.lib import limits


class Fenced(Exception):  # noqa: N818 - the handler reads as a sentence
    """Another worker holds the shard by now."""


def acquire(owner: str) -> dict[int, int]:
    """Take every shard that is free, expired or was `owner`'s; return their epochs.

    The same owner (a restarted process) takes over at once: the epoch rises, so that
    its former self is fenced whether it is dead or not.
    """
    now = timezone.now()
    with transaction.atomic():
        Shard.objects.bulk_create(
            [Shard(number=number, until=now) for number in range(limits.SHARDS)],
            ignore_conflicts=True,
        )
        free = Shard.objects.filter(Q(until__lte=now) | Q(owner=owner))
        numbers = list(free.values_list("number", flat=True))
        Shard.objects.filter(number__in=numbers).update(
            owner=owner, epoch=F("epoch") + 1, until=_until()
        )
        held = Shard.objects.filter(number__in=numbers)
        return dict(held.values_list("number", "epoch"))


def hold(leases: Mapping[int, int]) -> None:
    """Renew the shards inside the caller's transaction; one query.

    Raises:
        Fenced: one of them has another epoch now.
    """
    ours = Q()
    for number, epoch in leases.items():
        ours |= Q(number=number, epoch=epoch)
    if Shard.objects.filter(ours).update(until=_until()) != len(leases):
        raise Fenced(f"one of {len(leases)} shards is held under another epoch now")


def renew(leases: Mapping[int, int]) -> None:
    """Renew all shards of an idle worker.

    Raises:
        Fenced: one of them has another epoch now.
    """
    with transaction.atomic():
        hold(leases)


def release(leases: Mapping[int, int]) -> None:
    """Give the shards back, so that another worker need not wait."""
    for number, epoch in leases.items():
        Shard.objects.filter(number=number, epoch=epoch).update(until=timezone.now())


def _until() -> object:
    return timezone.now() + timedelta(seconds=limits.LEASE_S)
