"""A PostgreSQL server of our own for one run of the tests, gone afterwards.

The rule it guards: it is started with its own data, port and password, touches no other
server of the machine, and ends with us however we end.
"""

import ctypes
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg

START_TIMEOUT_S = 30.0
STOP_TIMEOUT_S = 20.0
DEBIANS_FOLDERS = Path("/usr/lib/postgresql")  # it keeps the programs off the PATH
_PR_SET_PDEATHSIG = 1  # <linux/prctl.h>


@contextmanager
def private_postgres() -> Iterator[str]:
    """The server's URL with its password; the server runs as long as the block.

    In the system's folder for temporary files and not in `var/`: a server that root
    starts runs as another user, to whom `var/` is closed.

    Raises:
        RuntimeError: it did not start; the text ends with its own words.
    """
    folder = Path(tempfile.mkdtemp(prefix="livechat-postgres-"))
    # Not plain letters: these have to survive the way through a URL.
    password = f"p@ss/{secrets.token_urlsafe(24)}%:#?"
    try:
        _make_data(folder, password)
        port = _free_port()
        process = _start(folder, port)
        try:
            person = f"livechat:{quote(password, safe='')}"
            url = f"postgresql://{person}@127.0.0.1:{port}/postgres"
            _wait_until_it_answers(process, url, folder)
            yield url
        finally:
            _stop(process)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def server_program(name: str) -> Path | None:
    """A program of the server: from the PATH, else Debian's newest, else None."""
    if found := shutil.which(name):
        return Path(found)
    versions = DEBIANS_FOLDERS.glob(f"[0-9]*/bin/{name}")
    return max(versions, key=lambda path: int(path.parts[-3]), default=None)


def _make_data(folder: Path, password: str) -> None:
    word = folder / "password"
    word.touch(mode=0o600)
    word.write_text(password)
    for path in (folder, word):
        if owner := _unprivileged():
            os.chown(path, owner.pw_uid, owner.pw_gid)
    done = subprocess.run(  # noqa: S603 - a program of the server
        [
            *(_program("initdb"), "--pgdata", folder / "data", "--username=livechat"),
            *("--auth=scram-sha-256", f"--pwfile={word}"),
            *("--encoding=UTF8", "--no-locale", "--no-sync"),
        ],
        **_as_nobody_special(folder),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    word.unlink()
    if done.returncode:
        raise RuntimeError(f"initdb failed: {done.stdout.decode(errors='replace')}")


def _start(folder: Path, port: int) -> "subprocess.Popen[bytes]":
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(  # noqa: S603 - a program of the server
            [
                *(_program("postgres"), "-D", folder / "data", "-p", str(port)),
                *("-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="),
            ],
            **_as_nobody_special(folder),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C ends the tests first, and we end it then
            preexec_fn=_end_with_parent,
        )


def _as_nobody_special(folder: Path) -> dict[str, Any]:
    """How to start a program of the server, which refuses to work for root."""
    owner = _unprivileged()
    how: dict[str, Any] = {"cwd": folder}
    if owner:
        how |= {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}
    return how


def _unprivileged() -> pwd.struct_passwd | None:
    """Whose the server is when we are root; None: ours."""
    if os.geteuid():
        return None
    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            return pwd.getpwnam(name)
    raise RuntimeError("neither a user postgres nor nobody is there to run PostgreSQL")


def _program(name: str) -> Path:
    found = server_program(name)
    if found is None:
        raise RuntimeError(f"PostgreSQL's {name} is not there")
    return found


def _end_with_parent() -> None:
    """SIGINT is the server's fast shutdown; only Linux sends it for us."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGINT)


def _wait_until_it_answers(
    process: "subprocess.Popen[bytes]", url: str, folder: Path
) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while True:
        try:
            psycopg.connect(url, connect_timeout=2).close()
            return
        except psycopg.OperationalError as error:
            if process.poll() is not None or time.monotonic() > deadline:
                log = (folder / "log").read_text(errors="replace")
                raise RuntimeError(f"PostgreSQL did not start: {log}") from error
        time.sleep(0.05)


def _stop(process: "subprocess.Popen[bytes]") -> None:
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
        process.send_signal(number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(STOP_TIMEOUT_S)
            return


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
