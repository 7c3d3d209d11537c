"""A person's browsers: one more, one less, a test.

The rule it guards: a browser is told only what its own signed-in person may hear, and
nobody takes another's over by knowing its address.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext

from accounts.models import User
from livechat.lib import limits, outbound, webpush
from livechat.push import outbox, times
from livechat.push.models import Preferences, Push, Subscription, endpoint_hash

PAUSES_H = {"1h": 1, "4h": 4}
TOMORROW, RESUME = "tomorrow", "off"


class NotSubscribed(Exception):  # noqa: N818 - it says what is the case
    """The browser was not taken; str() is a sentence that says why."""


class TooSoon(Exception):  # noqa: N818 - it names what is wrong
    """A test was sent a moment ago; `retry_after_s` says how long to wait."""

    retry_after_s = limits.PUSH_TEST_EVERY_S


@dataclass(frozen=True, slots=True)
class Browser:
    """What a browser tells of its own subscription, as it came, and what it is."""

    endpoint: str
    p256dh: str
    auth: str
    name: str


def check(browser: Browser) -> None:
    """Nothing, when it can be a subscription.

    Raises:
        NotSubscribed: its address or its keys cannot be those of a push service.
    """
    if len(browser.endpoint) > limits.PUSH_ENDPOINT_MAX_LENGTH:
        raise NotSubscribed(gettext("The address of the push service is too long."))
    try:
        outbound.checked(browser.endpoint, settings.PUSH_GATEWAYS)
        webpush.receiver_of(browser.p256dh, browser.auth)
    except (outbound.NotAllowed, webpush.BadKey) as error:
        raise NotSubscribed(str(error)) from error


def subscribe(user: User, session_key: str, browser: Browser) -> Subscription:
    """Store the browser for this session; a second call with it changes nothing more.

    Raises:
        NotSubscribed: it is none, somebody else's, or one too many.
    """
    check(browser)
    fields = {
        "session_id": session_key,
        "user": user,
        "p256dh": browser.p256dh,
        "auth": browser.auth,
        "name": browser.name,
        "failures": 0,
    }
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)  # the count holds
        key = endpoint_hash(browser.endpoint)
        known = Subscription.objects.filter(endpoint_hash=key).first()
        if known is not None and known.user_id != user.pk:
            _take_over(known, browser)
            known = None
        if known is None and _alive(user) >= limits.PUSH_SUBSCRIPTIONS_MAX:
            raise NotSubscribed(
                gettext("You have many devices already; remove one first.")
            )
        # A browser whose keys are new has a new address too.
        Subscription.objects.filter(user=user, session_id=session_key).exclude(
            endpoint_hash=key
        ).delete()
        subscription, _ = Subscription.objects.update_or_create(
            endpoint_hash=key, defaults=fields | {"endpoint": browser.endpoint}
        )
    return subscription


def _take_over(known: Subscription, browser: Browser) -> None:
    """Make room for whoever is signed in now, if this is the very same browser."""
    if (known.p256dh, known.auth) != (browser.p256dh, browser.auth):
        raise NotSubscribed(gettext("This address belongs to another browser."))
    known.delete()  # with what it was still to be told, which is another's


def _alive(user: User) -> int:
    return user.push_subscriptions.alive().count()


def send_test(user: User) -> int:
    """Tell all of the user's browsers that it works; how many they are.

    Raises:
        TooSoon: the last test was within PUSH_TEST_EVERY_S.
    """
    now = timezone.now()
    Preferences.objects.get_or_create(user=user)
    before = now - timedelta(seconds=limits.PUSH_TEST_EVERY_S)
    free = Q(tested_at=None) | Q(tested_at__lt=before)
    if not Preferences.objects.filter(free, user=user).update(tested_at=now):
        sentence = gettext("Wait {seconds} seconds between two tests.")
        raise TooSoon(sentence.format(seconds=limits.PUSH_TEST_EVERY_S))
    Push.objects.filter(subscription__user=user, tag=outbox.TEST_TAG).delete()
    outbox.send_test(user.pk)
    return _alive(user)


def pause(user: User, choice: str) -> datetime | None:
    """Hold everything back for a while, or no longer; until when, None for no pause."""
    preferences, _ = Preferences.objects.get_or_create(user=user)
    now = timezone.now()
    if choice == TOMORROW:
        preferences.paused_until = times.tomorrow_morning(preferences, now)
    elif choice == RESUME:
        preferences.paused_until = None
    else:
        preferences.paused_until = now + timedelta(hours=PAUSES_H[choice])
    preferences.save(update_fields=["paused_until"])
    return preferences.paused_until
