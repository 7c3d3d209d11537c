"""The tree of processes under one supervisord: started, watched, ended whole.

The rule it guards: leaving the `with` block leaves nobody behind.
"""

import os
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from livechat.env import PROJECT_DIR
from livechat.supervise import conf, rpc
from livechat.supervise.console import say
from livechat.supervise.processes import Program
from livechat.supervise.site import Site

SOCKET_TIMEOUT_S = 10.0
# Two groups stop one after the other, each within its stopwaitsecs.
STOP_TIMEOUT_S = 2 * conf.STOP_WAIT_S + 6
_LOOK_EVERY_S = 1.0


class TreeEnded(Exception):  # noqa: N818 - reads as the sentence that it is
    """supervisord ended although nobody had asked for it."""


class Tree:
    """A running supervisord with the processes of one site."""

    def __init__(self, site: Site, process: subprocess.Popen[bytes]) -> None:
        self._site = site
        self._process = process

    def alive(self) -> bool:
        """Whether supervisord runs."""
        return self._process.poll() is None

    def start_rest(self) -> None:
        """Start what waited for the database.

        Raises:
            TreeEnded: supervisord did not come up.
        """
        deadline = time.monotonic() + SOCKET_TIMEOUT_S
        while True:
            try:
                return rpc.start_group(self._site.supervisor_socket, conf.REST)
            except rpc.NotAnswering as error:
                if not self.alive() or time.monotonic() > deadline:
                    raise TreeEnded(str(error)) from error
                time.sleep(0.02)

    def wait(self, parent_pid: int | None = None) -> None:
        """Return when supervisord was told to end, or `parent_pid` is not our parent.

        Raises:
            TreeEnded: it ended in another way.
        """
        # Its standard output closes with it: a wait that costs nothing meanwhile.
        while not select.select([self._stdout], [], [], _LOOK_EVERY_S)[0]:
            if parent_pid is not None and os.getppid() != parent_pid:
                return
        if code := self._process.wait():
            raise TreeEnded(f"supervisord ended unexpectedly (code {code}).")

    def stop(self) -> None:
        """End every process in order; who does not listen is killed after 12 s."""
        if not self.alive():
            return
        say("Stopping every process …")
        try:
            rpc.shut_down(self._site.supervisor_socket)
        except rpc.NotAnswering:
            self._process.terminate()
        try:
            self._process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    @property
    def _stdout(self) -> IO[bytes]:
        if self._process.stdout is None:
            raise TreeEnded("supervisord was started without a pipe.")
        return self._process.stdout


@contextmanager
def tree(site: Site, programs: list[Program], lock: int) -> Iterator[Tree]:
    """Start supervisord and those of the programs that start first.

    `lock` is the descriptor that it keeps open as long as it lives. Its standard
    input is a pipe that nobody writes to: it closes when this process dies.
    """
    command = [sys.executable, "-m", "livechat.supervise.daemon"]
    with subprocess.Popen(  # noqa: S603 - our own command
        [*command, str(conf.write_conf(site, programs))],
        cwd=PROJECT_DIR,
        env=site.environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        pass_fds=[lock],
        start_new_session=True,  # Ctrl-C in the terminal reaches us, and us alone
    ) as process:
        running = Tree(site, process)
        try:
            yield running
        finally:
            running.stop()
