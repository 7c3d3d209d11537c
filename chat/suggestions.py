"""What a page proposes while somebody writes: after a `/`, an `@` or a `:`.

The rule: a proposal names nothing that the writer may not see.
"""

from collections.abc import Callable
from dataclasses import dataclass

from django.db.models import Q

from accounts.models import User
from chat.commands import COMMANDS
from chat.models import Room
from livechat.lib import emoji, limits
from livechat.lib.words import marked

EMOJI_QUERY_MIN_LENGTH = 2


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


def of_people(user: User, room: Room, query: str) -> list[Suggestion]:
    """Members whose name has a word that begins so, and who stands for all of them."""
    wanted = query.casefold().replace("_", " ")
    members = room.memberships.by_name().exclude(user=user)
    begins = Q(user__display_name__istartswith=wanted)
    words = Q(user__display_name__icontains=f" {wanted}")
    people = [
        Suggestion(f"@{_as_one_word(one.user)}", one.user.display_name, "", one.user)
        for one in members.filter(begins | words)[: limits.SUGGESTIONS_MAX]
    ]
    all_ = [
        Suggestion(f"@{name}", f"@{name}", hint)
        for name, hint in (
            ("room", marked("everybody")),
            ("here", marked("everybody who is there")),
        )
        if name.startswith(wanted)
    ]
    return all_ + people if wanted else people + all_


def _as_one_word(user: User) -> str:
    return user.display_name.replace(" ", "_")


def of_emoji(user: User, room: Room, query: str) -> list[Suggestion]:
    """Emoji that are called so, from the second letter on: `:-)` finds none."""
    if len(query) < EMOJI_QUERY_MIN_LENGTH:
        return []
    found = emoji.find(query.replace("_", " "), limits.SUGGESTIONS_MAX)
    return [Suggestion(one.text, f"{one.text} {one.name}") for one in found]


# By the character that opens the list; at most SUGGESTIONS_MAX of each are shown.
PROVIDERS: dict[str, Provider] = {
    "/": of_commands,
    "@": of_people,
    ":": of_emoji,
}
