"""Who is told on their devices of what is written: the others of a direct message, and
whoever a message names.

The rule it guards: one notification for each room, the newest, gone once it is read.
"""

from collections.abc import Collection, Iterable

from chat.desk import Desk
from chat.models import Message, Room
from livechat.push import outbox


def tell(desks: Iterable[Desk]) -> None:
    """Tell of a batch's new messages; a statement for each direct message, else none.

    A text that grows is told of by nobody: its author has said nothing yet.
    """
    for desk in desks:
        written = [one for one in desk.new.values() if one.body]
        if desk.room.people_key and written:
            _tell_others(desk.room, max(written, key=lambda one: one.seq))


def _tell_others(room: Room, message: Message) -> None:
    # Whose it is, as chat/directs.py has put it together.
    people = {int(pk) for pk in (room.people_key or "").split(",")}
    outbox.notify(
        people - {message.author_id},
        room.public_id,
        tag_of(room.public_id),
        message.author.display_name,
        message.body,
        f"/rooms/{room.public_id}/",
    )


def tell_mentioned(message: Message, users: Collection[int]) -> None:
    """Tell those whom a new message names; one statement, none when it names nobody."""
    room, name = message.room, message.author.display_name
    if users:
        outbox.notify(
            users,
            room.public_id,
            tag_of(room.public_id),
            f"{name} in {room.name}" if room.name else name,
            message.body,
            f"/rooms/{room.public_id}/#m-{message.seq}",
        )


def tag_of(public_id: str) -> str:
    """Under which a browser shows what it was told of a room."""
    return f"room-{public_id}"


def read(pairs: Collection[tuple[int, str]]) -> None:
    """Take back what people were told of rooms that they have read to the end.

    `pairs` are of user and the room's public id. A question, and two statements more
    for each browser that was told.
    """
    outbox.withdraw([(user, tag_of(room)) for user, room in pairs])
