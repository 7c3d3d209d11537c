"""`manage.py demo`: people, rooms and messages to try the running instance with."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from chat import demo
from chat.inbox import Refused


class Command(BaseCommand):
    """Make, or complete, a demo community."""

    help = "Make (or complete) a demo community and print how to get in."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """How many of each, and whether to print JSON."""
        parser.add_argument("--users", type=int, default=5)
        parser.add_argument("--rooms", type=int, default=3)
        parser.add_argument("--messages", type=int, default=20, help="in each room")
        parser.add_argument("--json", action="store_true", help="for programs")

    def handle(self, *args: Any, **options: Any) -> None:
        """Make it and print how to get in."""
        for name in ("users", "rooms"):
            if options[name] < 1:
                raise CommandError(f"--{name}: expected at least 1.")
        try:
            made = demo.make(options["users"], options["rooms"], options["messages"])
        except Refused as refusal:
            raise CommandError(
                f"{refusal.message} The messages need the running instance: make run."
            ) from refusal
        found = demo.described(made)
        if options["json"]:
            self.stdout.write(json.dumps(found))
            return
        self.stdout.write(f"Open {found['base_url']} and log in as one of:")
        for user in found["users"]:
            self.stdout.write(f"  {user['email']}  password {user['password']}")
