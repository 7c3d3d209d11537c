"""The way in: an intent to write goes to its room's shard stream, and is answered.

Accepting is not acking: the ack comes from the worker, after the commit. Redis away
means "waiting" to the sender, who sends the same `client_id` again.
"""

import secrets
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID, uuid4

import msgspec

from accounts.models import User
from chat.growth_intents import AppendIntent as AppendIntent
from chat.growth_intents import FinishIntent as FinishIntent
from chat.growth_intents import SilenceIntent as SilenceIntent
from chat.link_intents import CardIntent, RemoveCardsIntent
from chat.models import Room
from livechat.lib import limits
from livechat.lib.redis import RedisAway, client
from livechat.lib.words import from_mark, marked

# KEYS[1] stream; ARGV: the cap, the entry. A full inbox is told, not queued.
ADD = """
if redis.call('XLEN', KEYS[1]) >= tonumber(ARGV[1]) then return false end
return redis.call('XADD', KEYS[1], '*', 'i', ARGV[2])
"""


class PostIntent(msgspec.Struct, frozen=True, array_like=True, tag="send"):
    """A message on its way to the room worker, with the address of its answer."""

    room: int  # primary key
    user: int  # primary key
    epoch: int  # of the user when the socket was let in
    client_id: UUID
    body: str
    reply_to: int | None
    process: str  # the web process that holds the socket; "": a list at `address`
    address: str  # the connection's id, or the list's key
    ref: str | None
    public_id: str = ""  # of the room; a refusal names it even if nothing can be read
    grows: bool = False  # the text comes piece by piece
    in_room: bool = True  # False: a reply that stands in its thread alone


class EditIntent(msgspec.Struct, frozen=True, array_like=True, tag="edit"):
    """A new text for a message of one's own."""

    room: int
    user: int
    epoch: int
    seq: int
    body: str
    process: str
    address: str
    ref: str | None
    public_id: str = ""
    client_id: UUID | None = None  # None: an older version wrote it


class DeleteIntent(msgspec.Struct, frozen=True, array_like=True, tag="delete"):
    """The end of a message's text; its numbers stay."""

    room: int
    user: int
    epoch: int
    seq: int
    process: str
    address: str
    ref: str | None
    public_id: str = ""


class ReactIntent(msgspec.Struct, frozen=True, array_like=True, tag="react"):
    """An emoji of one's own on a message, or no longer."""

    room: int
    user: int
    epoch: int
    seq: int
    emoji: str
    on: bool
    process: str
    address: str
    ref: str | None
    public_id: str = ""


class _Untagged(PostIntent, frozen=True, array_like=True, tag=False):
    """A message as it was written before there was anything but messages."""


Piecewise = AppendIntent | FinishIntent | SilenceIntent
Cards = CardIntent | RemoveCardsIntent
Change = EditIntent | DeleteIntent | ReactIntent | Piecewise | Cards
Write = PostIntent | Change  # what the room worker decides over

_write: msgspec.msgpack.Decoder[Write] = msgspec.msgpack.Decoder(Write)
_untagged = msgspec.msgpack.Decoder(_Untagged)


def decoded(entry: bytes) -> Write:
    """The intent of a stream's entry, also of one that an older version wrote.

    Raises:
        msgspec.DecodeError: it is none.
    """
    try:
        return _write.decode(entry)
    except msgspec.ValidationError:
        return _untagged.decode(entry)


class Answer(msgspec.Struct, frozen=True, array_like=True):
    """What became of an intent: an ack (`code` empty) or a refusal."""

    address: str
    ref: str | None
    room: str  # public id
    client_id: str  # of the message; empty for a change
    seq: int = 0
    changed_seq: int = 0
    repeated: bool = False  # the message was there already
    code: str = ""
    message: str = ""
    retry_after_ms: int | None = None
    body: str = ""  # the refused text, so that a page can offer it again
    offset: int | None = None  # where a growing text ends, to who missed that


class Refused(Exception):  # noqa: N818 - the handler reads as a sentence
    """The message was not stored; `code` is one of the protocol's."""

    def __init__(
        self, code: str, message: str, retry_after_ms: int | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.retry_after_ms = retry_after_ms


@dataclass(frozen=True, slots=True)
class Posted:
    """Where the message stands in the room's log."""

    seq: int
    changed_seq: int


def stream(shard: int) -> str:
    """The name of a shard's stream."""
    return f"in:{shard}"


def answers_channel(process: str) -> str:
    """The channel on which a web process hears what became of its intents."""
    return f"process:{process}"


def busy() -> Refused:
    """The refusal of a full inbox."""
    return Refused(
        "busy", marked("Too much is waiting. Try again in a few seconds."), 3000
    )


def waiting() -> Refused:
    """The refusal while Redis or the worker is away; the same client_id goes on."""
    return Refused(
        "waiting",
        marked("The server cannot take messages right now. Send it again."),
        2000,
    )


def post_message(
    user: User,
    room: Room,
    *,
    body: str,
    client_id: UUID,
    reply_to: int | None = None,
    in_room: bool = True,
) -> Posted:
    """Post from a thread and wait for the worker's answer, ANSWER_TIMEOUT_S at most.

    A repeat of the same `client_id` stores nothing and gives the same answer.

    Raises:
        Refused: with the worker's reason, or `waiting` when no answer came.
    """
    key = f"answer:{secrets.token_hex(8)}"
    person, text = (room.pk, user.pk, user.epoch), (client_id, body, reply_to)
    intent = PostIntent(*person, *text, "", key, None, room.public_id, in_room=in_room)
    return _posted(_ask(room.shard, intent))


def edit_message(
    user: User, room: Room, seq: int, body: str, client_id: UUID | None = None
) -> Posted:
    """Give a message another text and wait, as `post_message` does.

    The text that it has already changes nothing, and neither does a repeat of the same
    `client_id`. Raises as `post_message` does.
    """
    key = f"answer:{secrets.token_hex(8)}"
    edit, person = client_id or uuid4(), (room.pk, user.pk, user.epoch)
    intent = EditIntent(*person, seq, body, "", key, None, room.public_id, edit)
    return _posted(_ask(room.shard, intent))


def delete_message(user: User, room: Room, seq: int) -> Posted:
    """Empty a message for everybody; a repeat changes nothing."""
    key = f"answer:{secrets.token_hex(8)}"
    intent = DeleteIntent(
        room.pk, user.pk, user.epoch, seq, "", key, None, room.public_id
    )
    return _posted(_ask(room.shard, intent))


def react(user: User, room: Room, seq: int, emoji: str, *, on: bool) -> Posted:
    """Put a known emoji to a message or take it back; a repeat changes nothing."""
    key = f"answer:{secrets.token_hex(8)}"
    intent = ReactIntent(
        room.pk, user.pk, user.epoch, seq, emoji, on, "", key, None, room.public_id
    )
    return _posted(_ask(room.shard, intent))


def remove_cards(user: User, room: Room, seq: int) -> Posted:
    """Take the cards of its links from a message; a repeat changes nothing."""
    key = f"answer:{secrets.token_hex(8)}"
    intent = RemoveCardsIntent(
        room.pk, user.pk, user.epoch, seq, "", key, None, room.public_id
    )
    return _posted(_ask(room.shard, intent))


def hand_in(shard: int, intent: Write) -> None:
    """Put an intent into a shard's inbox, and wait for nothing.

    Raises:
        Refused: the inbox is full, or Redis is away.
    """
    try:
        added = _script()(
            keys=[stream(shard)],
            args=[limits.INBOX_MAX_INTENTS, msgspec.msgpack.encode(intent)],
        )
    except RedisAway as error:
        raise waiting() from error
    if not added:
        raise busy()


def _posted(answer: Answer) -> Posted:
    if answer.code:
        raise Refused(answer.code, from_mark(answer.message), answer.retry_after_ms)
    return Posted(answer.seq, answer.changed_seq)


def _ask(shard: int, intent: Write) -> Answer:
    redis: Any = client()
    hand_in(shard, intent)
    try:
        for _ in range(limits.ANSWER_TIMEOUT_S * 2):
            # Short blocks, below the client's own time limit for one command.
            if reply := redis.blpop([intent.address], timeout=0.5):
                return msgspec.msgpack.decode(reply[1], type=Answer)
    except RedisAway as error:
        raise waiting() from error
    raise waiting()


@cache
def _script() -> Any:
    return client().register_script(ADD)
