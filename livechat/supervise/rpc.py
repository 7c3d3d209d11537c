"""Speaks to a running supervisord over its Unix socket (XML-RPC)."""

import http.client
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xmlrpc.client import Fault, ServerProxy, Transport

TIMEOUT_S = 5.0


class NotAnswering(Exception):  # noqa: N818 - reads as the sentence that it is
    """There is no supervisord on that socket, or it does not answer."""


@dataclass(frozen=True)
class ProcessInfo:
    """One line of the table; `pid` and `uptime_s` are 0 while it does not run."""

    name: str
    state: str
    pid: int
    uptime_s: int


def process_table(path: Path) -> list[ProcessInfo]:
    """All processes in their order of start.

    Raises:
        NotAnswering: see there.
    """
    rows = _call(path, "getAllProcessInfo")
    return [
        ProcessInfo(
            name=str(row["name"]),
            state=str(row["statename"]),
            pid=int(row["pid"]),
            uptime_s=int(row["now"] - row["start"]) if row["pid"] else 0,
        )
        for row in rows
    ]


def start_group(path: Path, group: str) -> None:
    """Have the group's processes started; returns at once.

    Raises:
        NotAnswering: see there.
    """
    _call(path, "startProcessGroup", group, False)


def shut_down(path: Path) -> None:
    """Have everything stopped in order; returns at once.

    Raises:
        NotAnswering: see there.
    """
    _call(path, "shutdown")


def _call(path: Path, method: str, *arguments: Any) -> Any:
    try:
        with ServerProxy("http://localhost", transport=_UnixTransport(path)) as server:
            return getattr(server.supervisor, method)(*arguments)
    except (OSError, http.client.HTTPException, Fault) as error:
        raise NotAnswering(f"supervisord does not answer on {path}: {error}") from error


class _UnixTransport(Transport):
    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    def make_connection(self, host: Any) -> http.client.HTTPConnection:
        connection = _UnixConnection(self._path)
        self._connection = (host, connection)  # where Transport.close() looks for it
        return connection


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=TIMEOUT_S)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))
