"""Which livechat runs on a folder: a locked file that says who and where.

The rule it guards: two trees never share one folder. The lock belongs to the
launcher and to its supervisord, so it is free exactly when both are gone.
"""

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

from livechat.env import BadSetting

# `status` and `running_instance` hold the lock for a moment to see whether it is free.
_LOCK_TIMEOUT_S = 0.5
_POLL_S = 0.05


@dataclass(frozen=True)
class Instance:
    """A running livechat; `url` is empty until it has answered its first request."""

    pid: int
    started_at: float
    url: str = ""


def running_instance(var: Path) -> Instance | None:
    """The livechat that runs on the folder, None when there is none.

    `Instance(0, 0.0)` while its launcher has not written its name yet.
    """
    try:
        with _lock_path(var).open("rb") as file:
            return None if _locked(file) else _read(file)
    except FileNotFoundError:
        return None


def wait_until_gone(var: Path, timeout_s: float) -> bool:
    """Whether nothing runs on the folder any more, waited for at most that long."""
    deadline = time.monotonic() + timeout_s
    while running_instance(var):
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_S)
    return True


class Hold:
    """The lock on a folder while this process, or one that got `fileno`, lives."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._instance = Instance(os.getpid(), time.time())

    def fileno(self) -> int:
        """The descriptor that keeps the lock; to be handed to supervisord."""
        return self._file.fileno()

    def announce(self, url: str = "") -> None:
        """Write down who runs here, and, once it answers, under which address."""
        self._file.seek(0)
        self._file.truncate()
        self._file.write(json.dumps(asdict(self._instance) | {"url": url}).encode())
        self._file.flush()


@contextmanager
def held(var: Path) -> Iterator[Hold]:
    """Hold the folder for this process.

    Raises:
        BadSetting: another livechat runs on it.
    """
    with _lock_path(var).open("ab+") as file:
        deadline = time.monotonic() + _LOCK_TIMEOUT_S
        while not _locked(file):
            if time.monotonic() > deadline:
                raise _taken(var, _read(file))
            time.sleep(_POLL_S)
        hold = Hold(file)
        hold.announce()
        yield hold


def _lock_path(var: Path) -> Path:
    return var / "run" / "lock"


def _locked(file: IO[bytes]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _read(file: IO[bytes]) -> Instance:
    file.seek(0)
    with suppress(ValueError, TypeError):
        return Instance(**json.loads(file.read()))
    return Instance(0, 0.0)


def _taken(var: Path, other: Instance) -> BadSetting:
    where = f", {other.url}" if other.url else ""
    return BadSetting(
        f"LIVECHAT_VAR: expected a folder on which no other livechat runs, got {var}, "
        f"which process {other.pid} holds{where}; `make stop` ends that one."
    )
