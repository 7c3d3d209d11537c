"""Builds that are broken on purpose: each must be caught by the check it names.

A patch is an exact text of a file in the copy that runs; when the code has moved on,
`tests/chaos/test_sabotage.py` says which text is not there any more.
"""

from dataclasses import dataclass, field

from tests.chaos.bots import Bot
from tests.chaos.build import Patch
from tests.chaos.reducer import Effect, Frame, Reducer, Shown, row_of


@dataclass(frozen=True, slots=True)
class Sabotage:
    """What is broken, which checks must see it (any of them), and under what."""

    name: str
    caught_by: tuple[str, ...]
    patches: tuple[Patch, ...] = ()
    bot: type[Bot] = field(default=Bot)
    faults: tuple[str, ...] = ()  # the only ones of the storm; empty: all
    scenes: tuple[str, ...] = ()
    minutes: float = 0.6


class Careless(Reducer):
    """A client that shows whatever comes, as often as it comes."""

    def _message(self, frame: Frame) -> list[Effect]:
        log = self.log(frame["room"])
        log.cursor = max(log.cursor, frame["changed_seq"])
        row = row_of(frame)
        log.rows[row.seq] = row
        return [Shown(frame["room"], row, True)]


class CarelessBot(Bot):
    """Follows its rooms from further back than it is, and shows all of it again."""

    new_reducer = Careless

    async def _follow(self, room: str) -> None:
        after = max(0, self.reducer.log(room).cursor - 5)
        await self.tell(type="subscribe", room=room, after=after, ref=room)


class Stubborn(Reducer):
    """A client that keeps what it has of a message, whatever becomes of it."""

    def _message(self, frame: Frame) -> list[Effect]:
        rows = self.log(frame["room"]).rows
        before = rows.get(frame["seq"])
        effects = super()._message(frame)
        if before is not None:
            rows[frame["seq"]] = before
        return effects


class StubbornBot(Bot):
    """Shows a former state of what was edited or deleted."""

    new_reducer = Stubborn


INDEX = "search/index.py"
POSTING = "chat/posting.py"
STREAMING = "chat/streaming.py"
WORKER = "chat/worker.py"
BEFORE_TRY = "        done = entries\n        try:\n"
BEFORE_COMMIT = '            failpoint("worker.before_commit")\n'

# Entries go and answers leave inside the transaction: nobody else knows of them then.
ACK_EARLY = """\
            from chat.inbox import answers_channel
            from livechat.lib.redis import client as _client, publish as _publish
            import msgspec as _msgspec, time as _time
            for _shard, _entry in TAKEN:
                _client().xack(f"in:{_shard}", "roomworker", _entry)
                _client().xdel(f"in:{_shard}", _entry)
            for _one in outcomes:
                if _one.intent.process:
                    _publish(
                        answers_channel(_one.intent.process),
                        _msgspec.msgpack.encode([_one.answer]),
                    )
            _time.sleep(0.03)
"""

# Publications leave inside the transaction.
PUBLISH_EARLY = """\
            from chat import fanout as _fanout
            for _one in outcomes:
                if _one.message is not None:
                    _fanout.publish(_one.answer.room, [_one.message])
"""

SABOTAGES: dict[str, Sabotage] = {
    one.name: one
    for one in (
        Sabotage(
            "ack_before_commit",
            ("C1",),
            (
                Patch(POSTING, BEFORE_COMMIT, ACK_EARLY + BEFORE_COMMIT),
                Patch(POSTING, "CHANGING = (\n", "TAKEN = []\nCHANGING = (\n"),
                Patch(
                    WORKER,
                    BEFORE_TRY,
                    "        posting.TAKEN = [(one.shard, one.id) for one in entries]\n"
                    + BEFORE_TRY,
                ),
            ),
            scenes=("nothing_left_behind",),
            minutes=0.1,
        ),
        Sabotage(
            "no_dedupe",
            ("C2",),
            (
                Patch(
                    "chat/migrations/0001_initial.py",
                    "fields=('room', 'author', 'client_id')",
                    "fields=('room', 'author', 'client_id', 'seq')",
                ),
                Patch("chat/desks.py", "        _recall_stored(desks, here)\n", ""),
            ),
            scenes=("repeats",),
        ),
        Sabotage(
            "sequence_from_redis",
            ("C5",),
            (
                Patch(
                    "chat/room.py",
                    "        room.last_seq += 1\n",
                    "        from livechat.lib.redis import client as _client\n"
                    "        room.last_seq = _client().incr(f'seq:{room.pk}')\n",
                ),
                Patch(
                    "chat/changes.py",
                    "        self.room.last_seq += 1\n",
                    "        from livechat.lib.redis import client as _client\n"
                    "        _key = f'seq:{self.room.pk}'\n"
                    "        self.room.last_seq = _client().incr(_key)\n",
                ),
                # And nothing that would refuse a number that is there twice.
                Patch(
                    "chat/rows.py",
                    "WHERE id = %s AND last_seq = %s AND last_changed_seq = %s",
                    "WHERE id = %s AND %s >= 0 AND %s >= 0",
                ),
                Patch(
                    "chat/migrations/0001_initial.py",
                    "fields=('room', 'seq')",
                    "fields=('room', 'seq', 'client_id')",
                ),
            ),
            faults=("kill_redis_data",),
        ),
        Sabotage(
            "no_gap_fetch",
            ("C7", "C8"),
            (
                Patch(
                    "livechat/lib/feed.py",
                    "            if publication.changed_seq != self.last + 1:\n",
                    "            if False:\n",
                ),
                Patch(
                    "livechat/lib/hub.py",
                    "            feed.heal()\n",
                    "            pass\n",
                ),
            ),
            faults=("kill_redis", "forget", "cut", "freeze"),
        ),
        Sabotage("careless_client", ("C7",), bot=CarelessBot),
        Sabotage("stubborn_client", ("C19",), bot=StubbornBot),
        Sabotage(
            "edit_not_stored",
            ("C12",),
            (Patch(POSTING, 'CHANGING = (\n    "body",\n', "CHANGING = (\n"),),
        ),
        Sabotage(
            "no_fencing",
            ("C2", "C5"),
            (
                Patch(
                    "chat/leases.py",
                    "    if {shard.number: ",
                    "    if False and {shard.number: ",
                ),
            ),
            scenes=("frozen_writer",),
            minutes=0.1,
        ),
        Sabotage(
            "xack_before_commit",
            ("liveness", "P1"),
            (
                Patch(
                    WORKER,
                    BEFORE_TRY,
                    "        for _one in entries:\n"
                    "            _name = f'in:{_one.shard}'\n"
                    "            await redis_.xack(_name, 'roomworker', _one.id)\n"
                    "            await redis_.xdel(_name, _one.id)\n" + BEFORE_TRY,
                ),
            ),
            scenes=("nothing_left_behind",),
            minutes=0.1,
        ),
        Sabotage(
            "publish_before_commit",
            # What was told and rolled back is seen, hides what got its number then, or
            # begins a text that does not grow.
            ("C6", "C7", "C16"),
            (Patch(POSTING, BEFORE_COMMIT, PUBLISH_EARLY + BEFORE_COMMIT),),
            faults=("disk_full",),
        ),
        Sabotage(
            "no_close_on_kick",
            ("C11",),
            (
                Patch(
                    "chat/web.py",
                    "        if not gone:\n            return\n",
                    "        return\n",
                ),
            ),
        ),
        Sabotage(
            "replay_without_filter",
            ("C11",),
            (
                Patch(
                    "chat/followers.py",
                    "Room.objects.visible_to(user).filter(is_active, public_id=room)",
                    "Room.objects.filter(is_active, public_id=room)",
                ),
            ),
        ),
        Sabotage(
            "bucket_in_memory",
            ("C18",),
            (
                Patch(
                    "chat/desks.py",
                    "    levels = rows.levels(keys)\n",
                    "    levels = rows.LEVELS or rows.levels(keys)\n",
                ),
                Patch(
                    "chat/rows.py",
                    '    """Store how full the buckets of these users are."""\n',
                    "    LEVELS.update(levels)\n    return\n",
                ),
                Patch(
                    "chat/rows.py",
                    "def keep_levels(",
                    "LEVELS: dict[int, Level] = {}\n\n\ndef keep_levels(",
                ),
            ),
            scenes=("rate",),
            minutes=0.1,
        ),
        Sabotage(
            "presence_lease_for_ever",
            ("P8",),
            (Patch("chat/presence.py", "px=int(limits.LEASE_S * 1000)", "px=10**9"),),
            scenes=("presence",),
            minutes=0.1,
        ),
        Sabotage(
            "text_of_what_was_shown",
            ("C16",),
            (
                Patch(
                    STREAMING,
                    "    text = desk.texts[intent.seq]\n",
                    "    text = SHOWN.get((intent.room, intent.seq), '')\n",
                ),
                Patch(
                    STREAMING,
                    "    stream.length += len(text)\n",
                    "    stream.length += len(text)\n"
                    "    _key = stream.room_id, stream.seq\n"
                    "    SHOWN[_key] = SHOWN.get(_key, '') + text\n",
                ),
                Patch(
                    STREAMING,
                    "Refusal = tuple[str, str]\n",
                    "Refusal = tuple[str, str]\n"
                    "SHOWN: dict[tuple[int, int], str] = {}\n",
                ),
            ),
            faults=("kill_worker",),
        ),
        Sabotage(
            "index_keeps_deleted",
            ("C15",),
            (
                Patch(
                    INDEX,
                    "ON chat_message BEGIN {_TAKE_OUT} END",
                    "ON chat_message BEGIN SELECT 1; END",
                ),
                Patch(INDEX, "BEGIN {_TAKE_OUT} {_PUT_IN} END", "BEGIN {_PUT_IN} END"),
            ),
        ),
    )
}
