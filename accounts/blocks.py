"""Who wants to hear nothing of whom.

The rule it guards: a block is its maker's own affair. It holds both ways for what two
people could begin with each other, and nobody is told.
"""

from collections.abc import Iterable

from django.db import transaction
from django.db.models import F, Q
from django.utils.translation import gettext

from accounts.models import Block, User
from livechat.lib import limits


class TooManyBlocks(Exception):  # noqa: N818 - it says what is the case
    """Somebody blocks as many people as one may."""


def block(user: User, other: User) -> None:
    """Keep the other away from the user; a second call changes nothing.

    Raises:
        TooManyBlocks: they block BLOCKS_MAX others already.
    """
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)
        others = user.blocks.exclude(blocked=other)
        if others.count() >= limits.BLOCKS_MAX:
            sentence = gettext("You block {most} people. Unblock somebody first.")
            raise TooManyBlocks(sentence.format(most=limits.BLOCKS_MAX))
        _, is_new = Block.objects.get_or_create(user=user, blocked=other)
        if is_new:
            _count(user)


def unblock(user: User, other: User) -> None:
    """Let the other near again; a second call changes nothing."""
    with transaction.atomic():
        gone, _ = Block.objects.filter(user=user, blocked=other).delete()
        if gone:
            _count(user)


def _count(user: User) -> None:
    # Pages name their style sheet by this number, so that a browser reads it anew.
    User.objects.filter(pk=user.pk).update(block_changes=F("block_changes") + 1)


def is_between(one: User, other: User) -> bool:
    """Whether either blocks the other (one query)."""
    return Block.objects.filter(
        Q(user=one, blocked=other) | Q(user=other, blocked=one)
    ).exists()


def blocked_pairs(keys: Iterable[int]) -> set[frozenset[int]]:
    """The pairs among these people of whom one blocks the other (one query)."""
    people = set(keys)
    found = Block.objects.filter(user__in=people, blocked__in=people)
    return {frozenset(pair) for pair in found.values_list("user_id", "blocked_id")}
