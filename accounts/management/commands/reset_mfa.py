"""`manage.py reset_mfa <email>`: for somebody who has lost phone, keys and codes."""

from typing import Any

from allauth.mfa.models import Authenticator
from django.core.management.base import BaseCommand, CommandParser

from accounts.management.people import person


class Command(BaseCommand):
    """Takes all second proofs away; the password alone lets them in again."""

    help = "Remove a person's authenticator app, passkeys and recovery codes."

    def add_arguments(self, parser: CommandParser) -> None:
        """One email address."""
        parser.add_argument("email")

    def handle(self, *args: Any, **options: Any) -> None:
        """Remove them, and say how many there were."""
        user = person(options["email"])
        count, _ = Authenticator.objects.filter(user=user).delete()
        self.stdout.write(f"{count} removed; the password of {user.email} is enough.")
