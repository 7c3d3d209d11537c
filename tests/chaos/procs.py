"""The site as real processes of our own: each can be killed, frozen and stopped by pid.

One that dies is started again after up to two seconds, as a supervisor would. When the
harness itself dies, the kernel ends them.
"""

import asyncio
import contextlib
import ctypes
import os
import random
import shutil
import signal
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.chaos.recorder import Recorder

RESTART_MAX_S = 2.0
LOOK_EVERY_S = 0.03
STOP_TIMEOUT_S = 12.0
_PR_SET_PDEATHSIG = 1  # <linux/prctl.h>
_libc = ctypes.CDLL(None)


def _die_with_parent() -> None:
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _set_event() -> asyncio.Event:
    event = asyncio.Event()
    event.set()
    return event


@dataclass(slots=True)
class Part:
    """One process of the site, over all its lives."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    folder: Path  # it starts here
    log: Path
    extra: dict[str, str] = field(default_factory=dict)  # environment of the next life
    process: "subprocess.Popen[bytes] | None" = None
    lives: int = 0
    wanted: bool = False
    before_start: Callable[[], None] | None = None  # called once, before the next life
    frozen: bool = False
    may_start: asyncio.Event = field(default_factory=_set_event)

    @property
    def alive(self) -> bool:
        """Whether it runs (or is frozen)."""
        return self.process is not None and self.process.poll() is None

    @property
    def pid(self) -> int:
        """Of the present life, or of the last one."""
        return self.process.pid if self.process else 0

    def spawn(self) -> None:
        """Begin a life."""
        if self.before_start is not None:
            change, self.before_start = self.before_start, None
            change()
        with self.log.open("ab") as output:
            # Fork, prctl, exec: nothing of ours runs in between.
            self.process = subprocess.Popen(  # noqa: PLW1509, S603, RUF100
                self.command,
                cwd=self.folder,
                env={**self.environment, **self.extra},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                preexec_fn=_die_with_parent,
            )
        self.extra, self.frozen = {}, False
        self.lives += 1

    def signal(self, number: signal.Signals) -> bool:
        """Send a signal; False when there is nobody to get it."""
        if not self.alive or self.process is None:
            return False
        self.process.send_signal(number)
        return True


class Processes:
    """All parts, kept alive until `stop`."""

    def __init__(self, recorder: Recorder, rng: random.Random) -> None:
        self.parts: dict[str, Part] = {}
        self.kills: dict[str, int] = {}
        self._recorder = recorder
        self._rng = rng
        self._keepers: list[asyncio.Task[None]] = []

    def start(self, part: Part) -> None:
        """Begin the part's first life and keep it alive from now on."""
        self.parts[part.name] = part
        part.wanted = True
        part.spawn()
        self._note(part, "up")
        self._keepers.append(asyncio.create_task(self._keep(part)))

    async def _keep(self, part: Part) -> None:
        while part.wanted:
            if part.alive:
                await asyncio.sleep(LOOK_EVERY_S)
                continue
            self._note(part, "down")
            await asyncio.sleep(self._rng.uniform(0, RESTART_MAX_S))
            await part.may_start.wait()
            if part.wanted:
                part.spawn()
                self._note(part, "up")

    def _note(self, part: Part, phase: str) -> None:
        code = part.process.returncode if part.process else None
        self._recorder.note("proc", name=part.name, phase=phase, pid=part.pid, rc=code)

    def kill(self, name: str) -> bool:
        """SIGKILL; False when it was down anyway."""
        part = self.parts[name]
        if not part.signal(signal.SIGKILL):
            return False
        self.kills[name] = self.kills.get(name, 0) + 1
        self._recorder.note("kill", name=name, pid=part.pid)
        return True

    def hold_back(self, name: str) -> None:
        """Do not start it again until `let_start`."""
        self.parts[name].may_start.clear()

    def let_start(self, name: str) -> None:
        """Start it again, as ever."""
        self.parts[name].may_start.set()

    def terminate(self, name: str) -> bool:
        """SIGTERM: it ends in order, and comes back."""
        return self.parts[name].signal(signal.SIGTERM)

    def freeze(self, name: str) -> int:
        """SIGSTOP; the pid that is frozen, 0 when there is none."""
        part = self.parts[name]
        if not part.signal(signal.SIGSTOP):
            return 0
        part.frozen = True
        return part.pid

    def thaw(self, name: str, pid: int) -> None:
        """SIGCONT, if the frozen one still lives."""
        part = self.parts[name]
        if pid == part.pid:
            part.signal(signal.SIGCONT)
            part.frozen = False

    async def stop(self) -> None:
        """End every part: web and workers first, Redis last."""
        for part in self.parts.values():
            part.wanted = False
        for keeper in self._keepers:
            keeper.cancel()
        await asyncio.gather(*self._keepers, return_exceptions=True)
        for part in sorted(self.parts.values(), key=lambda one: one.name == "redis"):
            part.signal(signal.SIGCONT)
            part.signal(signal.SIGTERM)
            if part.name == "redis":
                await self._end(part)
        await asyncio.gather(*map(self._end, self.parts.values()))

    async def _end(self, part: Part) -> None:
        if part.process is None:
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            await asyncio.to_thread(part.process.wait, STOP_TIMEOUT_S)
        if part.alive:
            part.process.kill()
            await asyncio.to_thread(part.process.wait)


def empty_folder(folder: Path) -> Callable[[], None]:
    """A change before the next life: what was stored in the folder is gone."""

    def change() -> None:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)

    return change


def clean_environment() -> dict[str, str]:
    """The environment without what belongs to tests or to another livechat."""
    ours = ("LIVECHAT_", "GATEWAY_", "RATE_", "SUPERVISOR_", "MAKE", "MFLAGS")
    others = {
        "DATABASE_URL",
        "REDIS_URL",
        "SITE_URL",
        "PORT",
        "BIND",
        "TEST_DATABASE",
        "DJANGO_ALLOW_ASYNC_UNSAFE",
        "PYTHONPATH",
    }
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(ours) and name not in others
    }
