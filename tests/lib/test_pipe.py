"""The pipe against a real Redis: replies in order, and an end to every wait."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator

import pytest
import redis

from livechat.lib.pipe import Pipe
from livechat.lib.redis import RedisAway
from tests.lib.conftest import PrivateRedis
from tests.live import wait_until


@pytest.fixture
async def pipe(redis_server: PrivateRedis) -> AsyncIterator[Pipe]:
    """A pipe that waits for a second at most."""
    one = Pipe(redis_server.url)
    async with asyncio.timeout(20):
        while not await answers(one):  # a busy machine may be slow to connect
            pass
    yield one
    await one.aclose()


async def answers(pipe: Pipe) -> bool:
    """Whether the pipe came through to Redis within its time limits."""
    try:
        return await pipe.run([("PING",)]) == [b"PONG"]
    except RedisAway:
        return False


async def test_replies_come_in_the_order_of_the_commands_of_all_callers(
    pipe: Pipe,
) -> None:
    asked = [
        pipe.run([("ECHO", b"%d" % number), ("ECHO", "x" * number)])
        for number in range(200)
    ]
    assert await asyncio.gather(*asked) == [
        [b"%d" % number, b"x" * number] for number in range(200)
    ]


async def test_nothing_and_false_are_replies(pipe: Pipe) -> None:
    await pipe.run([("DEL", "nothing-there")])
    assert await pipe.run([("GET", "nothing-there"), ("EXISTS", "nothing-there")]) == [
        None,
        0,
    ]


async def test_an_error_is_a_reply_among_the_others(pipe: Pipe) -> None:
    wrong, unknown, right = await pipe.run(
        [("NO-SUCH-COMMAND",), ("EVALSHA", "0" * 40, 0), ("ECHO", "a")]
    )
    assert isinstance(wrong, redis.ResponseError)
    assert isinstance(unknown, redis.exceptions.NoScriptError)
    assert right == b"a"


async def test_who_gives_up_does_not_shift_the_replies_of_others(pipe: Pipe) -> None:
    await pipe.run([("PING",)])
    given_up = asyncio.create_task(pipe.run([("ECHO", "a"), ("ECHO", "b")]))
    await asyncio.sleep(0)
    given_up.cancel()
    assert await pipe.run([("ECHO", "c")]) == [b"c"]


async def test_a_redis_that_died_is_told_and_comes_back(
    pipe: Pipe, redis_server: PrivateRedis
) -> None:
    await pipe.run([("PING",)])
    redis_server.kill()
    with pytest.raises(RedisAway):
        await pipe.run([("PING",)])
    redis_server.start()
    assert await pipe.run([("ECHO", "back")]) == [b"back"]


async def test_a_frozen_redis_is_told_in_time_and_its_late_replies_go_nowhere(
    redis_server: PrivateRedis,
) -> None:
    pipe = Pipe(redis_server.url, limit_s=0.2)
    assert redis_server.process is not None
    await pipe.run([("PING",)])
    os.kill(redis_server.process.pid, signal.SIGSTOP)
    try:
        with pytest.raises(RedisAway):
            await pipe.run([("ECHO", "late")])
    finally:
        os.kill(redis_server.process.pid, signal.SIGCONT)
    assert await pipe.run([("ECHO", "new")]) == [b"new"]
    await pipe.aclose()


async def test_a_frozen_redis_that_is_asked_often_is_left_with_no_connections(
    pipe: Pipe, redis_server: PrivateRedis
) -> None:
    await pipe.run([("PING",)])
    assert redis_server.process is not None
    os.kill(redis_server.process.pid, signal.SIGSTOP)
    others = [Pipe(redis_server.url) for _ in range(5)]
    try:
        asked = [other.run([("PING",)]) for other in others]
        ends = await asyncio.gather(*asked, return_exceptions=True)
    finally:
        os.kill(redis_server.process.pid, signal.SIGCONT)
    assert all(isinstance(end, RedisAway) for end in ends)
    with redis.Redis.from_url(redis_server.url) as asking:
        wait_until(
            lambda: len(asking.client_list()) == 2,
            "no connections but ours and the one that asks",
            20,
        )


async def test_the_password_and_the_number_of_the_database_are_those_of_the_address(
    pipe: Pipe, redis_server: PrivateRedis
) -> None:
    other = Pipe(redis_server.url.replace("db=0", "db=3"))
    await other.run([("SET", "where", "three")])
    assert await pipe.run([("GET", "where")]) == [None]
    assert await other.run([("GET", "where")]) == [b"three"]
    await other.aclose()
    wrong = Pipe(redis_server.url.replace("@", "-but-another@"))
    with pytest.raises(redis.ResponseError):
        await wrong.run([("PING",)])
