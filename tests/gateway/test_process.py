"""The process: how it starts, what stops it, and how it ends (P19)."""

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from tests.gateway.client import masked
from tests.gateway.servers import APP, ROOT, Server, wait_for

Fresh = Callable[..., AbstractContextManager[Server]]


def test_sigterm_tells_every_socket_and_finishes_requests(
    fresh: Fresh, tmp_path: Path
) -> None:
    mark = tmp_path / "mark"
    with (
        fresh("ours", TEST_SHUTDOWN_MARK=str(mark)) as server,
        server.connect() as polite,
        server.connect() as rude,
        server.connect() as idle,
        server.connect() as asking,
    ):
        polite.open("/ws/echo?name=polite")
        rude.open("/ws/echo?name=rude")
        idle.ask(b"GET / HTTP/1.1\r\nHost: test\r\n\r\n")
        asking.send(b"GET /slow?seconds=0.5 HTTP/1.1\r\nHost: test\r\n\r\n")
        wait_for(lambda: "/slow" in server.state()["calls"])
        server.process.send_signal(signal.SIGTERM)
        assert polite.close_code() == 1012
        polite.send(masked(b"\x03\xf4", 0x88))
        assert rude.close_code() == 1012
        assert mark.read_text() == "2 sockets"
        assert idle.seconds_until_end(2) is not None
        answer = asking.answer()
        assert answer.status == 200
        assert answer.headers["connection"] == "close"
        assert server.process.wait(5) == 0
        assert "ERROR" not in server.log


def test_sigterm_is_quick_when_clients_are_polite(fresh: Fresh) -> None:
    with fresh("ours") as server, server.connect() as client:
        client.open()
        begun = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        assert client.close_code() == 1012
        client.send(masked(b"\x03\xf4", 0x88))
        assert server.process.wait(5) == 0
        assert time.monotonic() - begun < 1.5


def test_an_application_that_does_not_end_does_not_hold_the_process(
    fresh: Fresh,
) -> None:
    with fresh("ours", GATEWAY_SHUTDOWN_S="0.5") as server, server.connect() as client:
        client.send(b"GET /slow?seconds=60 HTTP/1.1\r\nHost: test\r\n\r\n")
        wait_for(lambda: "/slow" in server.state()["calls"])
        server.process.send_signal(signal.SIGINT)
        assert server.process.wait(5) == 0


def start(*options: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """A start that is expected to fail at once."""
    return subprocess.run(
        [sys.executable, "-m", "livechat.gateway", "--app", APP, *options],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )


def test_a_port_in_use_stops_the_start_with_a_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ended = start("--port", str(taken.getsockname()[1]))
    assert ended.returncode == 2
    assert "Choose another with --port." in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_wrong_bound_stops_the_start_with_a_sentence() -> None:
    ended = start("--port", "0", GATEWAY_MAX_PER_ADDRESS="many")
    assert ended.returncode == 2
    assert ended.stderr == (
        "GATEWAY_MAX_PER_ADDRESS: expected a whole number from 0 up, got 'many'.\n"
    )


def test_two_processes_share_a_port(fresh: Fresh) -> None:
    with socket.socket() as reserved:
        reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        reserved.bind(("127.0.0.1", 0))
        port = str(reserved.getsockname()[1])
        options = ["--port", port, "--reuse-port"]
        with fresh("ours", options=options), fresh("ours", options=options) as second:
            assert {second.get("/").status for _ in range(4)} == {200}
