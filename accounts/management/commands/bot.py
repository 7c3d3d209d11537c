"""`manage.py bot`: makes bots, lists them, and makes tokens for them."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import IntegrityError
from django.db.models import Count

from accounts import actions
from accounts.forms import NAME_TAKEN, NameField, free_name
from accounts.management.people import bot
from accounts.models import Token, User


class Command(BaseCommand):
    """Prints a token alone on its line; only its hash is stored."""

    help = "Make a bot and print its token, once; list bots; make one more token."

    def add_arguments(self, parser: CommandParser) -> None:
        """What to do, and to which bot."""
        tasks = parser.add_subparsers(dest="task", required=True)
        create = tasks.add_parser("create", help="make a bot, print its token once")
        create.add_argument("name", help="what people see beside its messages")
        tasks.add_parser("list", help="print each bot: id, tokens, state, name")
        token = tasks.add_parser("token", help="print one more token of a bot, once")
        token.add_argument("name", help="what the bot is called")
        token.add_argument("--for", default="token", help="what the token is for")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do the task."""
        if options["task"] == "create":
            self.stdout.write(_made(options["name"]))
        elif options["task"] == "token":
            name = options["for"][:50]
            self.stdout.write(Token.issue(bot(options["name"]), name=name))
        else:
            self._list()

    def _list(self) -> None:
        bots = User.objects.filter(is_bot=True, erased_at=None)
        for one in bots.annotate(held=Count("tokens")).order_by("display_name"):
            state = "active" if one.is_active else "closed"
            tokens = f"{one.held} token" + ("" if one.held == 1 else "s")
            self.stdout.write(f"{one.public_id}  {tokens}  {state}  {one}")


def _made(name: str) -> str:
    try:
        return actions.make_bot(User(display_name=free_name(NameField().clean(name))))
    except ValidationError as error:
        raise CommandError(" ".join(error.messages)) from error
    except IntegrityError as error:
        raise CommandError(str(NAME_TAKEN)) from error
