"""What accounts tells the other apps, and what ends with a log-out or a password."""

from typing import Any

from allauth.account.signals import password_changed, password_reset, password_set
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.db.models.signals import post_delete, pre_delete
from django.dispatch import Signal, receiver
from django.http import HttpRequest

from accounts import devices, notices, sessions
from accounts.models import Token, User

# All are sent after the commit, with `user`: the person who is new, or who is gone.
person_joined = Signal()
site_set_up = Signal()
account_closed = Signal()
# Sent within the transaction that erases `user`, before anything else of it, with
# `name`: what they were called, and `messages`: whether their texts go as well.
person_erased = Signal()
# Sent within the transaction that gives the bot `user` a new token, which `actor` sees.
bot_renewed = Signal()


@receiver(user_logged_in)
def note_device_at_log_in(request: HttpRequest, user: User, **kwargs: Any) -> None:
    """The new session has its device from the first moment."""
    devices.note(request)
    notices.tell_of_new_browser(request, user)


@receiver(user_logged_out)
def end_session_at_log_out(request: HttpRequest | None, **kwargs: Any) -> None:
    """Delete the session's row before Django does, with the word to its sockets."""
    key = request.session.session_key if request else None
    if key:
        sessions.end_session(key)


@receiver([password_changed, password_set])
def end_others_at_password_change(
    request: HttpRequest, user: User, **kwargs: Any
) -> None:
    """Whoever else was signed in as them has to know the new password."""
    sessions.end_other_sessions(user, but=request.session.session_key)


@receiver(password_reset)
def end_all_at_password_reset(user: User, **kwargs: Any) -> None:
    """A reset means that the account may be in other hands."""
    sessions.end_all_sessions(user)


@receiver(post_delete, sender=Token)
def close_sockets_of_token(instance: Token, **kwargs: Any) -> None:
    """Close the sockets that this token opened."""
    sessions.revoke(instance.user_id, session_hash=instance.secret_hash)


@receiver(pre_delete, sender=User)
def end_all_at_deletion(instance: User, **kwargs: Any) -> None:
    """End the sessions of an account that goes away."""
    sessions.end_all_sessions(instance)
