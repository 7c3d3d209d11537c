"""`manage.py invite`: a link that lets people sign up."""

from argparse import ArgumentTypeError
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.links import invite_path
from accounts.models import Invite, User
from livechat.lib import limits


class Command(BaseCommand):
    """Prints the link alone on its line; the invite counts as the first owner's."""

    help = "Make an invite link and print it, once."

    def add_arguments(self, parser: CommandParser) -> None:
        """For how many people, for how many days."""
        people = _from_one_to(limits.INVITE_MAX_USES)
        days = _from_one_to(limits.INVITE_MAX_DAYS)
        parser.add_argument("--uses", type=people, default=1, help="people it lets in")
        parser.add_argument("--days", type=days, default=7, help="days it lasts")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the link."""
        owners = User.objects.filter(role=User.Role.OWNER, is_active=True)
        owner = owners.order_by("pk").first()
        if owner is None:
            raise CommandError("This site has no owner yet; open it in a browser.")
        _, code = Invite.issue(owner, max_uses=options["uses"], days=options["days"])
        self.stdout.write(f"{settings.SITE_URL}{invite_path(code)}")


def _from_one_to(high: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= high):
            raise ArgumentTypeError(f"expected 1 to {high}, got {text!r}")
        return int(text)

    return parse
