"""Intents of people, stored as the room worker would, without a running one."""

from uuid import uuid4

from django.utils import timezone

from accounts.models import User
from chat.inbox import DeleteIntent, PostIntent, ReactIntent, Write
from chat.models import Room
from chat.posting import Outcome, write_batch
from chat.room import Registry
from chat.worker_tables import Shard

NOWHERE = ("", "", None)  # nobody waits for the answer


def who(user: User, room: Room) -> tuple[int, int, int]:
    """Whose intent it is, and where, as each begins."""
    return room.pk, user.pk, user.epoch


def written(room: Room, *intents: Write) -> list[Outcome]:
    """What becomes of the intents in one batch; none of them may be refused."""
    held = {"owner": "test", "epoch": 1, "until": timezone.now()}
    Shard.objects.update_or_create(number=room.shard, defaults=held)
    outcomes = write_batch(intents, {room.shard: 1}, Registry())
    room.refresh_from_db()
    assert [one.answer.code for one in outcomes] == [""] * len(intents)
    return outcomes


def post(
    author: User,
    room: Room,
    body: str = "",
    *,
    reply_to: int | None = None,
    in_room: bool = True,
) -> PostIntent:
    """A message; without a body one that grows."""
    return PostIntent(
        *who(author, room),
        uuid4(),
        body,
        reply_to,
        *NOWHERE,
        room.public_id,
        grows=not body,
        in_room=in_room,
    )


def say(author: User, room: Room, *texts: str, reply_to: int | None = None) -> int:
    """Store texts in one batch; the number of the last."""
    written(room, *(post(author, room, one, reply_to=reply_to) for one in texts))
    return room.last_seq


def delete(author: User, room: Room, *seqs: int) -> None:
    """Delete messages."""
    written(room, *(DeleteIntent(*who(author, room), one, *NOWHERE) for one in seqs))


def react(user: User, room: Room, seq: int, emoji: str, *, on: bool = True) -> None:
    """Add an emoji, or take it back."""
    written(room, ReactIntent(*who(user, room), seq, emoji, on, *NOWHERE))
