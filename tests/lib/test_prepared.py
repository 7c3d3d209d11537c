"""A prepared question answers as the queryset does, and asks anew each time."""

import pytest
from django.db.models import F
from django.db.models.functions import Now

from accounts.models import User
from livechat.lib.prepared import Prepared

by_name = Prepared(
    lambda name, role: User.objects.filter(
        display_name=name, role=role, is_active=True, created_at__lte=Now()
    ).values_list("pk", "display_name"),
    str,
    str,
)


@pytest.mark.django_db
def test_the_answer_is_of_the_values_given_and_of_this_moment(
    alice: User, bob: User
) -> None:
    assert by_name.row("Bob", "member") == (bob.pk, "Bob")
    assert by_name.rows("Alice", "member") == []
    User.objects.filter(pk=bob.pk).update(is_active=False)
    assert by_name.row("Bob", "member") is None


@pytest.mark.django_db
def test_a_value_is_never_read_as_sql(bob: User) -> None:
    assert by_name.row("Bob' OR '1'='1", "member") is None
    assert by_name.row("100%s", "member") is None


@pytest.mark.django_db
def test_the_answer_may_be_whole_rows_of_a_model_with_what_is_annotated(
    alice: User, bob: User
) -> None:
    doubled = Prepared(
        lambda pk: User.objects.filter(pk=pk).annotate(more=F("epoch") + 1), int
    )
    assert doubled.objects(alice.pk) == [alice]
    [found] = doubled.objects(bob.pk)
    assert (found, found.is_active, found.more) == (bob, True, bob.epoch + 1)
    assert found.created_at == bob.created_at


@pytest.mark.django_db
def test_one_value_may_stand_in_two_places(bob: User) -> None:
    twice = Prepared(
        lambda pk: User.objects.filter(pk=pk, epoch__lt=pk).values_list("pk"), int
    )
    assert twice.rows(bob.pk) == [(bob.pk,)]


@pytest.mark.django_db
def test_a_value_that_the_sql_has_no_place_for_is_refused_loudly() -> None:
    lost = Prepared(lambda pk: User.objects.filter(epoch=0).values_list("pk"), int)
    with pytest.raises(ValueError, match="each value as a parameter"):
        lost.rows(1)
