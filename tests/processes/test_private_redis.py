"""The private Redis: ours alone, append-only, and whole again after kill -9."""

import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError
from redis.retry import Retry

from livechat.env import BadSetting
from livechat.supervise import redis_server
from livechat.supervise.redis_server import (
    redis_socket,
    redis_url,
    start_private_redis,
)

NO_RETRY = Retry(NoBackoff(), 0)


@pytest.fixture
def client(var: Path) -> Iterator[Redis]:
    """A client of a Redis that runs on the folder, ended afterwards."""
    process = start_private_redis(var)
    with Redis.from_url(redis_url(var), decode_responses=True) as connected:
        yield connected
    process.terminate()
    process.wait(10)


def test_every_write_goes_to_the_append_only_file(client: Redis) -> None:
    wanted = {
        "appendonly": "yes",
        "appendfsync": "everysec",
        "aof-use-rdb-preamble": "no",
        "save": "",
        "maxmemory-policy": "noeviction",
    }
    assert client.config_get(*wanted) == wanted
    limits = str(client.config_get("client-output-buffer-limit"))
    assert "pubsub 33554432 8388608 60" in limits


def test_without_the_password_nothing_is_answered(client: Redis, var: Path) -> None:
    with (
        Redis(unix_socket_path=str(redis_socket(var)), retry=NO_RETRY) as stranger,
        pytest.raises(AuthenticationError),
    ):
        stranger.ping()


def test_it_listens_on_a_socket_of_ours_and_on_no_port(
    client: Redis, var: Path
) -> None:
    assert client.config_get("port") == {"port": "0"}
    assert stat.S_IMODE(redis_socket(var).stat().st_mode) == 0o700
    assert stat.S_IMODE(redis_socket(var).parent.stat().st_mode) == 0o700
    for name in ("redis_password", "run/redis.conf"):
        assert stat.S_IMODE((var / name).stat().st_mode) == 0o600


def test_what_was_acknowledged_survives_a_kill(var: Path) -> None:
    process = start_private_redis(var)
    with Redis.from_url(redis_url(var), decode_responses=True) as client:
        added = [client.xadd("inbox", {"n": number}) for number in range(500)]
        process.kill()
        process.wait(10)
    process = start_private_redis(var)
    try:
        with Redis.from_url(redis_url(var), decode_responses=True) as client:
            assert [entry for entry, _ in client.xrange("inbox")] == added
    finally:
        process.terminate()
        process.wait(10)


def test_a_path_with_blanks_and_quotes_will_do(var: Path) -> None:
    odd = var / 'a "b" % c'
    process = start_private_redis(odd)
    with Redis.from_url(redis_url(odd)) as client:
        assert client.ping()
    process.terminate()
    process.wait(10)


def test_a_server_without_its_x_bit_is_copied(
    var: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(var))
    plain = var / "valkey-server"
    plain.write_bytes(b"not a program")
    plain.chmod(0o644)
    monkeypatch.setattr(redis_server, "_bundled_server", lambda: plain)
    found = redis_server.find_server(var)
    assert found == var / "run" / "valkey-server"
    assert found.stat().st_mode & stat.S_IXUSR


def test_an_old_server_on_the_path_is_passed_over(
    var: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = var / "redis-server"
    old.write_text("#!/bin/sh\necho 'Redis server v=5.0.14 sha=0'\n")
    old.chmod(0o755)
    monkeypatch.setenv("PATH", f"{var}:/bin:/usr/bin")
    monkeypatch.setattr(redis_server, "SERVERS", ("redis-server",))
    assert redis_server.find_server(var).name == "valkey-server"


def test_a_machine_without_any_server_says_what_to_install(
    var: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(var))
    monkeypatch.setattr(redis_server, "_bundled_server", lambda: None)
    with pytest.raises(BadSetting, match=r"REDIS_URL: expected .* 6\.2 or newer"):
        redis_server.find_server(var)
