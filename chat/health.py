"""Whether the parts answer: the database, Redis, and a room worker for every shard."""

from django.db import Error
from django.utils import timezone

from chat.models import Shard
from livechat.lib import limits
from livechat.lib.redis import RedisAway, client


def what_is_down() -> list[str]:
    """The names of what does not answer, empty when all is well; ends within 7 s."""
    down = []
    try:
        if Shard.objects.filter(until__gt=timezone.now()).count() < limits.SHARDS:
            down.append("roomworker")
    except Error:
        down.append("database")
    try:
        client().ping()
    except RedisAway:
        down.append("redis")
    return down
