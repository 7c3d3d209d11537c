"""Starts our gateway, or stock Daphne, around the test application in a process."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from tests.gateway.client import Answer, Client

T = TypeVar("T")
ROOT = Path(__file__).resolve().parents[2]
START_S = 20.0
APP = "tests.gateway.app:application"
COMMANDS = {
    "ours": ["-m", "livechat.gateway", "--port", "0", "--app", APP],
    "stock": ["-m", "daphne", "-e", "tcp:port=0:interface=127.0.0.1", APP],
}
ADDRESS = re.compile(rb"(?:http://127\.0\.0\.1|TCP address 127\.0\.0\.1):(\d+)")
# Short enough for a test, long enough for a busy machine.
QUICK = {
    "GATEWAY_HEADER_DEADLINE_S": "1.4",
    "GATEWAY_HANDSHAKE_DEADLINE_S": "0.7",
    "GATEWAY_BODY_STALL_S": "0.7",
    "GATEWAY_BODY_DEADLINE_S": "1.2",
    "GATEWAY_IDLE_TIMEOUT_S": "1.2",
    "GATEWAY_FRAGMENT_DEADLINE_S": "0.6",
    "GATEWAY_ANSWER_DEADLINE_S": "6",
    "GATEWAY_STALL_S": "0.5",
    "GATEWAY_SLOW_S": "0.8",
    "GATEWAY_CLOSE_DEADLINE_S": "0.5",
}


@dataclass(frozen=True)
class Server:
    """A running server of one `kind`, `ours` or `stock`."""

    kind: str
    port: int
    process: subprocess.Popen[bytes]
    log_path: Path

    @property
    def is_ours(self) -> bool:
        return self.kind == "ours"

    @property
    def log(self) -> str:
        return self.log_path.read_text()

    def connect(self, **options: Any) -> Client:
        return Client(self.port, **options)

    def ask(self, request: bytes) -> Answer:
        """One request over a connection of its own."""
        with self.connect() as client:
            return client.ask(request)

    def get(self, path: str) -> Answer:
        return self.ask(f"GET {path} HTTP/1.1\r\nHost: test\r\n\r\n".encode())

    def state(self, name: str = "") -> Any:
        """What the application knows: of one socket, or of everything."""
        found = self.get("/state").json
        return found["sockets"].get(name, {}) if name else found

    def peak_kib(self) -> int:
        """The most memory that the process ever held."""
        return self._status("VmHWM")

    def rss_kib(self) -> int:
        return self._status("VmRSS")

    def _status(self, field: str) -> int:
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(rf"{field}:\s+(\d+)", status)[1])  # type: ignore[index]

    def temporary_bytes(self) -> int:
        """Bytes in open files that have no name any more."""
        size_bytes = 0
        for each in Path(f"/proc/{self.process.pid}/fd").iterdir():
            with suppress(FileNotFoundError):  # closed since it was listed
                if "(deleted)" in str(each.readlink()):
                    size_bytes += each.stat().st_size
        return size_bytes


@contextmanager
def running(
    kind: str, folder: Path, options: Sequence[str] = (), **environment: str
) -> Iterator[Server]:
    """The server while the block runs; ours with short deadlines."""
    log_path = folder / f"{kind}-{time.monotonic_ns()}.log"
    with log_path.open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, *COMMANDS[kind], *options],
            cwd=ROOT,
            env={**os.environ, **QUICK, **environment},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        port = wait_for(lambda: _port(process, log_path), START_S)
        yield Server(kind, port, process, log_path)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()


def _port(process: subprocess.Popen[bytes], log_path: Path) -> int | None:
    found = ADDRESS.search(log_path.read_bytes())
    if process.poll() is not None:
        raise RuntimeError(f"the server ended: {log_path.read_text()}")
    return int(found[1]) if found else None


def wait_for(condition: Callable[[], T | None], patience_s: float = 6.0) -> T:
    """The condition's first true value. Raises: TimeoutError."""
    deadline = time.monotonic() + patience_s
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"still {value!r} after {patience_s} s")
        time.sleep(0.02)
    return value
