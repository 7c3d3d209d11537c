"""What is checked before anything starts: port, address, bounds, Redis of others."""

import errno
import resource
import socket
from contextlib import suppress

from livechat.env import BadSetting
from livechat.gateway.bounds import BadBoundError, Bounds
from livechat.supervise.site import Site

REDIS_TIMEOUT_S = 3.0
OPEN_FILES = 65_536  # a socket of a browser is one

_REFUSALS = {
    errno.EADDRINUSE: "PORT: expected a free port, got {port}, which another program "
    "uses; `make run PORT={other}` chooses another one.",
    errno.EACCES: "PORT: expected a port that this user may open, got {port}; "
    "below 1024 the system asks for more rights.",
    errno.EADDRNOTAVAIL: "BIND: expected an address of this machine, got {bind}.",
}


def checked(site: Site) -> Site:
    """The site with its final port, once its address and its Redis are usable.

    Raises:
        BadSetting: the port is taken or not allowed, the address is not one of this
            machine, the given Redis does not answer, or a bound is no number.
    """
    _check_bounds(site)
    if site.redis_url:
        _check_redis(site.redis_url)
    return site.with_port(_free_port(site.bind, site.port))


def raise_open_files() -> None:
    """Raise the number of files that we and our children may open."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(ValueError, OSError):  # macOS has a lower limit of its own
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _free_port(bind: str, port: int) -> int:
    family = socket.AF_INET6 if ":" in bind else socket.AF_INET
    try:
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((bind, port))
            return int(probe.getsockname()[1])
    except OSError as error:
        sentence = _REFUSALS.get(error.errno or 0, "BIND: {bind} cannot be used: {why}")
        raise BadSetting(
            sentence.format(
                bind=bind, port=port, other=port % 65535 + 1, why=error.strerror
            )
        ) from error


def _check_bounds(site: Site) -> None:
    try:
        Bounds.from_env(site.environment())
    except BadBoundError as error:
        raise BadSetting(str(error)) from error


def _check_redis(url: str) -> None:
    # Imported here: the launcher lives long, and mostly has a Redis of its own.
    from redis import Redis
    from redis.backoff import NoBackoff
    from redis.exceptions import RedisError
    from redis.retry import Retry

    # The URL stays out of the sentence: it may hold a password.
    try:
        with Redis.from_url(
            url,
            socket_connect_timeout=REDIS_TIMEOUT_S,
            socket_timeout=REDIS_TIMEOUT_S,
            retry=Retry(NoBackoff(), 0),  # the default waits for seconds in between
        ) as client:
            client.ping()
    except (ValueError, RedisError, OSError) as error:
        raise BadSetting(
            f"REDIS_URL: expected a Redis that answers within {REDIS_TIMEOUT_S:.0f} s, "
            f"got: {str(error).rstrip('.')}."
        ) from error
