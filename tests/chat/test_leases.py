"""Leases: one writer a shard, and a former one that can write no more."""

from datetime import timedelta

import pytest
from django.utils import timezone

from chat import leases
from chat.leases import Fenced
from chat.worker_tables import RoomWorker, Shard
from livechat.lib import limits

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_shards(db: None) -> None:
    """A worker that another test left running holds them all."""
    Shard.objects.all().delete()
    RoomWorker.objects.all().delete()


def _expire() -> None:
    past = timezone.now() - timedelta(seconds=1)
    Shard.objects.update(until=past)
    RoomWorker.objects.update(until=past)


def test_the_first_worker_gets_every_shard_and_the_second_none_yet() -> None:
    assert leases.balance("one", {}).keys() == set(range(limits.SHARDS))
    assert leases.balance("two", {}) == {}


def test_two_workers_end_with_half_of_the_shards_each() -> None:
    one = leases.balance("one", {})
    two = leases.balance("two", {})
    one = leases.balance("one", one)
    two = leases.balance("two", two)
    assert len(one) == len(two) == limits.SHARDS // 2
    assert one.keys() | two.keys() == set(range(limits.SHARDS))
    leases.hold(one)
    leases.hold(two)


def test_three_workers_share_every_shard_and_a_fourth_takes_from_each() -> None:
    names = ["one", "two", "three"]
    held: dict[str, dict[int, int]] = {name: {} for name in names}
    for _ in range(3):
        for name in names:
            held[name] = leases.balance(name, held[name])
    assert sorted(len(each) for each in held.values()) == [4, 6, 6]
    held["four"] = {}
    for _ in range(3):
        for name in held:
            held[name] = leases.balance(name, held[name])
    assert [len(each) for each in held.values()] == [4, 4, 4, 4]
    assert len({number for each in held.values() for number in each}) == limits.SHARDS


def test_a_balance_that_stands_changes_no_epoch() -> None:
    one = leases.balance("one", {})
    assert leases.balance("one", one) == one


def test_the_share_of_a_worker_that_died_goes_to_the_one_that_lives() -> None:
    one = leases.balance("one", {})
    two = leases.balance("two", {})
    one = leases.balance("one", one)
    two = leases.balance("two", two)
    past = timezone.now() - timedelta(seconds=1)
    Shard.objects.filter(number__in=two).update(until=past)
    RoomWorker.objects.filter(name="two").update(until=past)
    assert leases.balance("one", one).keys() == set(range(limits.SHARDS))
    with pytest.raises(Fenced):
        leases.hold(two)


def test_a_lease_that_ended_goes_to_the_next_and_fences_the_former() -> None:
    former = leases.balance("one", {})
    _expire()
    assert leases.balance("two", {}).keys() == former.keys()
    with pytest.raises(Fenced):
        leases.renew(former)


def test_a_restarted_worker_takes_over_at_once_from_its_former_self() -> None:
    former = leases.balance("one", {})
    leases.renew(leases.balance("one", {}))
    with pytest.raises(Fenced):
        leases.hold({3: former[3]})


def test_one_lost_shard_fences_the_whole_batch_and_renews_nothing() -> None:
    held = leases.balance("one", {})
    Shard.objects.filter(number=5).update(epoch=held[5] + 1)
    before = Shard.objects.get(number=4).until
    with pytest.raises(Fenced):
        leases.renew({4: held[4], 5: held[5]})
    assert Shard.objects.get(number=4).until == before


def test_who_was_fenced_takes_nothing_in_the_same_breath() -> None:
    held = leases.balance("one", {})
    Shard.objects.filter(number=5).update(epoch=held[5] + 1, owner="two")
    with pytest.raises(Fenced):
        leases.balance("one", held)
    assert Shard.objects.get(number=5).owner == "two"


def test_renewing_is_for_a_whole_lease() -> None:
    held = leases.balance("one", {})
    _expire()
    leases.renew(held)
    left = Shard.objects.get(number=0).until - timezone.now()
    assert left > timedelta(seconds=limits.LEASE_S - 1)


def test_what_a_worker_leaves_is_free_at_once() -> None:
    leases.leave("one", leases.balance("one", {}))
    assert len(leases.balance("two", {})) == limits.SHARDS


def test_who_was_fenced_frees_nothing_of_the_new_owner() -> None:
    former = leases.balance("one", {})
    _expire()
    leases.renew(leases.balance("two", {}))
    leases.leave("one", former)
    assert leases.balance("three", {}) == {}
