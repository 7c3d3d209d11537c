"""`manage.py token <email>`: a bearer token for a program, shown this once."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from accounts.management.people import person
from accounts.models import Token


class Command(BaseCommand):
    """Prints the token alone on its line; only its hash is stored."""

    help = "Make a bearer token for a person or bot and print it, once."

    def add_arguments(self, parser: CommandParser) -> None:
        """One email address."""
        parser.add_argument("email")
        parser.add_argument("--name", default="token", help="what it is for")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the token."""
        user = person(options["email"])
        self.stdout.write(Token.issue(user, name=options["name"][:50]))
