"""A Redis as somebody else's would be: on a TCP port of loopback, with a password."""

import subprocess
import time
from pathlib import Path
from urllib.parse import urlsplit

from redis import Redis
from redis.exceptions import RedisError

START_TIMEOUT_S = 20


def start_tcp_redis(program: Path, var: Path, url: str) -> "subprocess.Popen[bytes]":
    """Start the server at the URL and return when it answers; its data: `var/redis`.

    A second start with the same `var` has what the first one acknowledged.
    """
    parts = urlsplit(url)
    data = var / "redis"
    data.mkdir(exist_ok=True)
    conf = data / "redis.conf"
    conf.touch(mode=0o600)
    conf.write_text(
        f"bind 127.0.0.1\nport {parts.port}\nrequirepass {parts.password}\n"
        f'dir "{data}"\nappendonly yes\nsave ""\nlogfile "{data}/redis.log"\n'
    )
    process = subprocess.Popen([program, conf], stdin=subprocess.DEVNULL)
    deadline = time.monotonic() + START_TIMEOUT_S
    while not _answers(url):
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            process.wait()
            raise AssertionError((data / "redis.log").read_text())
        time.sleep(0.02)
    return process


def _answers(url: str) -> bool:
    try:
        with Redis.from_url(url, socket_timeout=1) as client:
            return bool(client.ping())
    except RedisError:
        return False
