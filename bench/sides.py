"""The two sides of the comparison: how each is started, spoken to and counted."""

import json
import os
import secrets
import shutil
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from bench import procfs, servers
from bench.job import Target
from bench.servers import ROOT, NotStartedError, Server

POST_ROOMS = 64
CREDENTIALS = ("cookie", "token")


class Side(Protocol):
    """What a scenario needs to know of a server."""

    name: str
    message_marker: str
    ready_marker: str
    window: int

    def prepare(self) -> None:
        """Make users and rooms; once an invocation."""

    def start(self) -> Server:
        """Start it and return when a socket would be let in."""

    def targets(self, count: int, port: int) -> list[Target]:
        """`count` members of one room, who signed in by cookie."""

    def doors(self, count: int, port: int, credential: str) -> list[Target]:
        """`count` sockets that are greeted with `hello` and join no room."""

    def template(self) -> str:
        """The frame that posts to that room."""


@dataclass
class Stock:
    """Stock Channels on the stock Daphne command; its web and Redis are counted."""

    folder: Path
    users: int
    name: str = "stock"
    message_marker: str = '"type": "message"'
    ready_marker: str = ""
    window: int = 4

    def prepare(self) -> None:
        self.folder.mkdir(parents=True)
        self.env = {
            "DJANGO_SETTINGS_MODULE": "bench.stock.settings",
            "STOCK_SECRET_KEY": secrets.token_urlsafe(40),
            "STOCK_DATABASE": str(self.folder / "stock.sqlite3"),
        }
        command = servers.python("-m", "bench.stock.seed", str(self.users))
        self.people: list[dict[str, str]] = json.loads(_output(command, self.env))

    def start(self) -> Server:
        redis, redis_port = servers.start_redis(self.folder)
        server = Server(servers.free_port(), [redis])
        log = self.folder / "web.log"
        command = servers.python("-m", "daphne", "-b", "127.0.0.1")
        command += ["-p", str(server.port), "bench.stock.asgi:application"]
        env = {**self.env, "STOCK_REDIS_URL": f"redis://127.0.0.1:{redis_port}"}
        web = servers.spawn(command, log, env)
        server.roots.append(web)
        try:
            servers.wait_for_port(server.port, web, log)
        except NotStartedError:
            server.stop()
            raise
        server.roles = {"web": [web.pid], "redis": [redis.pid]}
        return server

    def targets(self, count: int, port: int) -> list[Target]:
        return self._targets("/ws/chat/bench/", count, port, "cookie")

    def doors(self, count: int, port: int, credential: str) -> list[Target]:
        path = "/ws/hello/" if credential == "cookie" else "/ws/hello/token/"
        return self._targets(path, count, port, credential)

    def _targets(
        self, path: str, count: int, port: int, credential: str
    ) -> list[Target]:
        people = [self.people[index % self.users] for index in range(count)]
        return [Target(path, proof(each, credential, port)) for each in people]

    def template(self) -> str:
        return '{"body":"%(body)s"}'


@dataclass
class Ours:
    """livechat as `make run` starts it; all processes under its launcher count."""

    folder: Path
    users: int
    name: str = "ours"
    message_marker: str = '"type":"message"'
    ready_marker: str = '"type":"subscribed"'
    window: int = 256
    seeds: bool = True  # a start completes the demo community

    def prepare(self) -> None:
        self.folder.mkdir(parents=True)
        # The limits that a benchmark must lift: many sockets come from one address,
        # and a few senders post more than any person may.
        self.env = {
            "LIVECHAT_VAR": str(self.folder),
            "RATE_MESSAGES_PER_S": "1000000",
            "RATE_MESSAGES_BURST": "1000000",
            "GATEWAY_MAX_PER_ADDRESS": "20000",
        }

    def start(self) -> Server:
        server = Server(servers.free_port(), [])
        self.log = self.folder / "launch.log"
        self.log.unlink(missing_ok=True)
        env = {**self.env, "PORT": str(server.port)}
        launcher = servers.spawn(servers.python("-m", "livechat.launch"), self.log, env)
        server.roots.append(launcher)
        try:
            servers.wait_until(self._is_ready, launcher, self.log)
            if self.seeds:
                self._seed(env)
        except NotStartedError:
            server.stop()
            raise
        server.roles = roles_under(launcher.pid)
        return server

    def targets(self, count: int, port: int) -> list[Target]:
        subscribe = json.dumps({"type": "subscribe", "room": self.rooms[0]})
        doors = self.doors(count, port, "cookie")
        return [replace(door, opening=[subscribe]) for door in doors]

    def doors(self, count: int, port: int, credential: str) -> list[Target]:
        people = [self.people[index % self.users] for index in range(count)]
        path = "/ws/?v=1&format=json"
        return [Target(path, proof(each, credential, port)) for each in people]

    def template(self) -> str:
        return send_template(self.rooms[0])

    def post_targets(self, count: int, port: int) -> list[Target]:
        """Senders that listen to no room."""
        return self.doors(count, port, "token")

    def post_templates(self) -> list[str]:
        """One frame a room, for 64 rooms in turn."""
        return [send_template(room) for room in self.rooms[1 : POST_ROOMS + 1]]

    def _is_ready(self) -> bool:
        return self.log.exists() and b"READY http" in self.log.read_bytes()

    def _seed(self, env: dict[str, str]) -> None:
        """Complete the demo community, and sign everybody in once more."""
        command = servers.python("manage.py", "demo", "--json", "--messages", "0")
        # The last room is private to the first user and takes no part.
        command += ["--users", str(self.users), "--rooms", str(POST_ROOMS + 2)]
        community = json.loads(_output(command, env))
        names = [user["email"] for user in community["users"]]
        sessions = _output(servers.python("-m", "bench.sessions", *names), env)
        self.people = [
            {"token": user["token"], "cookie": session}
            for user, session in zip(
                community["users"], json.loads(sessions), strict=True
            )
        ]
        self.rooms = [room["id"] for room in community["rooms"]]


def proof(person: dict[str, str], credential: str, port: int) -> list[str]:
    """The headers by which a side knows `person`."""
    if credential == "token":
        return [f"Authorization: Bearer {person['token']}"]
    origin = f"Origin: http://127.0.0.1:{port}"
    return [origin, f"Cookie: sessionid={person['cookie']}"]


def send_template(room: str) -> str:
    """The text of wire.md's `send` for `room`, to be filled in."""
    fields = '"client_id":"%(client_id)s","body":"%(body)s"'
    return '{"type":"send","room":"' + room + '",' + fields + "}"


def roles_under(root: int) -> dict[str, list[int]]:
    """The processes at and below `root` by role: web, worker, redis, other."""
    roles: dict[str, list[int]] = {}
    for pid in procfs.family(root):
        command = procfs.command_line(pid)
        if command:
            roles.setdefault(_role(command), []).append(pid)
    return roles


def _role(command: str) -> str:
    for role, words in (
        ("redis", ("redis-server", "valkey-server")),
        ("worker", ("roomworker",)),
        ("web", ("livechat.gateway", "daphne")),
    ):
        if any(word in command for word in words):
            return role
    return "other"


def _output(command: list[str], env: dict[str, str]) -> bytes:
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, **env}, capture_output=True, check=False
    )
    if done.returncode:
        words = done.stderr.decode(errors="replace")[-2000:]
        raise NotStartedError(f"{command!r} failed. It said:\n{words}")
    return done.stdout


def remove(folder: Path) -> None:
    """Delete a side's files; they are of no use after the run."""
    shutil.rmtree(folder, ignore_errors=True)
