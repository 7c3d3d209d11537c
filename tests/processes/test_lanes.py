"""`make test-postgres` and `make test-redis` leave nothing behind, however they end."""

import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from livechat.env import PROJECT_DIR
from tests.processes.conftest import until

LANES = (sys.executable, "scripts/lanes.py")
HAS_POSTGRES = shutil.which("postgres") or any(Path("/usr/lib").glob("postgresql/*"))


@pytest.fixture
def lane(tmp_path: Path) -> Iterator["subprocess.Popen[str]"]:
    """A PostgreSQL lane, its server running, whose tests wait for ever."""
    waiting = tmp_path / "test_waiting.py"
    waiting.write_text("import threading\ndef test_it(): threading.Event().wait()\n")
    with subprocess.Popen(
        [*LANES, "postgres", str(waiting)],
        cwd=PROJECT_DIR,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("PostgreSQL runs")
        children = psutil.Process(process.pid).children()
        yield process
        process.kill()
        for child in children:
            with suppress(psutil.NoSuchProcess):
                child.kill()


def server_of(lane: "subprocess.Popen[str]") -> tuple[psutil.Process, Path]:
    """The server's process and the folder with everything of it."""
    (server,) = (
        child
        for child in psutil.Process(lane.pid).children()
        if Path(child.exe()).name == "postgres"
    )
    return server, Path(server.cwd()).parent


@pytest.mark.skipif(not HAS_POSTGRES, reason="there is no PostgreSQL here")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_lane_that_is_stopped_takes_its_server_and_data_along(
    lane: "subprocess.Popen[str]", number: signal.Signals
) -> None:
    server, folder = server_of(lane)
    assert (folder / "data").is_dir()
    lane.send_signal(number)
    assert lane.wait(40) == 130
    assert not server.is_running()
    assert not folder.exists()


@pytest.mark.skipif(
    not HAS_POSTGRES or sys.platform != "linux", reason="the kernel's work on Linux"
)
def test_a_lane_that_is_killed_takes_its_server_along(
    lane: "subprocess.Popen[str]",
) -> None:
    server, folder = server_of(lane)
    lane.kill()
    until(lambda: not server.is_running(), "the server has ended")
    shutil.rmtree(folder)


@pytest.mark.skipif(not HAS_POSTGRES, reason="there is no PostgreSQL here")
def test_a_lane_whose_tests_fail_says_so_and_ends(tmp_path: Path) -> None:
    failing = tmp_path / "test_failing.py"
    failing.write_text("def test_it(): raise AssertionError\n")
    done = lane_of("postgres", str(failing))
    assert done.returncode == 1, done.stdout + done.stderr


def test_a_lane_without_a_server_says_what_to_install() -> None:
    done = lane_of("redis", path="/nowhere")
    assert done.returncode == 2
    assert done.stderr.startswith("livechat: redis-server is not there; install it")
    assert done.stderr.count("\n") == 1


def test_a_lane_that_is_none_is_named() -> None:
    done = lane_of("mysql")
    assert done.returncode == 2
    assert done.stderr == "livechat: expected one of postgres, redis, got 'mysql'.\n"


def lane_of(*words: str, path: str | None = None) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [*LANES, *words],
        cwd=PROJECT_DIR,
        env=None if path is None else {"PATH": path},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
