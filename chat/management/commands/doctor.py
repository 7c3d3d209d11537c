"""`manage.py doctor`: are the kept numbers those that one would count?"""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from chat.models import Room
from chat.thread_unread import thread_errors_in
from chat.unread import errors_in


class Command(BaseCommand):
    """Count again what is kept as a number, and say where it differs."""

    help = "Count again what is kept as numbers; exit 1 on a difference."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """What to look at."""
        parser.add_argument("what", choices=["unread"], help="what to count again")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print each difference; nothing is changed."""
        rooms = Room.objects.order_by("pk")
        errors = [*errors_in(rooms.iterator()), *thread_errors_in(rooms.iterator())]
        for error in errors:
            self.stdout.write(error)
        if errors:
            raise CommandError(f"{len(errors)} numbers are wrong.")
        self.stdout.write(f"The numbers of {rooms.count()} rooms are right.")
