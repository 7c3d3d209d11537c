"""`manage.py reindex_search`: checks what the search finds, and puts it right."""

import tempfile
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from search import index
from search.consistency import copy, differences


class Command(BaseCommand):
    """Compare the index with the messages, and rebuild it when they differ."""

    help = "Compare the search's index with the messages; rebuild it if they differ."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Whether to look only."""
        parser.add_argument("--check", action="store_true", help="change nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        """Check a copy beside the database, so that nobody waits for it."""
        if connection.vendor != "sqlite":
            self.stdout.write("PostgreSQL keeps its indexes itself: nothing to do.")
            return
        found = _found()
        if not found:
            self.stdout.write("The index is right.")
            return
        for one in found:
            self.stderr.write(one)
        if options["check"]:
            raise CommandError("The index is wrong. Run this without --check.")
        index.create()
        index.watch()
        self.stdout.write(f"Rebuilt: {index.rebuild()} messages can be found.")


def _found() -> list[str]:
    database = Path(str(connection.settings_dict["NAME"]))
    with tempfile.TemporaryDirectory(dir=database.parent, prefix="reindex-") as folder:
        taken = Path(folder) / "copy.sqlite3"
        copy(database, taken)
        return differences(taken)
