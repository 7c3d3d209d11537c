"""The room worker's rules of reactions: who may, on what, and how many."""

from chat import reactions
from chat.answers import acked, refused, too_fast
from chat.desk import Desk, Sender
from chat.inbox import Answer, ReactIntent
from chat.models import Message
from livechat.lib import limits
from livechat.lib.words import marked

Refusal = tuple[str, str]


def react(intent: ReactIntent, sender: Sender, desk: Desk) -> Answer:
    """Add the sender's emoji to the message or take it back; a repeat changes nothing.

    The sender may write here: that was asked before.
    """
    message = desk.found.get(intent.seq)
    if message is None or message.deleted_at is not None:
        why = marked("There is no such message, or it was deleted.")
        return refused(intent, desk.room, "no_message", why)
    if refusal := _not_this(message, desk):
        return refused(intent, desk.room, *refusal)
    there = reactions.reacted(message)
    me = sender.user.public_id
    if (me in there.get(intent.emoji, ())) == intent.on:
        return acked(intent, desk.room, message, repeated=True)
    if intent.on and (refusal := _too_many(intent.emoji, there)):
        return refused(intent, desk.room, *refusal)
    if wait_s := desk.pay(sender):
        return too_fast(intent, desk.room, wait_s)
    people = there.setdefault(intent.emoji, [])
    if intent.on:
        people.append(me)
    else:
        people.remove(me)
    changed = desk.change(message)
    changed.reactions = reactions.stored(there)
    return acked(intent, desk.room, changed)


def _not_this(message: Message, desk: Desk) -> Refusal | None:
    if message.kind == Message.Kind.SYSTEM:
        return "forbidden", marked(
            "This line tells what happened; nobody reacts to it."
        )
    if message.stream == Message.Growth.OPEN:
        return "forbidden", marked("It is still being written. React when it is done.")
    if message.seq < desk.room.public_from_seq:
        # It would go with its text to everybody live, also to who may not read so far.
        return "forbidden", marked("This is from before the room became public.")
    return None


def _too_many(emoji: str, there: reactions.Reacted) -> Refusal | None:
    if emoji not in there and len(there) >= limits.REACTION_EMOJI_MAX:
        most = limits.REACTION_EMOJI_MAX
        return "limit", marked(
            "A message takes {0} different emoji. Use one of those.", most
        )
    if sum(map(len, there.values())) >= limits.REACTIONS_MAX:
        return "limit", marked("This message has all the reactions that it can take.")
    return None
