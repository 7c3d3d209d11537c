"""A livechat under the real launcher, on its own folder, and what is left of it."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from livechat.env import PROJECT_DIR
from livechat.supervise.rpc import NotAnswering, ProcessInfo, process_table
from livechat.supervise.site import supervisor_socket

DEADLINE_S = 20.0
STANDINS = (sys.executable, "-m", "tests.processes.standins")


def until(condition: Callable[[], object], what: str) -> None:
    """Return when the condition holds; fail after 20 s."""
    deadline = time.monotonic() + DEADLINE_S
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(f"Waited {DEADLINE_S:.0f} s in vain: {what}")
        time.sleep(0.03)


class Running:
    """One launcher, its output, and every process that works on its folder."""

    def __init__(self, var: Path, process: subprocess.Popen[str]) -> None:
        self.var = var
        self.process = process
        self.lines: list[str] = []

    def wait_ready(self) -> str:
        """The address of the READY line; the lines before it are in `lines`."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))
            if line.startswith("READY "):
                return line.split()[1]
        pytest.fail("No READY: " + "\n".join(self.lines + [self.errors()]))

    def errors(self) -> str:
        """What stands on its standard error, after its end."""
        assert self.process.stderr is not None
        return self.process.stderr.read()

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send the signal to the launcher alone; its exit code."""
        self.process.send_signal(number)
        return self.process.wait(DEADLINE_S)

    def table(self) -> dict[str, ProcessInfo]:
        """The processes by name; empty while supervisord does not answer."""
        try:
            rows = process_table(supervisor_socket(self.var))
        except NotAnswering:
            return {}
        return {row.name: row for row in rows}

    def left(self) -> list[str]:
        """The command lines of all processes that belong to this folder."""
        lines = []
        for process in _working_on(self.var):
            with suppress(psutil.Error):  # it ended a moment ago
                lines.append(" ".join(process.cmdline()))
        return lines


def _working_on(var: Path) -> list[psutil.Process]:
    """Every process that was started for the folder or stands in it.

    Redis overwrites its environment with its title; its working folder tells.
    """
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            named = process.environ().get("LIVECHAT_VAR") == str(var)
            mine = named or Path(process.cwd()).is_relative_to(var)
            if mine and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return [process for process in found if process.pid != os.getpid()]


def _kill_all(var: Path) -> None:
    for process in _working_on(var):
        with suppress(psutil.NoSuchProcess):
            process.kill()


@pytest.fixture
def var() -> Iterator[Path]:
    """A folder for one livechat; whoever still works on it afterwards is killed."""
    with tempfile.TemporaryDirectory(prefix="lc-", ignore_cleanup_errors=True) as name:
        folder = Path(name).resolve()
        yield folder
        _kill_all(folder)


@pytest.fixture
def environment(var: Path) -> dict[str, str]:
    """What a shell would hand to `make run` on that folder, with a free port."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return kept | {"LIVECHAT_VAR": str(var), "PORT": "0"}


StartLivechat = Callable[..., Running]


@pytest.fixture
def start(var: Path, environment: dict[str, str]) -> Iterator[StartLivechat]:
    """Start a launcher with stand-ins: `start("as", "web", "stubborn", PORT="1")`."""
    started: list[subprocess.Popen[str]] = []

    def start_livechat(
        *arguments: str, command: Sequence[str] = STANDINS, **settings: str
    ) -> Running:
        process = subprocess.Popen(
            [*command, *arguments],
            cwd=PROJECT_DIR,
            env=environment | settings,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        started.append(process)
        return Running(var, process)

    yield start_livechat
    _kill_all(var)
    for process in started:
        process.kill()
        process.communicate()
