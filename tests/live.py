"""A running livechat for tests: real gateway, room worker and Redis on loopback.

Its processes use the test database's file, so that a test can look at and prepare rows
with the ORM while it speaks over real sockets.
"""

import asyncio
import contextlib
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Self

from django.conf import settings
from redis import Redis
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from livechat.supervise.redis_server import start_private_redis
from tests.environment import POSTGRES_URL, REDIS_SERVER, database_url
from tests.tcp_redis import start_tcp_redis

ROOT = Path(__file__).resolve().parent.parent
START_TIMEOUT_S = 30
FRAME_TIMEOUT_S = 8
LOCK_WAIT_S = 0.3  # for a lock that a running process holds
FREEZE_TRIES = 20
BESIDE = "web2"  # a second web process, which may outlive a test
POST_AGAIN = 3  # for who is told to wait


def free_port() -> int:
    """A port that nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(condition: Callable[[], bool], what: str, timeout_s: float = 10) -> None:
    """Look every 20 ms until the condition holds; fail with `what` after the limit."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout_s} s: {what}")
        time.sleep(0.02)


def lobby_is_heard() -> bool:
    """Whether a web process hears the lobby, which takes a moment after a fault."""
    with Redis.from_url(settings.REDIS_URL) as redis:
        return bool(redis.pubsub_channels("*control*"))


@dataclass
class Live:
    """The processes of one livechat; each can be killed, frozen and started again."""

    var: Path
    database: str
    port: int = field(default_factory=free_port)
    processes: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)
    settings: dict[str, str] = field(default_factory=dict)
    rates: dict[str, str] = field(default_factory=dict)  # settings of limits
    had_sockets: bool = False  # whether this web process had any

    @property
    def url(self) -> str:
        """The site's own address."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start everything and wait until it is healthy."""
        self.start_redis()
        self.start_worker()
        self.start_web()
        self.wait_healthy()

    def start_redis(self) -> None:
        """The private Redis of this test process, or the lane's kind of it."""
        self.processes["redis"] = (
            start_tcp_redis(Path(REDIS_SERVER), self.var, os.environ["REDIS_URL"])
            if REDIS_SERVER
            else start_private_redis(self.var)
        )

    def start_web(self, name: str = "web", port: int | None = None) -> None:
        """The gateway on the same port as ever, or another one beside it."""
        self.had_sockets &= name != "web"
        self._start(name, "-m", "livechat.gateway", "--port", str(port or self.port))

    def start_worker(self, name: str = "worker") -> None:
        """The room worker, or another one beside it."""
        self._start(name, "manage.py", "roomworker")

    def heal(self) -> None:
        """End what a test added but BESIDE, thaw what is frozen, start what is dead."""
        starts: dict[str, Callable[[], None]] = {
            "redis": self.start_redis,
            "worker": self.start_worker,
            "web": self.start_web,
        }
        for added in self.processes.keys() - starts.keys() - {BESIDE}:
            self.end(added)
        if BESIDE in self.processes:
            self.thaw(BESIDE)
        for name, start in starts.items():
            self.thaw(name)
            if self.processes[name].poll() is not None:
                start()
        self.wait_healthy()
        if self.had_sockets:  # a web process hears the lobby from its first one on
            wait_until(lobby_is_heard, "the lobby is heard")

    def end(self, name: str) -> None:
        """Stop one process for good, whatever its state."""
        process = self.processes.pop(name)
        process.send_signal(signal.SIGCONT)
        process.kill()
        process.wait(10)

    def _start(self, name: str, *command: str) -> None:
        with (self.var / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [sys.executable, *command],
                cwd=ROOT,
                # supervisord names its processes; leases are held by that name.
                env={**self.environment(), "SUPERVISOR_PROCESS_NAME": name},
                stdout=log,
                stderr=log,
            )

    def environment(self) -> dict[str, str]:
        """The environment of its processes, for `manage.py` commands too."""
        inherited = dict(os.environ)
        inherited.pop("DJANGO_ALLOW_ASYNC_UNSAFE", None)
        return {
            **inherited,
            "PORT": str(self.port),
            "DATABASE_URL": database_url(self.database),
            **self.settings,
            **self.rates,
        }

    def manage(self, *words: str) -> str:
        """Run a `manage.py` command against this instance; return what it printed."""
        done = subprocess.run(
            [sys.executable, "manage.py", *words],
            cwd=ROOT,
            env=self.environment(),
            capture_output=True,
            check=True,
            timeout=60,
        )
        return done.stdout.decode()

    def wait_healthy(self) -> None:
        """Wait until every part answers."""
        wait_until(self._healthy, "the site is healthy", START_TIMEOUT_S)

    def _healthy(self) -> bool:
        try:
            # Our own loopback address.
            with urllib.request.urlopen(f"{self.url}/health", timeout=2) as answer:  # noqa: S310
                return bool(json.load(answer)["status"] == "ok")
        except OSError:
            return False

    def kill(self, name: str) -> None:
        """SIGKILL one process and wait until it is gone."""
        self.processes[name].kill()
        self.processes[name].wait(10)

    def freeze(self, name: str) -> None:
        """SIGSTOP one process, between two of its transactions.

        Inside one it would keep SQLite's write lock, and nobody else could write.
        """
        for _ in range(FREEZE_TRIES):
            self.processes[name].send_signal(signal.SIGSTOP)
            if self._may_write():
                return
            self.thaw(name)
        raise AssertionError(f"{name} is always within a transaction")

    def _may_write(self) -> bool:
        """Whether SQLite's write lock can be had; nothing is written."""
        if POSTGRES_URL:
            return True
        file = sqlite3.connect(self.database, LOCK_WAIT_S, isolation_level=None)
        try:
            file.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return False
        finally:
            file.close()
        return True

    def thaw(self, name: str) -> None:
        """SIGCONT it again."""
        self.processes[name].send_signal(signal.SIGCONT)

    def stop(self) -> None:
        """Stop everything that was started."""
        for process in self.processes.values():
            process.send_signal(signal.SIGCONT)
            process.terminate()
        for process in self.processes.values():
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(10)

    def log(self, name: str) -> str:
        """What a process has written so far."""
        return (self.var / f"{name}.log").read_text()

    def client(self, token: str, **options: Any) -> "Client":
        """A JSON client; use it as an async context manager."""
        self.had_sockets |= "port" not in options
        return Client(self, token, **options)


@dataclass
class Client:
    """One JSON socket, as an outsider's program would write it from the protocol."""

    live: Live
    token: str
    query: str = "v=1&format=json"
    headers: dict[str, str] = field(default_factory=dict)
    port: int | None = None  # of another gateway than the first
    frames: list[dict[str, Any]] = field(default_factory=list)
    socket: ClientConnection | None = None
    _reader: "asyncio.Task[None] | None" = None
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    async def __aenter__(self) -> Self:
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        self.socket = await connect(
            f"ws://127.0.0.1:{self.port or self.live.port}/ws/?{self.query}",
            additional_headers={**headers, **self.headers},
            ping_interval=None,
            proxy=None,
            compression=None,
        )
        self._reader = asyncio.create_task(self._read(self.socket))
        return self

    async def __aexit__(self, *exc: object) -> None:
        assert self.socket is not None and self._reader is not None
        await self.socket.close()
        await self._reader

    async def _read(self, websocket: ClientConnection) -> None:
        # An error's close code is told by `close_code`, not by an exception here.
        with contextlib.suppress(ConnectionClosed):
            async for data in websocket:
                self.frames.append(json.loads(data))
                self._news.set()
        self._news.set()

    @property
    def close_code(self) -> int | None:
        """The code the server closed with, None while it is open."""
        return self.socket.close_code if self.socket else None

    async def say(self, type_: str, **fields: Any) -> None:
        """Send one frame."""
        await self.raw(json.dumps({"type": type_, **fields}))

    async def raw(self, data: str | bytes) -> None:
        """Send one text (or, from bytes, binary) message as it is."""
        assert self.socket is not None
        await self.socket.send(data)

    async def until(
        self,
        wanted: Callable[[dict[str, Any]], bool],
        timeout_s: float = FRAME_TIMEOUT_S,
    ) -> dict[str, Any]:
        """Take and return the first frame that fits; the others stay in `frames`."""
        deadline = time.monotonic() + timeout_s
        while True:
            for index, frame in enumerate(self.frames):
                if wanted(frame):
                    return self.frames.pop(index)
            self._news.clear()
            left = deadline - time.monotonic()
            try:
                await asyncio.wait_for(self._news.wait(), max(0.001, left))
            except TimeoutError:
                raise AssertionError(
                    f"no such frame; there are {self.frames}"
                ) from None

    async def expect(
        self, type_: str, timeout_s: float = FRAME_TIMEOUT_S, **fields: Any
    ) -> dict[str, Any]:
        """Take the first frame of this type with these values."""
        wanted = {"type": type_, **fields}

        def fits(frame: dict[str, Any]) -> bool:
            return all(frame.get(name) == value for name, value in wanted.items())

        return await self.until(fits, timeout_s)

    async def closed(self, timeout_s: float = FRAME_TIMEOUT_S) -> int:
        """Wait until the server has closed; return the code."""
        assert self.socket is not None
        await asyncio.wait_for(self.socket.wait_closed(), timeout_s)
        assert self.socket.close_code is not None
        return self.socket.close_code

    async def subscribe(self, room: str, **fields: Any) -> dict[str, Any]:
        """Follow a room; return `subscribed`."""
        await self.say("subscribe", room=room, **fields)
        return await self.expect("subscribed", room=room)

    async def post(
        self, room: str, body: str, *, again: int = POST_AGAIN, **fields: Any
    ) -> dict[str, Any]:
        """Send a message; return its `ack`.

        Told to wait, it sends the same `client_id` again after that time, as the
        protocol asks of clients: `again` times at most, so that 0 sends once.
        """
        fields = {"room": room, "body": body, **fields}
        fields["client_id"] = fields.get("client_id") or str(uuid.uuid4())
        for _ in range(again):
            await self.say("send", **fields)
            answer = await self.until(partial(_answers, fields["client_id"]))
            if answer["type"] == "ack":
                return answer
            await asyncio.sleep(answer["retry_after_ms"] / 1000)
        await self.say("send", **fields)
        return await self.expect("ack", client_id=fields["client_id"])

    async def nothing_but(self, *types: str, for_s: float = 0.4) -> None:
        """Fail if a frame of another type came, or comes within the time."""
        await asyncio.sleep(for_s)
        others = [frame for frame in self.frames if frame["type"] not in types]
        assert not others, others


def _answers(client_id: str, frame: dict[str, Any]) -> bool:
    """Whether the frame is the message's ack, or asks to send it again."""
    if frame.get("client_id") != client_id:
        return False
    waits = frame.get("code") in {"waiting", "busy"} and "retry_after_ms" in frame
    return frame["type"] == "ack" or waits
