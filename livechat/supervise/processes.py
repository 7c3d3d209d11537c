"""The processes of one livechat, as one list; a new kind is a new line here."""

import sys
from collections.abc import Callable
from dataclasses import dataclass

from livechat.env import PROJECT_DIR
from livechat.supervise.redis_server import redis_command
from livechat.supervise.site import Site


@dataclass(frozen=True)
class Program:
    """One supervised process.

    `starts_first`: it starts while the database is still being prepared, and stops
    after all others. `start_s`: dying younger than this counts as a failed start.
    """

    name: str
    command: tuple[str, ...]
    starts_first: bool = False
    start_s: int = 5


BuildPrograms = Callable[[Site], list[Program]]


def livechat_programs(site: Site) -> list[Program]:
    """All processes of the site; writes the private Redis's configuration.

    Raises:
        BadSetting: there is no Redis server program.
    """
    return [
        *private_redis(site),
        *_several("web", site.web_processes, _web(site)),
        *_several("roomworker", site.roomworker_processes, _manage("roomworker")),
        Program("pusher", _manage("pusher")),
    ]


def private_redis(site: Site) -> list[Program]:
    """The private Redis; none when the site was given one."""
    if site.redis_url:
        return []
    return [Program("redis", redis_command(site.var), starts_first=True, start_s=1)]


def _web(site: Site) -> tuple[str, ...]:
    shared = ("--reuse-port",) if site.web_processes > 1 else ()
    address = ("--bind", site.bind, "--port", str(site.port))
    return (sys.executable, "-m", "livechat.gateway", *address, *shared)


def _manage(command: str) -> tuple[str, ...]:
    return (sys.executable, str(PROJECT_DIR / "manage.py"), command)


def _several(name: str, count: int, command: tuple[str, ...]) -> list[Program]:
    """`web` when there is one, else `web-1`, `web-2` …"""
    if count == 1:
        return [Program(name, command)]
    return [Program(f"{name}-{number}", command) for number in range(1, count + 1)]
