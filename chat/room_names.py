"""The names of public rooms: no two that look alike.

The rule it guards: a name is taken only by what everybody may see. Private rooms may
be called anything, and no refusal tells that there is one.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import IntegrityError

from chat.changes import NotPossible
from chat.models import Room
from livechat.lib.text import skeleton
from livechat.lib.words import marked

TAKEN = marked(
    "A public room has this name, or one that looks like it. Choose another one."
)


class NameTaken(NotPossible):
    """Another public room is called so; the message is a sentence for the person."""


def is_taken(name: str, *, but: Room | None = None) -> bool:
    """Whether a public room, other than `but`, has a name that looks like this one."""
    rooms = Room.objects.filter(name_key=skeleton(name))
    return (rooms.exclude(pk=but.pk) if but else rooms).exists()


def claim(room: Room) -> None:
    """Give the room the key of its name, or none while it is private; not saved.

    Within `claiming`.

    Raises:
        NameTaken: another public room has that name.
    """
    if not room.is_private and is_taken(room.name, but=room):
        raise NameTaken(TAKEN)
    room.name_key = None if room.is_private else skeleton(room.name)


@contextmanager
def claiming() -> Iterator[None]:
    """Around a transaction: of two who claim a name at the same moment one is refused.

    Raises:
        NameTaken: the other one was quicker.
    """
    try:
        yield
    except IntegrityError as error:
        if "name_key" not in str(error):
            raise
        raise NameTaken(TAKEN) from error
