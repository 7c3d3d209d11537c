"""The facts a reader needs to judge the figures: machine, versions, commit."""

import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path

from bench import servers

_PACKAGES = ("django", "channels", "channels-redis", "daphne", "twisted", "uvloop")


def facts() -> dict[str, str]:
    """Name and value, in the order in which they are shown."""
    server_cores, client_cores = servers.cores()
    return {
        "processor": _processor(),
        "cores": str(os.cpu_count()),
        "servers on core": str(min(server_cores)),
        "client on core": str(min(client_cores)),
        "system": f"{platform.system()} {platform.release()}",
        "Python": platform.python_version(),
        **{package: version(package) for package in _PACKAGES},
        "Redis": _words([servers.redis_binary(), "--version"]),
        "commit": _words(["git", "rev-parse", "--short", "HEAD"]),
    }


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _words(command: list[str]) -> str:
    done = subprocess.run(
        command,
        cwd=servers.ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        check=False,
        text=True,
    )
    return done.stdout.strip() or "unknown"
