"""What a page proposes while somebody writes: after a `/`, and what others register.

The rule: a proposal names nothing that the writer may not see.
"""

from collections.abc import Callable
from dataclasses import dataclass

from accounts.models import User
from chat.commands import COMMANDS
from chat.models import Room


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One line of the list: the text that it writes, and how it looks."""

    value: str
    label: str
    hint: str = ""
    person: User | None = None  # whose picture stands before it


Provider = Callable[[User, Room, str], list[Suggestion]]


def of_commands(user: User, room: Room, query: str) -> list[Suggestion]:
    """Commands whose name begins so."""
    wanted = query.lower()
    return [
        Suggestion(f"/{one.name}", one.usage, one.about)
        for one in COMMANDS.values()
        if one.name.startswith(wanted)
    ]


# By the character that opens the list; at most SUGGESTIONS_MAX of each are shown.
PROVIDERS: dict[str, Provider] = {"/": of_commands}
