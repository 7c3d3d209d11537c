"""The way in: an intent to write goes to its room's shard stream, and is answered.

Accepting is not acking: the ack comes from the worker, after the commit. Redis away
means "waiting" to the sender, who sends the same `client_id` again.
"""

import asyncio
import hashlib
import secrets
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID

import msgspec
from redis.exceptions import NoScriptError

from accounts.models import User
from chat.models import Room
from livechat.lib import limits
from livechat.lib.redis import AsyncRedis, RedisAway, client

# KEYS[1] stream; ARGV: the cap, the entry. A full inbox is told, not queued.
_ADD = """
if redis.call('XLEN', KEYS[1]) >= tonumber(ARGV[1]) then return false end
return redis.call('XADD', KEYS[1], '*', 'i', ARGV[2])
"""


class PostIntent(msgspec.Struct, frozen=True, array_like=True):
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


class Answer(msgspec.Struct, frozen=True, array_like=True):
    """What became of a PostIntent: an ack (`code` empty) or a refusal."""

    address: str
    ref: str | None
    room: str  # public id
    client_id: str
    seq: int = 0
    changed_seq: int = 0
    repeated: bool = False  # the message was there already
    code: str = ""
    message: str = ""
    retry_after_ms: int | None = None
    body: str = ""  # the refused text, so that a page can offer it again


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
    return Refused("busy", "Too much is waiting. Try again in a few seconds.", 3000)


def waiting() -> Refused:
    """The refusal while Redis or the worker is away; the same client_id goes on."""
    return Refused(
        "waiting", "The server cannot take messages right now. Send it again.", 2000
    )


class Submissions:
    """A web process's way in: intents that meet go to Redis in one round trip."""

    def __init__(self, redis: AsyncRedis) -> None:
        self._redis = redis
        self._waiting: list[tuple[str, bytes, asyncio.Future[bool]]] = []
        self._task: asyncio.Task[None] | None = None
        self._sha = hashlib.sha1(_ADD.encode(), usedforsecurity=False).hexdigest()

    async def submit(self, shard: int, intent: PostIntent) -> None:
        """Append the intent to its shard's stream, within about a second.

        Raises:
            Refused: busy (the stream is full) or waiting (Redis is away).
        """
        added: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        payload = msgspec.msgpack.encode(intent)
        self._waiting.append((stream(shard), payload, added))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._send_all())
        try:
            if not await added:
                raise busy()
        except RedisAway as error:
            raise waiting() from error

    async def _send_all(self) -> None:
        """Send what waits until nothing does; nobody is left to wait for ever."""
        while self._waiting:
            batch, self._waiting = self._waiting, []
            entries = [(key, payload) for key, payload, _ in batch]
            try:
                results = await self._send(entries)
            except Exception as error:  # noqa: BLE001 - each sender is told of it
                results = [error] * len(batch)
            for (_, _, added), result in zip(batch, results, strict=True):
                if added.done():
                    continue  # the socket that waited for it is gone
                if isinstance(result, Exception):
                    added.set_exception(result)
                else:
                    added.set_result(bool(result))

    async def _send(self, entries: list[tuple[str, bytes]]) -> list[Any]:
        """An entry id, None (full) or an exception for each entry."""
        try:
            results = await self._add(entries)
            lost = [at for at, one in enumerate(results) if _is_unknown(one)]
            if lost:  # a new Redis knows no scripts; what it refused is not stored
                await self._redis.script_load(_ADD)
                again = await self._add([entries[at] for at in lost])
                for at, result in zip(lost, again, strict=True):
                    results[at] = result
        except RedisAway as error:
            return [error] * len(entries)
        return results

    async def _add(self, entries: list[tuple[str, bytes]]) -> list[Any]:
        pipeline = self._redis.pipeline(transaction=False)
        for key, payload in entries:
            pipeline.evalsha(self._sha, 1, key, limits.INBOX_MAX_INTENTS, payload)
        return list(await pipeline.execute(raise_on_error=False))


def _is_unknown(result: object) -> bool:
    return isinstance(result, NoScriptError)


def post_message(
    user: User, room: Room, *, body: str, client_id: UUID, reply_to: int | None = None
) -> Posted:
    """Post from a thread and wait for the worker's answer, ANSWER_TIMEOUT_S at most.

    A repeat of the same `client_id` stores nothing and gives the same answer.

    Raises:
        Refused: with the worker's reason, or `waiting` when no answer came.
    """
    key = f"answer:{secrets.token_hex(8)}"
    intent = PostIntent(
        room=room.pk,
        user=user.pk,
        epoch=user.epoch,
        client_id=client_id,
        body=body,
        reply_to=reply_to,
        process="",
        address=key,
        ref=None,
        public_id=room.public_id,
    )
    answer = _ask(room.shard, intent)
    if answer.code:
        raise Refused(answer.code, answer.message, answer.retry_after_ms)
    return Posted(answer.seq, answer.changed_seq)


def _ask(shard: int, intent: PostIntent) -> Answer:
    redis: Any = client()
    try:
        added = _script()(
            keys=[stream(shard)],
            args=[limits.INBOX_MAX_INTENTS, msgspec.msgpack.encode(intent)],
        )
        if not added:
            raise busy()
        for _ in range(limits.ANSWER_TIMEOUT_S * 2):
            # Short blocks, below the client's own time limit for one command.
            if reply := redis.blpop([intent.address], timeout=0.5):
                return msgspec.msgpack.decode(reply[1], type=Answer)
    except RedisAway as error:
        raise waiting() from error
    raise waiting()


@cache
def _script() -> Any:
    return client().register_script(_ADD)
