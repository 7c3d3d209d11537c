"""How the commands find a person, and a bot."""

from django.core.management.base import CommandError

from accounts.models import User
from livechat.lib.text import skeleton


def person(email: str) -> User:
    """The active user of the email address, in any case.

    Raises:
        CommandError: there is none.
    """
    try:
        return User.objects.get(email=email.strip().lower(), is_active=True)
    except User.DoesNotExist:
        raise CommandError(
            f"Nobody active here has the email address {email}."
        ) from None


def bot(name: str) -> User:
    """The active bot of the name, or of one that looks like it.

    Raises:
        CommandError: there is none.
    """
    found = User.objects.filter(
        name_skeleton=skeleton(name), is_bot=True, is_active=True
    ).first()
    if found is None:
        raise CommandError(f"There is no active bot called {name}.")
    return found
