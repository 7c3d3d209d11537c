"""What a room's log tells happened, as everybody reads it in their own language.

A line is kept in English, as programs and searches have it. The rule it guards: here
stands each sentence that chat/changes.py enters, by the kind of its entry.
"""

from accounts.models import ERASED, User
from chat.models import Message
from livechat.lib.words import Words, marked, recognised, taken_apart

_HAPPENED: dict[str, tuple[Words, ...]] = {
    "joined": (
        marked("{0} joined."),
        marked("{0} added {1}."),
        marked("{0} joined by a link of {1}."),
    ),
    "left": (marked("{0} left."),),
    "removed": (marked("{0} removed {1}."),),
    "banned": (marked("{0} banned {1}."),),
    "unbanned": (marked("{0} lifted the ban on {1}."),),
    "muted": (marked("{0} muted {1}."),),
    "unmuted": (marked("{0} unmuted {1}."),),
    "role": (
        marked("{0} made {1} an admin."),
        marked("{0} made {1} a moderator."),
        marked("{0} made {1} a member."),
        marked("{0} is an admin now, as the room had none left."),
    ),
    "renamed": (marked("{0} renamed the room to “{1}”."),),
    "described": (marked("{0} changed what the room is for."),),
    "topic": (
        marked("{0} set the topic to “{1}”."),
        marked("{0} took the topic away."),
    ),
    "private": (marked("{0} made the room private."),),
    "public": (
        marked(
            "{0} made the room public. What was written before stays with its members."
        ),
    ),
    "read_only": (
        marked(
            "{0} made the room read-only. Only admins and moderators can write now."
        ),
    ),
    "writable": (marked("{0} let every member write."),),
    "members_pin": (marked("{0} let every member pin messages."),),
    "moderators_pin": (marked("{0} left the pins to admins and moderators."),),
    "slow_mode": (
        marked("{0} turned on slow mode: a member writes once in {1} hour."),
        marked("{0} turned on slow mode: a member writes once in {1} hours."),
        marked("{0} turned on slow mode: a member writes once in {1} minute."),
        marked("{0} turned on slow mode: a member writes once in {1} minutes."),
        marked("{0} turned on slow mode: a member writes once in {1} second."),
        marked("{0} turned on slow mode: a member writes once in {1} seconds."),
        marked("{0} turned slow mode off."),
    ),
    "archived": (marked("{0} archived the room. It can be read and searched."),),
    "restored": (marked("{0} took the room out of the archive."),),
    "pinned": (marked("{0} pinned a message."),),
    "unpinned": (marked("{0} took down a pinned message."),),
}
# What only the room's audit log has.
_AUDITED = (
    marked("{0} deleted a reported message of {1}."),
    marked("{0} left a reported message of {1} as it is."),
    marked("{0} made a link into the room for {1} person."),
    marked("{0} made a link into the room for {1} people."),
    marked("{0} revoked a link into the room."),
    marked("{0} deleted a message of {1}."),
    marked("{0} made a new token for the bot {1}, and could read here with it."),
)
_ANY = (*(one for lines in _HAPPENED.values() for one in lines), *_AUDITED)


def happened(message: Message) -> str:
    """What a line of the log tells; "" of a message that somebody wrote."""
    if message.kind != Message.Kind.SYSTEM:
        return ""
    kind = (message.told or {}).get("type", "")
    return recognised(message.body, _HAPPENED.get(kind, ()))


def unnamed(message: Message, person: User) -> tuple[str, str]:
    """A line of the log with nobody in the place of a person, and what it called them.

    By who did it and whom it was done to, so under whichever name they went then. The
    line as it is, and no name, where it is about others.
    """
    told = message.told or {}
    found = taken_apart(message.body, _HAPPENED.get(told.get("type", ""), ()))
    if found is None:
        return message.body, ""
    sentence, names = found
    at = 0 if message.author_id == person.pk else 1
    is_theirs = at == 0 or told.get("user") == person.public_id
    if not is_theirs or len(names) <= at or names[at] == ERASED:
        return message.body, ""
    name, names[at] = names[at], ERASED
    return str(Words(sentence, *names)), name


def audited(sentence: str) -> str:
    """The sentence of an audit log."""
    return recognised(sentence, _ANY)
