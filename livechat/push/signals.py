"""What happens to a browser's subscription when its session gets another key."""

from typing import Any

from allauth.account.signals import password_changed, password_set
from django.dispatch import receiver
from django.http import HttpRequest

from accounts.models import User
from livechat.push.models import Subscription

SESSION_FIELD = "push"  # in the session: the public id of its browser's subscription


def remember(request: HttpRequest, subscription: Subscription) -> None:
    """Keep in the session which subscription is its own."""
    request.session[SESSION_FIELD] = subscription.public_id


@receiver([password_changed, password_set])
def keep_own_subscription(request: HttpRequest, user: User, **kwargs: Any) -> None:
    """A new password ends all sessions but this one, which has a new key now."""
    own = request.session.get(SESSION_FIELD)
    ended = Subscription.objects.filter(user=user, public_id=own, session=None)
    ended.update(session_id=request.session.session_key)
