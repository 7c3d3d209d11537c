"""What the room worker answers: an ack with the stored numbers, or a refusal."""

import msgspec

from chat.inbox import Answer, PostIntent, Write
from chat.models import Message, Room
from livechat.lib.words import Words, mark_of, marked

TOO_FAST = marked("Too fast. Try again in {0} s.")


def refused(intent: Write, room: Room | None, code: str, message: str) -> Answer:
    """The refusal of an intent; waiting does not help."""
    told = mark_of(message)
    return msgspec.structs.replace(_blank(intent, room), code=code, message=told)


def acked(
    intent: Write, room: Room, message: Message, *, repeated: bool = False
) -> Answer:
    """The answer to an intent whose message is stored."""
    new = isinstance(intent, PostIntent)
    return Answer(
        address=intent.address,
        ref=intent.ref,
        room=room.public_id,
        client_id=_client_id(intent),
        seq=message.seq,
        changed_seq=message.first_changed_seq if new else message.changed_seq,
        repeated=repeated,
    )


def _blank(intent: Write, room: Room | None) -> Answer:
    return Answer(
        address=intent.address,
        ref=intent.ref,
        room=room.public_id if room else intent.public_id,
        client_id=_client_id(intent),
        seq=0 if isinstance(intent, PostIntent) else intent.seq,
        body=intent.body if isinstance(intent, PostIntent) else "",
    )


def _client_id(intent: Write) -> str:
    return str(intent.client_id) if isinstance(intent, PostIntent) else ""


def too_fast(intent: Write, room: Room, wait_s: float, why: Words = TOO_FAST) -> Answer:
    """The refusal of what may be sent again after the seconds to wait, {0} in `why`."""
    seconds = max(1, round(wait_s + 0.49))
    return msgspec.structs.replace(
        _blank(intent, room),
        code="rate_limited",
        message=mark_of(marked(why, seconds)),
        retry_after_ms=int(wait_s * 1000) + 1,
    )
