"""The room worker's rules of replies: what may be answered, and where it goes.

The rule it guards: each reply belongs to the one thread of what it answers, whose first
message knows how many there are; both are written in one transaction.
"""

from chat.desk import Desk
from chat.inbox import PostIntent
from chat.models import Message
from livechat.lib.words import marked

Refusal = tuple[str, str]


def refusal(intent: PostIntent, desk: Desk) -> Refusal | None:
    """Why this cannot be a reply there, if so; None for what answers nothing."""
    if intent.reply_to is None:
        if intent.in_room:
            return None
        return "bad_frame", marked("in_room: only a reply can be kept out of the room.")
    answered = desk.found.get(intent.reply_to)
    if answered is None:
        return "no_message", marked("The message that this replies to is not there.")
    if intent.in_room:
        return None
    root = _root(answered, desk)
    if root is None or root.seq < desk.room.public_from_seq:
        return "forbidden", marked("There is no thread here. Answer in the room.")
    return None


def join(message: Message, desk: Desk, *, in_room: bool) -> None:
    """Put a new reply into its thread; `message` has its number already."""
    answered = desk.found.get(message.reply_to or 0)
    root = None if answered is None else _root(answered, desk)
    if root is None:
        return
    message.thread, message.in_room = root.seq, in_room
    if not in_room:
        message.continues = False
        desk.room.quiet_count += 1  # the room has it not to read (chat/unread.py)
    root.reply_count += 1
    root.last_reply_at = desk.now
    desk.roots.add(root.seq)


def leave(message: Message, desk: Desk) -> None:
    """Count a deleted reply no more."""
    root = desk.found.get(message.thread or 0)
    if root is not None and root.reply_count:
        root.reply_count -= 1
        desk.roots.add(root.seq)


def _root(answered: Message, desk: Desk) -> Message | None:
    """The first message of the thread; None of a line of the log, which begins none."""
    if answered.thread is not None:
        return desk.found.get(answered.thread)
    return None if answered.kind == Message.Kind.SYSTEM else answered
