"""The tree of processes: what dies is restarted, and nobody outlives the launcher."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from livechat.env import PROJECT_DIR
from livechat.supervise.instance import running_instance
from livechat.supervise.processes import livechat_programs
from livechat.supervise.site import Site
from tests.processes.conftest import Running, StartLivechat, until


def ask(command: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """`make status` or `make stop`, without make."""
    return subprocess.run(
        [sys.executable, "-m", f"livechat.supervise.{command}"],
        cwd=PROJECT_DIR,
        env=environment,
        capture_output=True,
        text=True,
        timeout=40,
        check=False,
    )


def supervisor_of(running: Running) -> int:
    """The pid of supervisord: the launcher's only child."""
    (child,) = psutil.Process(running.process.pid).children()
    return child.pid


def test_ready_stands_alone_on_its_line_and_names_the_address(
    start: StartLivechat,
) -> None:
    running = start()
    url = running.wait_ready()
    assert running.lines[-1] == f"READY {url}"
    assert url.startswith("http://127.0.0.1:")
    assert running.lines[0].startswith("Everything that livechat writes lies under")
    instance = running_instance(running.var)
    assert instance is not None
    assert (instance.pid, instance.url) == (running.process.pid, url)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_stops_everything_cleanly_and_it_starts_again(
    number: signal.Signals, start: StartLivechat
) -> None:
    for _ in range(2):
        running = start()
        running.wait_ready()
        assert running.end(number) == 0
        assert running.errors() == ""
        assert running.left() == []
        assert running_instance(running.var) is None


def test_a_process_that_is_killed_comes_back(start: StartLivechat) -> None:
    running = start()
    running.wait_ready()
    before = running.table()
    for row in before.values():
        os.kill(row.pid, signal.SIGKILL)

    def all_are_new() -> bool:
        after = running.table()
        return all(
            after[name].pid not in {0, row.pid} and after[name].state == "RUNNING"
            for name, row in before.items()
        )

    until(all_are_new, "every process runs again under a new pid")


def test_a_killed_launcher_leaves_nobody_behind(start: StartLivechat) -> None:
    running = start()
    running.wait_ready()
    assert len(running.left()) == 5
    assert running.end(signal.SIGKILL) == -signal.SIGKILL
    until(lambda: running.left() == [], "all processes end after their launcher")
    start().wait_ready()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ties lives together")
def test_a_killed_supervisord_leaves_nobody_behind(start: StartLivechat) -> None:
    running = start("as", "web", "stubborn")
    running.wait_ready()
    os.kill(supervisor_of(running), signal.SIGKILL)
    assert running.process.wait(20) == 1
    assert "supervisord ended unexpectedly" in running.errors()
    until(lambda: running.left() == [], "the kernel ends all others")


def test_killing_launcher_and_supervisord_together_leaves_nobody_behind(
    start: StartLivechat,
) -> None:
    running = start()
    running.wait_ready()
    supervisor = supervisor_of(running)
    running.process.kill()
    os.kill(supervisor, signal.SIGKILL)
    until(lambda: running.left() == [], "the kernel ends all others")


def test_status_shows_every_process(
    start: StartLivechat, environment: dict[str, str]
) -> None:
    running = start()
    url = running.wait_ready()
    shown = ask("status", environment)
    assert shown.returncode == 0
    first, head, *rows = shown.stdout.splitlines()
    assert url in first
    assert head.split() == ["name", "state", "pid", "uptime"]
    pids = {row.name: str(row.pid) for row in running.table().values()}
    assert {row.split()[0]: row.split()[2] for row in rows} == pids
    assert set(pids) == {"redis", "web", "roomworker"}


def test_stop_returns_when_everything_is_gone(
    start: StartLivechat, environment: dict[str, str]
) -> None:
    running = start()
    running.wait_ready()
    stopped = ask("stop", environment)
    assert stopped.returncode == 0, stopped.stderr
    assert running.left() == []
    assert running.process.wait(20) == 0


def test_where_nothing_runs_status_says_so_and_stop_is_content(
    environment: dict[str, str],
) -> None:
    status, stop = ask("status", environment), ask("stop", environment)
    assert (status.returncode, stop.returncode) == (3, 0)
    assert status.stdout.startswith("Nothing runs on ")
    assert stop.stdout.startswith("Nothing runs on ")


def site(var: Path, **changes: object) -> Site:
    settings = {
        "var": var,
        "bind": "127.0.0.1",
        "port": 8000,
        "redis_url": "redis://127.0.0.1:6379/0",
        "web_processes": 1,
        "roomworker_processes": 1,
    }
    return Site(**(settings | changes))  # type: ignore[arg-type] # checked above


def test_one_of_each_is_named_plainly(var: Path) -> None:
    names = [program.name for program in livechat_programs(site(var, redis_url=None))]
    assert names == ["redis", "web", "roomworker", "pusher"]


def test_several_web_processes_share_the_port(var: Path) -> None:
    programs = livechat_programs(site(var, web_processes=2))
    names = [program.name for program in programs]
    assert names == ["web-1", "web-2", "roomworker", "pusher"]
    assert all("--reuse-port" in program.command for program in programs[:2])


@pytest.mark.parametrize(
    ("bind", "url"),
    [
        ("0.0.0.0", "http://127.0.0.1:8000"),  # noqa: S104 - compared, not bound
        ("::", "http://[::1]:8000"),
        ("192.0.2.7", "http://192.0.2.7:8000"),
    ],
)
def test_the_address_is_one_that_a_browser_here_can_open(
    bind: str, url: str, var: Path
) -> None:
    assert site(var, bind=bind).url == url
