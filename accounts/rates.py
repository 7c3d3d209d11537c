"""How often somebody may change what others see of them: a token bucket in the cache.

The rule it guards: the cache is shared by all web processes, and of two changes or
guesses of a password at the very same moment each is counted.
"""

import time

from django.core.cache import cache
from django.db import transaction
from django.utils.translation import gettext

from accounts.models import User
from livechat.lib import limits
from livechat.lib.token_bucket import Level, Rate, take

PASSWORD_TRY = 4.0  # changes that a guess of one's password costs
PROFILE = Rate(limits.PROFILE_BURST, limits.PROFILE_RATE_PER_S)


class TooOften(Exception):  # noqa: N818 - it says what is the case
    """The bucket is empty; nothing was changed. str() is a sentence."""

    def __init__(self, wait_s: float) -> None:
        self.retry_after_s = max(1, -(-int(wait_s * 1000) // 1000))
        sentence = gettext("Too many changes. Try again in {seconds} s.")
        super().__init__(sentence.format(seconds=self.retry_after_s))


def pay(user: User, cost: float = 1.0) -> None:
    """Take the cost of a change to one's profile.

    Raises:
        TooOften: there is not so much in the bucket.
    """
    key = f"profile:{user.pk}"
    full_s = limits.PROFILE_BURST / limits.PROFILE_RATE_PER_S
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=user.pk)  # two may meet
        found = cache.get(key)
        before = Level(*found) if found else None
        level, wait_s = take(before, PROFILE, time.time(), cost)
        if wait_s:
            raise TooOften(wait_s)
        cache.set(key, (level.tokens, level.at), timeout=full_s)
