"""Redis for everybody: clients with time limits, and a publish that never hangs."""

import logging
from functools import cache
from typing import Any, TypeAlias

import redis
import redis.asyncio
from django.conf import settings
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import NoBackoff
from redis.retry import Retry

from livechat.lib import limits

logger = logging.getLogger(__name__)

# redis-py types each command for both its clients at once, which fits neither.
AsyncRedis: TypeAlias = Any

# What a Redis that is away, frozen, full or empty raises; all of it means "waiting".
RedisAway = (redis.RedisError, OSError, TimeoutError)


# One retry, at once: a connection that a restarted Redis closed is made again. The
# library's own default waits for seconds, and everything here would rather be told.
# A time limit that was met is not tried again: that would double it.
RETRIED = (redis.ConnectionError,)


@cache
def client() -> redis.Redis:
    """The process's client for threads; each command ends within a second."""
    return redis.Redis.from_url(
        settings.REDIS_URL,
        socket_connect_timeout=limits.REDIS_CONNECT_TIMEOUT_S,
        socket_timeout=limits.REDIS_COMMAND_TIMEOUT_S,
        retry=Retry(NoBackoff(), 1, RETRIED),
        protocol=2,
    )


def async_client(*, socket_timeout_s: float | None = None) -> AsyncRedis:
    """A new client for the running event loop; blocking reads pass a longer limit."""
    return redis.asyncio.Redis.from_url(
        settings.REDIS_URL,
        socket_connect_timeout=limits.REDIS_CONNECT_TIMEOUT_S,
        socket_timeout=socket_timeout_s or limits.REDIS_COMMAND_TIMEOUT_S,
        retry=AsyncRetry(NoBackoff(), 1, RETRIED),
        protocol=2,
    )


def publish(channel: str, payload: bytes) -> bool:
    """Publish from a thread; False when Redis is away, which the database heals."""
    try:
        client().publish(channel, payload)
    except RedisAway as error:
        logger.warning("redis is away, %s was not published: %s", channel, error)
        return False
    return True
