"""What a room is called, what it is for, and who may see it and write in it.

Each change of one of these is an entry of the room's log (chat/changes.py); what it is
already changes nothing.
"""

from collections.abc import Callable
from typing import Any, TypedDict, Unpack

from accounts.models import User
from chat import lobby, news
from chat.changes import Change, changing
from chat.models import Room
from chat.room_names import claim, claiming
from livechat.lib.durations import words_of


class Settings(TypedDict, total=False):
    """The settings to be changed; None leaves one as it is."""

    name: str | None
    description: str | None
    topic: str | None
    is_private: bool | None
    is_read_only: bool | None
    members_pin: bool | None
    slow_mode_s: int | None
    is_archived: bool | None


def update_room(actor: User, room: Room, **wanted: Unpack[Settings]) -> Room:
    """Change a room's settings; return the room.

    A room that becomes public shows only what is written from then on to those who
    were no members. The errors are those of `changing`, and:

    Raises:
        NameTaken: it is public or becomes so, and another public room is called so.
    """
    values: dict[str, Any] = {**wanted}
    with claiming(), changing(actor, room, "edit_room") as change:
        now = change.room
        was_private, was_archived = now.is_private, now.is_archived
        was_called = now.name
        for field, enter in _ENTER.items():
            value = values.get(field)
            if value is not None and value != getattr(now, field):
                setattr(now, field, value)
                enter(change)
        if (was_called, was_private) != (now.name, now.is_private):
            claim(now)
        now.save(update_fields=[*_ENTER, "public_from_seq", "name_key"])
        change.tell(lambda: lobby.room_updated(now, was_private=was_private))
        if now.is_archived != was_archived:
            change.tell(lambda: lobby.room_archived(now))
    return now


def _name(change: Change) -> None:
    name = change.room.name
    sentence = f"{change.actor} renamed the room to “{name}”."
    change.enter("renamed", sentence, name=name)


def _description(change: Change) -> None:
    change.enter("described", f"{change.actor} changed what the room is for.")


def _topic(change: Change) -> None:
    topic = change.room.topic
    did = f"set the topic to “{topic}”" if topic else "took the topic away"
    change.enter("topic", f"{change.actor} {did}.", topic=topic)


def _is_private(change: Change) -> None:
    if change.room.is_private:
        change.enter("private", f"{change.actor} made the room private.", hidden=True)
        news.tell(news.of_room(change.room))  # lists of those who are no members
        return
    text = "made the room public. What was written before stays with its members."
    entry = change.enter("public", f"{change.actor} {text}")
    change.room.public_from_seq = entry.seq


def _is_read_only(change: Change) -> None:
    if change.room.is_read_only:
        text = "made the room read-only. Only admins and moderators can write now."
        change.enter("read_only", f"{change.actor} {text}")
    else:
        change.enter("writable", f"{change.actor} let every member write.")


def _members_pin(change: Change) -> None:
    if change.room.members_pin:
        change.enter("members_pin", f"{change.actor} let every member pin messages.")
    else:
        text = "left the pins to admins and moderators."
        change.enter("moderators_pin", f"{change.actor} {text}")


def _slow_mode_s(change: Change) -> None:
    seconds = change.room.slow_mode_s
    if seconds:
        text = f"turned on slow mode: a member writes once in {words_of(seconds)}."
    else:
        text = "turned slow mode off."
    change.enter("slow_mode", f"{change.actor} {text}", seconds=seconds)


def _is_archived(change: Change) -> None:
    if change.room.is_archived:
        text = "archived the room. It can be read and searched."
        change.enter("archived", f"{change.actor} {text}")
    else:
        change.enter("restored", f"{change.actor} took the room out of the archive.")


# In the order of the sentences where several are changed at once.
_ENTER: dict[str, Callable[[Change], None]] = {
    "name": _name,
    "description": _description,
    "topic": _topic,
    "is_private": _is_private,
    "is_read_only": _is_read_only,
    "members_pin": _members_pin,
    "slow_mode_s": _slow_mode_s,
    "is_archived": _is_archived,
}
