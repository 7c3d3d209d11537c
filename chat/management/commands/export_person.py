"""`manage.py export_person <email> <file>`: what a person could download themselves."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.management.people import person
from accounts.models import User
from chat.exports import archive


class Command(BaseCommand):
    """Writes the ZIP of a person's own data to a file that is not there yet."""

    help = "Write what is kept of a person, but secrets, into a ZIP file."

    def add_arguments(self, parser: CommandParser) -> None:
        """Whose, and where to."""
        parser.add_argument("email")
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        """Write it, readable by its owner alone."""
        user, path = person(options["email"], closed_too=True), options["file"]
        try:
            path.touch(mode=0o600, exist_ok=False)
            _write(user, path)
        except OSError as error:
            raise CommandError(f"{path}: {error.strerror}.") from error
        self.stdout.write(f"{path}: {path.stat().st_size:,} bytes.")


def _write(user: User, path: Path) -> None:
    """All of it, or nothing: half a file would look like an export."""
    try:
        with path.open("wb") as file:
            for piece in archive(user):
                file.write(piece)
    except BaseException:
        path.unlink()
        raise
