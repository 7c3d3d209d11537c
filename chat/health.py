"""Whether the parts answer: the database, Redis, and a room worker for every shard."""

from django.db import Error
from django.utils import timezone

from chat.worker_tables import Shard
from livechat.lib import limits
from livechat.lib.pubsub import Subscriber
from livechat.lib.redis import RedisAway, client

# How this process hears of everything; one that is not connected hears nothing.
subscribers: set[Subscriber] = set()


def what_is_down() -> list[str]:
    """The names of what does not answer, empty when all is well; ends within 7 s."""
    down = []
    try:
        if not _shards_are_held():
            down.append("roomworker")
    except Error:
        down.append("database")
    try:
        client().ping()
        is_heard = all(one.connected for one in list(subscribers))
    except RedisAway:
        is_heard = False
    if not is_heard:
        down.append("redis")
    return down


def _shards_are_held() -> bool:
    """Whether each shard has a worker, or is on its way from one to another."""
    held = Shard.objects.filter(until__gt=timezone.now()).count()
    given_up = Shard.objects.filter(until__lte=timezone.now(), owner="").count()
    return held > 0 and held + given_up >= limits.SHARDS
