"""How the commands find a person."""

from django.core.management.base import CommandError

from accounts.models import User


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
