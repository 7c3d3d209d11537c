"""What leaves the room worker after a commit, in the order that the promises need.

Publications first, then answers, then the entries' end: an ack that is seen names a
message that was published, and an entry that is gone was answered.
"""

import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence

import msgspec
from asgiref.sync import sync_to_async

from chat import activity, fanout, news
from chat.activity import Activity
from chat.fanout import room_channel
from chat.inbox import Answer, answers_channel, stream
from chat.intake import GROUP, Entry
from chat.lobby import direct_spoken_in
from chat.mention_tables import EVERYBODY_KEY
from chat.models import Room
from chat.posting import Outcome
from chat.quotes import quoted
from chat.reactions import named
from chat.unread import ReadMark
from livechat.lib.failpoints import failpoint
from livechat.lib.feed import Publication
from livechat.lib.pipe import Command, Pipe
from livechat.lib.storage import DatabaseAway, fresh

ANSWER_KEPT_S = 30  # an HTTP request that waits reads its answer within this

logger = logging.getLogger(__name__)

_encode = msgspec.msgpack.Encoder().encode


async def publish(
    pipe: Pipe,
    outcomes: Sequence[Outcome],
    pages: Mapping[str, Sequence[Publication]],
    done: Sequence[Entry],
) -> None:
    """Publish, answer, and take the entries off their streams, in one round trip.

    A direct message that has its first word is shown to its people before.

    Raises:
        redis.RedisError, OSError: Redis is away; all of it may be done again.
    """
    await _show_directs(outcomes)
    commands: list[Command] = [
        ("PUBLISH", room_channel(room), _encode(publications))
        for room, publications in pages.items()
    ]
    if written := _activities(outcomes):
        commands.append(("PUBLISH", activity.CHANNEL, activity.encode(written)))
    if told := [one for outcome in outcomes for one in outcome.news]:
        commands.append(("PUBLISH", news.CHANNEL, news.encode(told)))
    commands += _answers(outcomes)
    for shard in {entry.shard for entry in done}:
        ids = [entry.id for entry in done if entry.shard == shard]
        commands.append(("XACK", stream(shard), GROUP, *ids))
        commands.append(("XDEL", stream(shard), *ids))
    if not commands:
        return
    failpoint("worker.before_xack")
    for reply in await pipe.run(commands):
        if isinstance(reply, Exception):
            raise reply
    failpoint("worker.after_publish")


async def _show_directs(outcomes: Sequence[Outcome]) -> None:
    """Show direct messages with their first word to those who did not begin them."""
    written = (one.message for one in outcomes if one.message is not None)
    for message in written:
        is_new = message.created_changed_seq is None
        if message.seq == 1 and is_new and message.room.is_direct:
            try:
                await sync_to_async(fresh(direct_spoken_in))(message.room_id)
            except DatabaseAway as error:  # their pages show it at their next load
                logger.warning("a direct message is not shown yet: %r", error)


def publications(outcomes: Sequence[Outcome]) -> dict[str, list[Publication]]:
    """What each room is told of a batch, in its order, by the room's public id."""
    rooms: dict[str, list[Publication]] = defaultdict(list)
    quoted(named(one.message for one in outcomes if one.message is not None))
    for outcome in outcomes:
        room = outcome.answer.room
        if outcome.message is not None:
            rooms[room].append(fanout.publication(outcome.message, room))
        elif outcome.piece is not None:
            rooms[room].append(Publication(0, b"", b"", piece=outcome.piece))
    return rooms


def _activities(outcomes: Sequence[Outcome]) -> list[Activity]:
    """The numbers of each room in which something new was written, and by whom."""
    rooms: dict[str, Room] = {}
    writers: dict[str, dict[int, ReadMark]] = defaultdict(dict)
    named: dict[str, list[int]] = defaultdict(list)
    unheard: dict[str, list[int]] = defaultdict(list)
    for outcome in outcomes:
        message = outcome.message
        if message is None:
            continue
        is_new = message.created_changed_seq is None
        if is_new or message.mentioned:  # by a text that has grown, and is whole now
            rooms[outcome.answer.room] = message.room
            everybody = EVERYBODY_KEY in message.mentioned
            one = [EVERYBODY_KEY] if everybody else message.mentioned
            named[outcome.answer.room] += one
            unheard[outcome.answer.room] += message.unheard_by
        if is_new:
            room = message.room
            writers[outcome.answer.room][message.author_id] = ReadMark(
                room.pk, message.author_id, message.seq, message.quiet_upto
            )
    return [
        activity.of(room, list(writers[at].values()), named[at], unheard[at])
        for at, room in rooms.items()
    ]


def _answers(outcomes: Sequence[Outcome]) -> list[Command]:
    """A message for each web process with its answers; a list for who waits alone."""
    commands: list[Command] = []
    answers: dict[str, list[Answer]] = defaultdict(list)
    for outcome in outcomes:
        address = outcome.intent.address
        if outcome.intent.process:
            answers[outcome.intent.process].append(outcome.answer)
        elif address:
            commands.append(("RPUSH", address, _encode(outcome.answer)))
            commands.append(("EXPIRE", address, ANSWER_KEPT_S))
    for process, batch in answers.items():
        commands.append(("PUBLISH", answers_channel(process), _encode(batch)))
    return commands
