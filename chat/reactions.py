"""Who reacted to a message with what, and how a page shows it.

The rule it guards: the message's row holds the whole of it, so that a reaction is a
change like any other: in order, in replays, and never without its number.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeVar

from accounts.models import User
from livechat.lib.words import marked

Reacted = dict[
    str, list[str]
]  # public ids of people by emoji, each in the order they came

NAMED = 10  # people that the tip of a reaction names


class Reactable(Protocol):
    """A message; as JSON what its row keeps, empty when nobody reacted."""

    reactions: str
    names: Mapping[str, str] | None


M = TypeVar("M", bound=Reactable)


@dataclass(frozen=True, slots=True)
class Chip:
    """One emoji under a message, and who is behind it."""

    emoji: str
    people: list[str]
    told: str  # their names


def reacted(message: Reactable) -> Reacted:
    """Who reacted with what."""
    return json.loads(message.reactions) if message.reactions else {}


def stored(reactions: Reacted) -> str:
    """As a message's row keeps it; an emoji that nobody is behind is left out."""
    kept = {emoji: people for emoji, people in reactions.items() if people}
    return json.dumps(kept, ensure_ascii=False) if kept else ""


def named(messages: Iterable[M]) -> list[M]:
    """The messages, with the names of who reacted; one query, none if nobody did."""
    every = list(messages)
    there = [one for one in every if one.reactions]
    if not there:
        return every
    people = {
        one
        for message in there
        for chip in reacted(message).values()
        for one in chip[:NAMED]
    }
    rows = User.objects.filter(public_id__in=people)
    names = dict(rows.values_list("public_id", "display_name"))
    for message in there:
        message.names = names
    return every


def chips(message: Reactable) -> list[Chip]:
    """What stands under the message; a query if its names were not read before."""
    if not message.reactions:
        return []
    if message.names is None:
        named([message])
    names = message.names or {}
    return [
        Chip(emoji, people, _told(people, names))
        for emoji, people in reacted(message).items()
    ]


def _told(people: list[str], names: Mapping[str, str]) -> str:
    known = [names.get(one, "somebody") for one in people[:NAMED]]
    more = len(people) - len(known)
    listed = ", ".join(known)
    return marked("{0} and {1} more", listed, more) if more else listed
