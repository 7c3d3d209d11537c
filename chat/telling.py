"""Who is told on their devices of what is written: the others of a direct message, and
whoever a message names or answers.

The rule it guards: one notification for each room, the newest, gone once it is read or
deleted; and of nobody whom its reader blocks.
"""

from collections.abc import Collection, Iterable

from django.db.models import Exists, OuterRef

from accounts.models import Block, User
from chat.desk import Desk
from chat.models import Message, Room
from livechat.lib.words import marked
from livechat.push import outbox
from livechat.push.models import Push
from livechat.push.outbox import Word


def tell(desks: Iterable[Desk]) -> None:
    """Tell of a batch's new messages; a statement for each direct message, else none.

    A text that grows is told of once it is whole.
    """
    for desk in desks:
        written = written_at(desk)
        if desk.room.people_key and written:
            _tell_others(desk.room, max(written, key=lambda one: one.seq))
        for seq in {one.seq for one in desk.versions} - desk.purged:
            outbox.reword(desk.room.public_id, seq, desk.found[seq].body)
        deleted(desk.room, desk.purged)


def written_at(desk: Desk) -> list[Message]:
    """The batch's texts that are whole for the first time, in their last state."""
    whole = [desk.changed[seq] for seq in desk.ended if seq in desk.changed]
    return [one for one in (*desk.new.values(), *whole) if one.body]


def blockers(author: int, users: Collection[int]) -> set[int]:
    """Those of the users who block the author; one query, none for nobody."""
    if not users:
        return set()
    found = Block.objects.filter(blocked=author, user__in=users)
    return set(found.values_list("user_id", flat=True))


def blockers_in(room: Room, author: int) -> list[int]:
    """Those of the room's people who block the author; one query."""
    found = Block.objects.filter(blocked=author, user__memberships__room=room)
    return list(found.values_list("user_id", flat=True))


def hearers_of(room: Room, author: int) -> set[int]:
    """The others of a direct or group message, but those who block the author.

    One query for a group; of two nobody writes while one blocks the other.
    """
    others = set(room.people_keys - {author})
    return others - blockers(author, others) if room.kind == Room.Kind.GROUP else others


def _tell_others(room: Room, message: Message) -> None:
    outbox.notify(
        hearers_of(room, message.author_id),
        Word(
            tag_of(room.public_id),
            message.author.display_name,
            message.body,
            f"/rooms/{room.public_id}/",
            room=room.public_id,
            seq=message.seq,
        ),
    )


def tell_named(message: Message, users: Collection[int]) -> None:
    """Tell those whom a new message names or answers; a statement, none for nobody."""
    room, name = message.room, message.author.display_name
    outbox.notify(
        users,
        Word(
            tag_of(room.public_id),
            marked("{0} in {1}", name, room.name) if room.name else name,
            message.body,
            f"/rooms/{room.public_id}/{message.place}",
            room=room.public_id,
            seq=message.seq,
        ),
    )


def deleted(room: Room, seqs: Collection[int]) -> None:
    """Take back what shows a message that is deleted; a question, none for none."""
    if seqs:
        outbox.withdraw_of(room.public_id, seqs)


def lost(room: Room, users: Collection[int] | None = None) -> None:
    """Take back what these people (None: all) were told of a room they have lost."""
    outbox.withdraw_room(room.public_id, users)


def tag_of(public_id: str) -> str:
    """Under which a browser shows what it was told of a room."""
    return f"room-{public_id}"


def read(pairs: Collection[tuple[int, str]]) -> None:
    """Take back what people were told of rooms that they have read to the end.

    `pairs` are of user and the room's public id. A question, and two statements more
    for each browser that was told.
    """
    outbox.withdraw([(user, tag_of(room)) for user, room in pairs])


def read_thread(user: User, room: Room, root: int) -> None:
    """Take back what the user was told of answers of a thread that they have read."""
    answer = Message.objects.filter(room=room, thread=root, seq=OuterRef("seq"))
    outbox.withdraw_rows(
        Push.objects.filter(
            Exists(answer), room=room.public_id, subscription__user=user
        )
    )
