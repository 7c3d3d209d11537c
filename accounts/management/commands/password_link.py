"""`manage.py password_link <email>`: a one-time link, for sites without mail."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.links import password_path
from accounts.management.people import person


class Command(BaseCommand):
    """Prints the link alone on its line; it works once, within an hour."""

    help = "Print a link with which a person chooses a new password, once."

    def add_arguments(self, parser: CommandParser) -> None:
        """One email address."""
        parser.add_argument("email")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the link."""
        user = person(options["email"])
        if user.is_bot:
            raise CommandError(f"{user} is a bot, which comes in by a token.")
        self.stdout.write(f"{settings.SITE_URL}{password_path(user)}")
