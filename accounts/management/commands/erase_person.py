"""`manage.py erase_person <email>`: a person goes, and what they wrote may stay."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.erasure import LastOwner, erase
from accounts.management.people import person
from accounts.models import User


class Command(BaseCommand):
    """Takes out all that tells who somebody was; the rest is done in the background."""

    help = "Erase a person for good; their messages stay, as by nobody."

    def add_arguments(self, parser: CommandParser) -> None:
        """One email address, and what becomes of the messages."""
        parser.add_argument("email")
        parser.add_argument(
            "--messages", action="store_true", help="delete their messages too"
        )
        parser.add_argument(
            "--yes", action="store_true", help="do not ask; there is no way back"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Ask, erase, and say what goes on."""
        user = person(options["email"], closed_too=True)
        if not (options["yes"] or _confirmed(user)):
            raise CommandError("Nothing was changed.")
        try:
            erase(user, messages=options["messages"])
        except LastOwner as reason:
            raise CommandError(str(reason)) from reason
        self.stdout.write(
            "Erased. Rooms are gone through by the web processes in the background."
        )


def _confirmed(user: User) -> bool:
    try:
        answer = input(f"Erase {user} <{user.email}> for good? Type yes: ")
    except EOFError as error:
        raise CommandError("Say --yes to erase without being asked.") from error
    return answer.strip().lower() == "yes"
