"""The room worker's one transaction: a batch of intents decided over and stored.

Nothing leaves the process before the commit.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from chat import carding, following, notices, rows, telling
from chat.answers import refused
from chat.desk import Body, Desk
from chat.desks import read_desks
from chat.inbox import (
    Answer,
    AppendIntent,
    EditIntent,
    FinishIntent,
    PostIntent,
    ReactIntent,
    Write,
)
from chat.leases import hold
from chat.mentions import settle
from chat.models import Message
from chat.moderation_tables import AuditEntry
from chat.news import News
from chat.room import Registry
from chat.streams import Chunk, Stream
from chat.unread import ReadMark
from chat.versions import Version
from livechat.lib import limits
from livechat.lib.failpoints import failpoint
from livechat.lib.growth import Piece
from livechat.lib.markdown import render, shows_nothing
from livechat.lib.text import (
    BadText,
    EmptyText,
    TextError,
    TooLong,
    checked_piece,
    normalise_text,
)
from livechat.lib.token_bucket import Rate, take
from livechat.lib.words import marked


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one intent; `message` is the state to publish, if it has one.

    `piece` is what a text has grown by it.
    """

    intent: Write
    answer: Answer
    message: Message | None
    piece: Piece | None = None
    news: tuple[News, ...] = ()  # of the whole batch, at its last outcome


def write_batch(
    intents: Sequence[Write], leases: Mapping[int, int], registry: Registry
) -> list[Outcome]:
    """Decide over a batch and store what is let through, in one transaction.

    `leases` maps each shard of the batch to the epoch under which it is held. Messages
    cost a fixed number of queries; a reaction, a card that arrives and a direct message
    that goes cost two or three more each. The outcomes are those of the first intents,
    at least of one: what cannot be rendered within BATCH_MAX_S is left for the next
    batch.

    Raises:
        Fenced: another worker holds a shard by now; nothing was stored.
    """
    bodies = _bodies(intents)
    ready = list(takewhile(bodies.__contains__, intents))
    try:
        with transaction.atomic():
            hold(leases)
            now = timezone.now()  # after the wait for the lock: what it refills is true
            desks = read_desks(ready, bodies, registry, leases, message_rate(), now)
            outcomes = [_decide(intent, desks, registry) for intent in ready]
            news = [*_store(list(desks.values())), *_thanks(outcomes, desks)]
            failpoint("worker.before_commit")
    except BaseException:
        for intent in ready:
            registry.forget(intent.room)
        raise
    if news:
        outcomes[-1] = replace(outcomes[-1], news=tuple(news))
    return outcomes


def _thanks(outcomes: Sequence[Outcome], desks: Mapping[int, Desk]) -> list[News]:
    """Whose messages got reactions, or lost them."""
    news: list[News] = []
    for one in outcomes:
        if isinstance(one.intent, ReactIntent) and one.message is not None:
            actor = desks[one.intent.room].senders[one.intent.user].user
            last = desks[one.intent.room].found[one.intent.seq]
            if last.deleted_at is None:
                emoji, on = one.intent.emoji, one.intent.on
                news += notices.reacted(last, actor, emoji, on=on)
    return news


def _decide(intent: Write, desks: Mapping[int, Desk], registry: Registry) -> Outcome:
    desk = desks.get(intent.room)
    if desk is None:
        text = marked("There is no such room, or it is not yours.")
        return Outcome(intent, refused(intent, None, "no_room", text), None)
    before, chunks_before = len(desk.states), len(desk.chunks)
    answer = registry.actor(intent.room).decide(intent, desk)
    state = desk.states[-1] if len(desk.states) > before else None
    if len(desk.chunks) == chunks_before:
        return Outcome(intent, answer, state)
    chunk, after = desk.chunks[-1], desk.room.last_changed_seq
    piece = Piece(chunk.stream.seq, chunk.offset, chunk.text, after=after)
    return Outcome(intent, answer, state, piece)


def _store(desks: Sequence[Desk]) -> list[News]:
    written = [desk for desk in desks if desk.states]
    settle(written)
    rows.insert_messages([one for desk in written for one in desk.new.values()])
    changed = [one for desk in written for one in desk.changed.values()]
    if changed:
        Message.objects.bulk_update(changed, CHANGING)
    roots = [one for desk in written for one in _roots(desk)]
    if roots:
        Message.objects.bulk_update(roots, ("reply_count", "last_reply_at"))
    for desk in desks:
        if desk.streams or desk.ended:
            _store_streams(desk)
        if desk.versions or desk.purged:
            _store_versions(desk)
        carding.store(desk)
    rows.move_counters(
        [
            (desk.room, desk.room.last_seq - len(desk.new), desk.first_changed_seq)
            for desk in written
        ]
    )
    audit = [one for desk in written for one in desk.audit]
    if audit:
        AuditEntry.objects.bulk_create(audit)
    rows.keep_last_posts(
        [
            (desk.room.pk, user, at)
            for desk in written
            for user, at in desk.posted.items()
        ]
    )
    telling.tell(written)
    following.follow(written)
    news = notices.note(written)
    rows.keep_read([mark for desk in written for mark in _marks(desk)])
    senders = desks[0].senders if desks else {}  # the same ones at every desk
    rows.keep_levels(
        {
            pk: sender.level
            for pk, sender in senders.items()
            if sender.spent and sender.level is not None
        }
    )
    return news


def _store_streams(desk: Desk) -> None:
    """Store how the room's texts grew; of those that ended no piece is left."""
    for seq, stream in desk.streams.items():
        if stream._state.adding:
            stream.save()
            desk.grown.discard(seq)
    going_on = [desk.streams[seq] for seq in desk.grown]
    Stream.objects.bulk_update(going_on, ("length", "level", "touched_at"))
    chunks = [one for one in desk.chunks if one.stream.seq not in desk.ended]
    Chunk.objects.bulk_create(chunks)
    if desk.ended:
        Stream.objects.filter(room=desk.room, seq__in=desk.ended).delete()


def _marks(desk: Desk) -> list[ReadMark]:
    """Who writes in a room has read it up to what they wrote."""
    room = desk.room
    newest = {one.author_id: one for one in desk.new.values()}
    return [
        ReadMark(room.pk, user, one.seq, one.quiet_upto) for user, one in newest.items()
    ]


def _roots(desk: Desk) -> list[Message]:
    """The first messages of threads that count differently; new ones say so already."""
    return [desk.found[seq] for seq in desk.roots if seq not in desk.new]


def _store_versions(desk: Desk) -> None:
    """Store the texts before edits; of what is deleted none is left."""
    Version.objects.filter(room=desk.room, seq__in=desk.purged).delete()
    Version.objects.bulk_create(desk.versions)


CHANGING = (
    "body",
    "html",
    "stream",
    "reactions",
    "links",
    "changed_seq",
    "created_changed_seq",
    "edited_at",
    "deleted_at",
    "pinned_at",
)


def message_rate() -> Rate:
    """The rate of messages of one person."""
    return Rate(settings.RATE_MESSAGES_BURST, settings.RATE_MESSAGES_PER_S)


def _bodies(intents: Sequence[Write]) -> dict[Write, Body]:
    """The checked texts and their HTML, made before the lock is taken.

    By the whole intent: the same client_id may name another text, in another room or
    by mistake. A person whose bucket is empty costs no rendering, as they are refused.
    """
    levels = rows.levels({intent.user for intent in intents})
    now, rate = time.time(), message_rate()
    end_at = time.monotonic() + limits.BATCH_MAX_S
    bodies: dict[Write, Body] = {}
    for intent in intents:
        if bodies and time.monotonic() > end_at:
            break
        if not isinstance(intent, PostIntent | EditIntent) or _grows(intent):
            bodies[intent] = _other_body(intent)
            continue
        levels[intent.user], wait_s = take(levels.get(intent.user), rate, now)
        bodies[intent] = _body(intent.body, rendered=not wait_s)
    return bodies


def _grows(intent: Write) -> bool:
    return isinstance(intent, PostIntent) and intent.grows


def _other_body(intent: Write) -> Body:
    """The text of what is neither a whole message nor an edit of one."""
    if isinstance(intent, AppendIntent):
        return _piece(intent.text)
    if isinstance(intent, FinishIntent) and intent.body is not None:
        return _body(intent.body, rendered=False)
    return Body("", html="")


def _piece(text: str) -> Body:
    try:
        return Body(checked_piece(text, max_length=limits.MESSAGE_MAX_LENGTH))
    except TextError as error:
        return Body(text, code=_CODES[type(error)], message=str(error))


def _body(text: str, *, rendered: bool) -> Body:
    try:
        checked = normalise_text(text, max_length=limits.MESSAGE_MAX_LENGTH)
    except TextError as error:
        return Body(text, code=_CODES[type(error)], message=str(error))
    rendered_html = render(checked) if rendered else None
    if rendered_html is not None and shows_nothing(rendered_html):
        return Body(text, code=_CODES[EmptyText], message=NOTHING_SHOWN)
    return Body(checked, html=rendered_html)


NOTHING_SHOWN = marked("Write something more: of this nothing could be seen.")

_CODES: dict[type[TextError], str] = {
    EmptyText: "empty",
    TooLong: "too_long",
    BadText: "bad_text",
}
