"""How the commands find a person, and a bot."""

from django.core.management.base import CommandError

from accounts.models import User
from livechat.lib.text import skeleton


def person(email: str, *, closed_too: bool = False) -> User:
    """The active user of the email address, in any case.

    With `closed_too` also one whose account is closed, but not erased.

    Raises:
        CommandError: there is none.
    """
    people = User.objects.filter(email=email.strip().lower(), erased_at=None)
    if not closed_too:
        people = people.filter(is_active=True)
    if (found := people.first()) is None:
        active = "" if closed_too else " active"
        raise CommandError(f"Nobody{active} here has the email address {email}.")
    return found


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
