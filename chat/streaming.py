"""The rules of messages that grow: their beginning, their pieces, and their end.

The rule it guards: a piece counts only where the stored text ends, and the final text
is its author's own or what was stored of it, never what anybody was shown.
"""

import msgspec

from chat.answers import acked, refused, too_fast
from chat.desk import Desk, Sender
from chat.inbox import (
    Answer,
    AppendIntent,
    FinishIntent,
    PostIntent,
    SilenceIntent,
    Write,
)
from chat.models import Message
from chat.streams import Chunk, Stream
from livechat.lib import limits
from livechat.lib.text import VISIBLE
from livechat.lib.token_bucket import Level, Rate, take
from livechat.lib.words import marked

Refusal = tuple[str, str]

OPEN = Message.Growth.OPEN
RATE = Rate(limits.PIECE_BURST, limits.PIECE_RATE_PER_S)


def too_many(intent: PostIntent, sender: Sender, desk: Desk) -> Refusal | None:
    """Why no other message may begin to grow here, None when one may."""
    if any(one.author_id == intent.user for one in desk.streams.values()):
        return "limit", marked("You are writing one in this room. Finish it first.")
    if len(desk.streams) >= limits.STREAMS_PER_ROOM:
        return "limit", marked(
            "Too many messages are being written here. Wait for one."
        )
    is_bot = sender.user.is_bot
    most = limits.STREAMS_PER_BOT if is_bot else limits.STREAMS_PER_PERSON
    if sender.streams >= most:
        return "limit", marked(
            "You are writing {0} messages already. Finish one first.", most
        )
    return None


def begin(message: Message, sender: Sender, desk: Desk) -> None:
    """Let the message that was just written grow."""
    desk.streams[message.seq] = Stream(
        room=desk.room,
        seq=message.seq,
        since=message.changed_seq,
        author=sender.user,
        level=RATE.burst,
        touched_at=desk.now,
    )
    desk.texts[message.seq] = ""
    sender.streams += 1


def decide(intent: AppendIntent | FinishIntent, desk: Desk) -> Answer:
    """The answer to the author, who may write here; repeats change nothing."""
    if isinstance(intent, AppendIntent):
        return _append(intent, desk)
    return _finish(intent, desk)


def drop(message: Message, desk: Desk) -> None:
    """Forget the pieces of a message that has got its end, or is deleted."""
    if message.stream == OPEN:
        message.stream = Message.Growth.STOPPED
    stream = desk.streams.pop(message.seq, None)
    desk.ended.add(message.seq)
    desk.grown.discard(message.seq)
    if stream is not None and (sender := desk.senders.get(stream.author_id)):
        sender.streams -= 1


def fall_silent(intent: SilenceIntent, desk: Desk) -> Answer:
    """End the message as interrupted, unless its author has spoken or ended it."""
    stream, message = desk.streams.get(intent.seq), desk.found.get(intent.seq)
    if stream is None or message is None or stream.touched_at != intent.touched_at:
        return refused(intent, desk.room, "no_message", "It is not silent.")
    return _end(intent, desk.texts[intent.seq], Message.Growth.INTERRUPTED, desk)


def _append(intent: AppendIntent, desk: Desk) -> Answer:
    message, piece = desk.found[intent.seq], desk.bodies[intent]
    if final := _is_final(message):
        return refused(intent, desk.room, *final)
    if piece.code:
        return refused(intent, desk.room, piece.code, piece.message)
    stream = desk.streams[intent.seq]
    if intent.offset < stream.length and _is_stored(intent, desk):
        return acked(intent, desk.room, message, repeated=True)
    if intent.offset != stream.length:
        why = f"The text has {stream.length:,} code points so far. Go on from there."
        refusal = refused(intent, desk.room, "bad_seq", why)
        return msgspec.structs.replace(refusal, offset=stream.length)
    if stream.length + len(piece.text) > limits.MESSAGE_MAX_LENGTH:
        most = limits.MESSAGE_MAX_LENGTH
        why = f"This would be too long: at most {most:,} characters fit."
        return refused(intent, desk.room, "too_long", why)
    if wait_s := _pay(stream, desk):
        return too_fast(intent, desk.room, wait_s)
    _grow(stream, piece.text, desk)
    return acked(intent, desk.room, message)


def _is_stored(intent: AppendIntent, desk: Desk) -> bool:
    return desk.texts[intent.seq].startswith(intent.text, intent.offset)


def _pay(stream: Stream, desk: Desk) -> float:
    """Take a token of the message's own; 0, or the seconds to wait."""
    level = Level(stream.level, stream.touched_at.timestamp())
    level, wait_s = take(level, RATE, desk.now.timestamp())
    if not wait_s:
        stream.level, stream.touched_at = level.tokens, desk.now
    return wait_s


def _grow(stream: Stream, text: str, desk: Desk) -> None:
    """Put the piece where the text ends; an empty one only says that more will come."""
    desk.grown.add(stream.seq)
    if not text:
        return
    desk.chunks.append(Chunk(stream=stream, offset=stream.length, text=text))
    stream.length += len(text)
    if stream.seq in desk.texts:
        desk.texts[stream.seq] += text


def _finish(intent: FinishIntent, desk: Desk) -> Answer:
    message, body = desk.found[intent.seq], desk.bodies[intent]
    is_same = intent.body is None or body.text == message.body
    if message.stream == intent.how and is_same:
        return acked(intent, desk.room, message, repeated=True)
    if final := _is_final(message):
        return refused(intent, desk.room, *final)
    if body.code:
        return refused(intent, desk.room, body.code, body.message)
    if intent.body is not None:
        return _end(intent, body.text, intent.how, desk)
    text = desk.texts[intent.seq]
    if intent.how == Message.Growth.DONE and not VISIBLE.search(text):
        why = "Nothing was written. Send a body, or another reason."
        return refused(intent, desk.room, "empty", why)
    return _end(intent, text, intent.how, desk)


def _end(intent: Write, text: str, how: str, desk: Desk) -> Answer:
    assert not isinstance(intent, PostIntent)  # noqa: S101 - it names no message yet
    final = desk.change(desk.found[intent.seq])
    final.end(text, how)
    drop(final, desk)
    return acked(intent, desk.room, final)


def _is_final(message: Message) -> Refusal | None:
    if message.stream == OPEN:
        return None
    return "forbidden", marked("This message is final: it does not grow any more.")
