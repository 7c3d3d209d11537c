"""A whole livechat on a Redis and a PostgreSQL that are not its own."""

import json
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from livechat.supervise.redis_server import find_server
from tests.environment import POSTGRES_URL, database_url
from tests.live import free_port
from tests.processes.conftest import Running, StartLivechat
from tests.tcp_redis import start_tcp_redis

LAUNCH = (sys.executable, "-m", "livechat.launch")


@pytest.fixture
def redis_url(tmp_path: Path) -> Iterator[str]:
    """Somebody else's Redis, over TCP and with a password."""
    url = f"redis://:not-ours@127.0.0.1:{free_port()}/0"
    server = start_tcp_redis(find_server(tmp_path), tmp_path, url)
    yield url
    server.terminate()
    server.wait(20)


@pytest.fixture
def postgres_url() -> Iterator[str]:
    """An empty database on the lane's server."""
    if not POSTGRES_URL:
        pytest.skip("for `make test-postgres`")
    name = f"livechat_{free_port()}"
    with psycopg.connect(POSTGRES_URL, autocommit=True) as server:
        server.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
        yield database_url(name)
        server.execute(SQL("DROP DATABASE {} (FORCE)").format(Identifier(name)))


def is_healthy(running: Running) -> bool:
    url = f"{running.wait_ready()}/health"
    with urllib.request.urlopen(url, timeout=20) as answer:  # noqa: S310 - our own
        return bool(json.load(answer)["status"] == "ok")


def test_with_a_redis_of_others_none_is_started(
    start: StartLivechat, redis_url: str
) -> None:
    running = start(command=LAUNCH, REDIS_URL=redis_url)
    assert is_healthy(running)
    assert sorted(running.table()) == ["pusher", "roomworker", "web"]
    assert not (running.var / "redis").exists()
    assert running.end() == 0


def test_on_postgresql_it_makes_its_tables_and_no_file(
    start: StartLivechat, redis_url: str, postgres_url: str
) -> None:
    settings = {"REDIS_URL": redis_url, "DATABASE_URL": postgres_url}
    running = start(command=LAUNCH, **settings)
    assert is_healthy(running)
    assert "Creating the database …" in running.lines
    assert list(running.var.glob("*.sqlite3")) == []
    assert running.end() == 0
    again = start(command=LAUNCH, **settings)
    assert is_healthy(again)
    assert "Creating the database …" not in again.lines
