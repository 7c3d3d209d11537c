"""The subscriber against a real Redis: it hears, and it comes back by itself."""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable

import pytest
import redis.asyncio

from livechat.lib.pubsub import PING_INTERVAL_S, Messages, Subscriber
from tests.lib.conftest import PrivateRedis


async def until(condition: Callable[[], bool], timeout_s: float = 8) -> None:
    """Wait for a condition, or fail."""
    async with asyncio.timeout(timeout_s):
        while not condition():  # noqa: ASYNC110 - whatever a test waits for
            await asyncio.sleep(0.01)


class Ear:
    """A subscriber and what it heard."""

    def __init__(self, url: str) -> None:
        self.heard: list[tuple[str, bytes]] = []
        self.subscriber = Subscriber(url, self._hear)

    def _hear(self, messages: Messages) -> None:
        self.heard += messages


@pytest.fixture
async def ear(redis_server: PrivateRedis) -> AsyncIterator[Ear]:
    """A connected subscriber."""
    one = Ear(redis_server.url)
    one.subscriber.start()
    await until(lambda: one.subscriber.connected)
    yield one
    await one.subscriber.stop()


@pytest.fixture
async def client(redis_server: PrivateRedis) -> AsyncIterator[redis.asyncio.Redis]:
    """Somebody who publishes."""
    one = redis.asyncio.Redis.from_url(redis_server.url)
    yield one
    await one.aclose()


async def _says_until_heard(client: redis.asyncio.Redis, ear: Ear, word: bytes) -> None:
    async with asyncio.timeout(15):
        while ("a", word) not in ear.heard:
            try:
                await client.publish("a", word)
            except redis.asyncio.RedisError:
                await client.connection_pool.disconnect()
            await asyncio.sleep(0.05)


async def test_what_is_published_after_the_confirmation_is_heard_in_order(
    ear: Ear, client: redis.asyncio.Redis
) -> None:
    assert await ear.subscriber.subscribe("a")
    words = [str(number).encode() for number in range(200)]
    for word in words:
        await client.publish("a", word)
    await until(lambda: len(ear.heard) == len(words))
    assert ear.heard == [("a", word) for word in words]


async def test_nothing_of_a_channel_comes_after_it_was_dropped(
    ear: Ear, client: redis.asyncio.Redis
) -> None:
    await ear.subscriber.subscribe("a")
    await ear.subscriber.subscribe("b")
    ear.subscriber.unsubscribe("a")
    await ear.subscriber.subscribe("c")  # confirmed after the end of "a"
    await client.publish("a", b"late")
    await client.publish("b", b"here")
    await until(lambda: bool(ear.heard))
    assert ear.heard == [("b", b"here")]


async def test_it_hears_again_after_redis_was_killed_and_started(
    ear: Ear, client: redis.asyncio.Redis, redis_server: PrivateRedis
) -> None:
    await ear.subscriber.subscribe("a")
    redis_server.kill()
    await until(lambda: not ear.subscriber.connected)
    assert not await ear.subscriber.subscribe("b")  # at once: there is nobody to ask
    redis_server.start()
    await _says_until_heard(client, ear, b"again")


async def test_a_subscription_to_a_frozen_redis_ends_within_its_limit(
    ear: Ear, redis_server: PrivateRedis
) -> None:
    assert redis_server.process is not None
    redis_server.process.send_signal(signal.SIGSTOP)
    try:
        async with asyncio.timeout(3):
            assert not await ear.subscriber.subscribe("a")
    finally:
        redis_server.process.send_signal(signal.SIGCONT)


async def test_nobody_waits_a_second_time_until_a_silent_redis_has_spoken(
    ear: Ear, client: redis.asyncio.Redis, redis_server: PrivateRedis
) -> None:
    assert redis_server.process is not None
    redis_server.process.send_signal(signal.SIGSTOP)
    try:
        await ear.subscriber.subscribe("b")
        first = ear.subscriber._connection
        async with asyncio.timeout(0.2):
            assert not await ear.subscriber.subscribe("a")
        # Nor when it took a new connection, and has not said a word there.
        await until(lambda: ear.subscriber._connection is not first, 10)
        assert ear.subscriber.is_silent
    finally:
        redis_server.process.send_signal(signal.SIGCONT)
    await _says_until_heard(client, ear, b"again")
    await until(lambda: not ear.subscriber.is_silent)
    assert await ear.subscriber.subscribe("c")


async def test_a_connection_that_dies_without_a_word_is_replaced(
    ear: Ear, client: redis.asyncio.Redis, redis_server: PrivateRedis
) -> None:
    await ear.subscriber.subscribe("a")
    first = ear.subscriber._connection
    assert redis_server.process is not None
    redis_server.process.send_signal(signal.SIGSTOP)
    try:
        await until(
            lambda: ear.subscriber._connection is not first, 3 * PING_INTERVAL_S + 1
        )
    finally:
        redis_server.process.send_signal(signal.SIGCONT)
    await _says_until_heard(client, ear, b"again")


async def test_a_lost_connection_ends_a_subscription_that_waits(
    redis_server: PrivateRedis, ear: Ear
) -> None:
    assert redis_server.process is not None
    redis_server.process.send_signal(signal.SIGSTOP)
    waiting = asyncio.create_task(ear.subscriber.subscribe("a"))
    await asyncio.sleep(0)
    redis_server.kill()
    assert await asyncio.wait_for(waiting, 3) is False
