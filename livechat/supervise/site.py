"""What one running livechat is made of: its folder, its address, its Redis.

The rule it guards: these values are read and checked once, before anything starts,
and every process of the tree gets the very same ones in its environment.
"""

import os
from dataclasses import dataclass, replace
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from livechat.env import (
    PROJECT_DIR,
    BadSetting,
    dotenv,
    env_int,
    env_list,
    env_str,
    private_folder,
    run_dir,
    var_dir,
)
from livechat.supervise import redis_server

SOCKET_NAME = "supervisor.sock"
_ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared, not bound


@dataclass(frozen=True)
class Site:
    """The checked settings of one start; `redis_url` is None for a private Redis."""

    var: Path
    bind: str
    port: int
    redis_url: str | None
    web_processes: int
    roomworker_processes: int

    @property
    def run(self) -> Path:
        """The folder of this site's Unix sockets."""
        return run_dir(self.var)

    @property
    def logs(self) -> Path:
        """The folder with one rotated file for each process."""
        return self.var / "log"

    @property
    def supervisor_socket(self) -> Path:
        """Where supervisord answers `status` and `stop`."""
        return supervisor_socket(self.var)

    @property
    def local_host(self) -> str:
        """A host under which this machine reaches the site, for a socket."""
        return _ANYWHERE.get(self.bind, self.bind)

    @property
    def url(self) -> str:
        """The address for a browser on this machine, without a slash at its end."""
        host = f"[{self.local_host}]" if ":" in self.local_host else self.local_host
        return f"http://{host}:{self.port}"

    @property
    def public_host(self) -> str:
        """The Host header that Django accepts: the one of SITE_URL, when it is set."""
        first = next(iter(env_list("SITE_URL", [self.url])))
        return urlsplit(first).netloc or urlsplit(self.url).netloc

    def with_port(self, port: int) -> "Site":
        """The same site on the port that was picked for PORT=0."""
        return replace(self, port=port)

    def environment(self) -> dict[str, str]:
        """What every process of the tree is started with; holds secrets.

        `.env` is copied in, so that a process restarted next week does not run with
        other settings than its neighbours.
        """
        inherited = {
            name: value
            for name, value in (dotenv() | dict(os.environ)).items()
            if not name.startswith(("MAKE", "MFLAGS", "SUPERVISOR_"))
        }
        return inherited | {
            "LIVECHAT_VAR": str(self.var),
            "BIND": self.bind,
            "PORT": str(self.port),
            "REDIS_URL": self.redis_url or redis_server.redis_url(self.var),
            "DJANGO_SETTINGS_MODULE": "livechat.settings",
            "PYTHONUNBUFFERED": "1",
        }


def supervisor_socket(var: Path) -> Path:
    """Where the supervisord of that folder listens, when it runs."""
    return run_dir(var) / SOCKET_NAME


def site_from_environment() -> Site:
    """The site that the environment and `.env` describe, its folders made.

    Raises:
        BadSetting: a number out of bounds, or a folder that cannot be used.
    """
    var = _usable_folder(var_dir())
    for folder in (var / "run", var / "log", run_dir(var)):
        private_folder(folder)
    return Site(
        var=var,
        bind=_address(env_str("BIND", "127.0.0.1")),
        port=env_int("PORT", 8000, low=0, high=65535),
        redis_url=env_str("REDIS_URL"),
        web_processes=env_int("WEB_PROCESSES", 1, low=1, high=64),
        roomworker_processes=env_int("ROOMWORKER_PROCESSES", 1, low=1, high=64),
    )


def _usable_folder(var: Path) -> Path:
    # supervisord.conf knows no quotes: these would begin a comment or a new line.
    for path in (var, PROJECT_DIR):
        if any(mark in str(path) for mark in ("\n", "\r", " ;", " #")):
            raise BadSetting(
                f"LIVECHAT_VAR: expected a path without line breaks, ' ;' and ' #', "
                f"got {str(path)!r}."
            )
    try:
        return private_folder(var)
    except BadSetting as error:
        raise BadSetting(f"LIVECHAT_VAR: {error}") from error


def _address(bind: str) -> str:
    if bind == "localhost":
        return "127.0.0.1"
    try:
        return str(ip_address(bind.strip("[]")))
    except ValueError as error:
        raise BadSetting(
            "BIND: expected an address of this machine such as 127.0.0.1, 0.0.0.0 "
            f"or ::1, got {bind!r}."
        ) from error
