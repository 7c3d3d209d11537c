"""Leases: one writer a shard, and a former one that can write no more."""

from datetime import timedelta

import pytest
from django.utils import timezone

from chat import leases
from chat.leases import Fenced
from chat.models import Shard
from livechat.lib import limits

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_shards(db: None) -> None:
    """A worker that another test left running holds them all."""
    Shard.objects.all().delete()


def _expire() -> None:
    Shard.objects.update(until=timezone.now() - timedelta(seconds=1))


def test_the_first_worker_gets_every_shard_and_the_second_none() -> None:
    assert leases.acquire("one").keys() == set(range(limits.SHARDS))
    assert leases.acquire("two") == {}


def test_a_lease_that_ended_goes_to_the_next_and_fences_the_former() -> None:
    former = leases.acquire("one")
    _expire()
    assert leases.acquire("two").keys() == former.keys()
    with pytest.raises(Fenced):
        leases.renew(former)


def test_a_restarted_worker_takes_over_at_once_from_its_former_self() -> None:
    former = leases.acquire("one")
    leases.renew(leases.acquire("one"))
    with pytest.raises(Fenced):
        leases.hold({3: former[3]})


def test_one_lost_shard_fences_the_whole_batch_and_renews_nothing() -> None:
    held = leases.acquire("one")
    Shard.objects.filter(number=5).update(epoch=held[5] + 1)
    before = Shard.objects.get(number=4).until
    with pytest.raises(Fenced):
        leases.renew({4: held[4], 5: held[5]})
    assert Shard.objects.get(number=4).until == before


def test_holding_renews_for_a_whole_lease() -> None:
    held = leases.acquire("one")
    _expire()
    leases.renew(held)
    left = Shard.objects.get(number=0).until - timezone.now()
    assert left > timedelta(seconds=limits.LEASE_S - 1)


def test_released_shards_are_free_at_once() -> None:
    leases.release(leases.acquire("one"))
    assert len(leases.acquire("two")) == limits.SHARDS


def test_who_was_fenced_releases_nothing_of_the_new_owner() -> None:
    former = leases.acquire("one")
    _expire()
    leases.renew(leases.acquire("two"))
    leases.release(former)
    assert leases.acquire("three") == {}
