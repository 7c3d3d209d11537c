"""A Redis for the tests of the fan-out, in a folder of its own."""

import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from livechat.supervise.redis_server import redis_url, start_private_redis


@dataclass
class PrivateRedis:
    """A Redis that a test may kill, freeze and start again."""

    var: Path
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        """Where it listens."""
        return redis_url(self.var)

    def start(self) -> None:
        """Start it, unless it runs."""
        if self.process is None:
            self.process = start_private_redis(self.var)

    def kill(self) -> None:
        """SIGKILL; its clients' connections break."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(10)
            self.process = None


@pytest.fixture(scope="session")
def redis_process() -> Iterator[PrivateRedis]:
    """One Redis for all of these tests."""
    with tempfile.TemporaryDirectory(prefix="lc-redis-") as folder:
        server = PrivateRedis(Path(folder))
        try:
            yield server
        finally:
            server.kill()


@pytest.fixture
def redis_server(redis_process: PrivateRedis) -> PrivateRedis:
    """The Redis, running."""
    redis_process.start()
    return redis_process
