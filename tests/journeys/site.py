"""A livechat started as its users start it: `make run`, on a folder of its own."""

import atexit
import os
import shutil
import signal
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from livechat.env import run_dir
from livechat.supervise.rpc import process_table
from tests.live import ROOT, free_port, wait_until

FIRST_START_S = 90
DATABASE = "livechat.sqlite3"

# What the first start of this process has made, so that the others need not: tables
# without rows, and static files.
MADE = Path(tempfile.mkdtemp(prefix="lc-made-"))
atexit.register(shutil.rmtree, MADE, ignore_errors=True)


@dataclass(frozen=True)
class Site:
    """The running site: its address and its folder."""

    url: str
    var: Path

    def pid(self, name: str) -> int:
        """The process id of one supervised process, 0 while it is down."""
        rows = process_table(run_dir(self.var) / "supervisor.sock")
        return next(row.pid for row in rows if row.name == name)

    def kill(self, name: str) -> None:
        """SIGKILL one supervised process; supervisord starts it again."""
        os.kill(self.pid(name), signal.SIGKILL)

    def log(self, name: str) -> str:
        """What one process has written."""
        return (self.var / "log" / f"{name}.log").read_text()


@contextmanager
def make_run(**settings: str) -> Iterator[Site]:
    """Run `make run` with these settings until the block ends, then SIGTERM it."""
    var = Path(tempfile.mkdtemp(prefix="lc-journey-"))
    shutil.copytree(MADE, var / "var")
    port = free_port()
    output = var / "make.out"
    inherited = {
        name: value
        for name, value in os.environ.items()
        if name not in {"REDIS_URL", "TEST_DATABASE", "DJANGO_ALLOW_ASYNC_UNSAFE"}
    }
    with output.open("wb") as out:
        process = subprocess.Popen(
            ["make", "run"],
            cwd=ROOT,
            env={
                **inherited,
                **settings,
                "PORT": str(port),
                "LIVECHAT_VAR": str(var / "var"),
            },
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:
        wait_until(
            lambda: f"READY http://127.0.0.1:{port}" in output.read_text(),
            f"make run says READY; it said: {output}",
            FIRST_START_S,
        )
        keep_what_was_made(var / "var")
        yield Site(f"http://127.0.0.1:{port}", var / "var")
    finally:
        process.terminate()
        process.wait(30)
        shutil.rmtree(var, ignore_errors=True)


def keep_what_was_made(var: Path) -> None:
    """Copy the tables and static files of the first site that is ready."""
    if any(MADE.iterdir()):
        return
    shutil.copytree(var / "static", MADE / "static")
    with (
        closing(sqlite3.connect(var / DATABASE)) as source,
        closing(sqlite3.connect(MADE / DATABASE)) as copy,
    ):
        source.backup(copy)
