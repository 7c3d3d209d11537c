"""One livechat for the harness: two web processes, two room workers, one Redis.

Between clients and web, and between each of ours and Redis, stands a proxy.
"""

import asyncio
import random
import secrets
import sys
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import redis.asyncio

from livechat.env import PROJECT_DIR
from livechat.supervise.processes import livechat_programs
from livechat.supervise.redis_server import find_server
from livechat.supervise.site import Site as Settings
from tests.chaos.procs import Part, Processes, clean_environment
from tests.chaos.proxy import Proxy
from tests.chaos.recorder import Recorder
from tests.live import free_port

WEBS = ("web-1", "web-2")
WORKERS = ("roomworker-1", "roomworker-2")
HEALTHY_TIMEOUT_S = 60.0
BURST = 20  # messages of one person at once, in the sites of the harness
PER_S = 3  # and a second

_REDIS = """\
bind 127.0.0.1
port {port}
requirepass {password}
daemonize no
logfile ""
dir "{data}"
appendonly yes
appendfsync everysec
save ""
maxmemory-policy noeviction
enable-debug-command local
client-output-buffer-limit pubsub 32mb 8mb 60
"""


@dataclass(slots=True)
class Stage:
    """The processes, their proxies and where everything lies."""

    folder: Path
    source: Path  # the tree that runs
    recorder: Recorder
    rng: random.Random
    processes: Processes = field(init=False)
    gates: dict[str, Proxy] = field(default_factory=dict)  # client → web, by web
    lines: dict[str, Proxy] = field(default_factory=dict)  # ours → Redis, by name
    ports: dict[str, int] = field(default_factory=dict)
    password: str = field(default_factory=lambda: secrets.token_hex(16))

    def __post_init__(self) -> None:
        self.processes = Processes(self.recorder, self.rng)

    @property
    def var(self) -> Path:
        """What the processes write."""
        return self.folder / "var"

    @property
    def database(self) -> Path:
        """The SQLite file."""
        return self.var / "livechat.sqlite3"

    @property
    def redis_data(self) -> Path:
        """Where Redis keeps its append-only file."""
        return self.folder / "redis"

    def url(self, web: str) -> str:
        """The address of one web process, through its proxy."""
        return f"http://127.0.0.1:{self.gates[web].port}"

    def proxy(self, name: str) -> Proxy:
        """A proxy by its own name."""
        both = (*self.gates.values(), *self.lines.values())
        return next(one for one in both if one.name == name)

    async def start(self) -> None:
        """Start everything and wait until it is healthy."""
        await self._open_proxies()
        self._start_redis()
        await self.prepare()
        commands = self._commands()
        for name in (*WORKERS, *WEBS):
            self.processes.start(self._part(name, commands[name]))
        await self.wait_healthy()

    async def _open_proxies(self) -> None:
        for name in ("redis", *WEBS):
            self.ports[name] = free_port()
        for web in WEBS:
            self.gates[web] = Proxy(f"clients-{web}", self.ports[web], self.rng)
        for name in (*WEBS, *WORKERS):
            self.lines[name] = Proxy(f"{name}-redis", self.ports["redis"], self.rng)
        for proxy in (*self.gates.values(), *self.lines.values()):
            await proxy.start()

    def _start_redis(self) -> None:
        conf = self.folder / "redis.conf"
        self.redis_data.mkdir()
        text = _REDIS.format(
            port=self.ports["redis"], password=self.password, data=self.redis_data
        )
        server = find_server(self.folder)
        if "valkey" not in server.name:
            text = text.replace("enable-debug-command local\n", "")
        conf.touch(mode=0o600)
        conf.write_text(text)
        self.processes.start(self._part("redis", (str(server), str(conf))))

    def _commands(self) -> dict[str, tuple[str, ...]]:
        """The commands that supervisord would run, on the tree that runs here."""
        settings = Settings(
            self.var, "127.0.0.1", self.ports[WEBS[0]], "redis://elsewhere", 1, 2
        )
        found = {one.name: one.command for one in livechat_programs(settings)}
        here, there = str(PROJECT_DIR), str(self.source)
        found = {
            name: tuple(part.replace(here, there) for part in command[1:])
            for name, command in found.items()
        }
        web, port = found.pop("web"), str(self.ports[WEBS[0]])
        for name in WEBS:
            own = str(self.ports[name])
            found[name] = tuple(own if part == port else part for part in web)
        return {name: (sys.executable, *rest) for name, rest in found.items()}

    def _part(self, name: str, command: tuple[str, ...]) -> Part:
        (self.folder / "log").mkdir(exist_ok=True)
        return Part(
            name,
            command,
            self.environment(name),
            self.source,
            self.folder / "log" / f"{name}.log",
        )

    def redis_url(self, name: str = "") -> str:
        """Redis through the proxy of one process, or directly."""
        port = self.lines[name].port if name in self.lines else self.ports["redis"]
        return f"redis://:{quote(self.password)}@127.0.0.1:{port}/0"

    def environment(self, name: str = "") -> dict[str, str]:
        """What a process of the site starts with."""
        return {
            **clean_environment(),
            "LIVECHAT_VAR": str(self.var),
            "BIND": "127.0.0.1",
            "PORT": str(self.ports.get(name, self.ports[WEBS[0]])),
            "SITE_URL": ",".join(self.url(web) for web in WEBS),
            "REDIS_URL": self.redis_url(name),
            "DJANGO_SETTINGS_MODULE": "livechat.settings",
            "SUPERVISOR_PROCESS_NAME": name,
            "RATE_MESSAGES_BURST": str(BURST),
            "RATE_MESSAGES_PER_S": str(PER_S),
            "GATEWAY_MAX_PER_ADDRESS": "4000",  # all of us come from one address
            "PYTHONUNBUFFERED": "1",
        }

    async def prepare(self) -> None:
        """Make the database and the static files."""
        self.var.mkdir(mode=0o700, exist_ok=True)
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "livechat.supervise.prepare",
            cwd=self.source,
            env=self.environment(),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await asyncio.wait_for(process.communicate(), 120)
        if process.returncode:
            raise RuntimeError(said.decode())

    async def wait_healthy(self) -> None:
        """Wait until both web processes say that all is well."""
        deadline = self.recorder.now() + HEALTHY_TIMEOUT_S
        for web in WEBS:
            while not await asyncio.to_thread(self._healthy, web):
                if self.recorder.now() > deadline:
                    raise TimeoutError(f"{web} is not healthy; see {self.folder}/log")
                await asyncio.sleep(0.1)

    def _healthy(self, web: str) -> bool:
        address = f"http://127.0.0.1:{self.ports[web]}/health"
        try:
            with urllib.request.urlopen(address, timeout=3) as answer:  # noqa: S310, RUF100
                return bool(answer.status == 200)
        except OSError:
            return False

    def redis(self) -> "redis.asyncio.Redis":
        """A client of our own to Redis, past the proxies."""
        return redis.asyncio.Redis.from_url(self.redis_url(), socket_timeout=2)

    async def stop(self) -> None:
        """End the processes, then the proxies."""
        await self.processes.stop()
        for proxy in (*self.gates.values(), *self.lines.values()):
            await proxy.stop()
