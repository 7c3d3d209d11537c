"""What a field of a frame may be: each reader gives the value, or refuses the frame."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from livechat.lib.codec import FrameError
from livechat.lib.emoji import emoji as known_emoji
from livechat.lib.words import marked

MAX_SEQ = 2**53
NO_ROOM = marked("There is no such room, or it is not yours.")

Read = Callable[[str, Any], Any]


def text(name: str, value: Any) -> str:
    """The value, if it is a text (else FrameError, as from all of these)."""
    if not isinstance(value, str):
        raise FrameError("bad_frame", f"{name}: expected a text, got {_kind(value)}.")
    return value


def room(name: str, value: Any) -> str:
    """The value, if it may be a room's public id; no other one looks different."""
    found = text(name, value)
    if not 1 <= len(found) <= 32:
        raise FrameError("no_room", NO_ROOM)
    return found


def number(name: str, value: Any) -> int:
    """The value, if it is a whole number from 0 to MAX_SEQ."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise FrameError("bad_seq", f"{name}: expected a number, got {_kind(value)}.")
    if not 0 <= value <= MAX_SEQ:
        raise FrameError("bad_seq", f"{name}: expected 0 to 2^53, got {value}.")
    return value


def emoji(name: str, value: Any) -> str:
    """The characters of a known emoji, spelled as the list does."""
    found = known_emoji(text(name, value))
    if found is None:
        raise FrameError("bad_frame", f"{name}: expected one emoji.")
    return found.text


def flag(name: str, value: Any) -> bool:
    """The value, if it is true or false."""
    if not isinstance(value, bool):
        raise FrameError("bad_frame", f"{name}: expected true or false.")
    return value


def uuid(name: str, value: Any) -> UUID:
    """The value, if it is a UUID in its one canonical spelling of 36 characters."""
    given = text(name, value)
    try:
        found = UUID(given)
    except ValueError:
        found = None
    if found is None or str(found) != given.lower():
        raise FrameError("bad_frame", f"{name}: expected a UUID like 8-4-4-4-12.")
    return found


def one_of(allowed: frozenset[str]) -> Read:
    """A reader of words, for those that are allowed."""

    def read(name: str, value: Any) -> str:
        # The type first: asking a set for a list or an object raises.
        if not isinstance(value, str) or value not in allowed:
            known = ", ".join(sorted(allowed))
            raise FrameError("bad_frame", f"{name}: expected one of {known}.")
        return value

    return read


def no_attachments(name: str, value: Any) -> None:
    """Nothing, if the value is an empty list."""
    if not isinstance(value, list):
        raise FrameError("bad_frame", f"{name}: expected a list of upload ids.")
    if value:
        raise FrameError("limit", "This server takes no attachments.")


def _kind(value: Any) -> str:
    names = {
        dict: "an object",
        list: "a list",
        bool: "true or false",
        type(None): "null",
    }
    return names.get(
        type(value), "a number" if isinstance(value, int | float) else "text"
    )
