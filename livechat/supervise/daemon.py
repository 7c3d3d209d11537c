"""supervisord, bound to its parent and its children: `python -m … CONF`.

The rule it guards: nobody is left behind. When the launcher dies, however it dies,
its end of our standard input closes and we stop the tree in order. When we are
killed, the kernel kills our children with us (Linux).
"""

import ctypes
import os
import signal
import sys
import threading

from supervisor import poller, process, supervisord
from supervisor.options import ServerOptions
from supervisor.states import ProcessStates

BACKOFF_MAX_S = 10
_PR_SET_PDEATHSIG = 1  # <linux/prctl.h>


class BoundOptions(ServerOptions):  # type: ignore[misc] # supervisor has no types
    """supervisord's options; a child is tied to our life right after its fork."""

    def setpgrp(self) -> None:
        """Give the child its own process group, and our death as its own."""
        super().setpgrp()
        die_with(self.our_pid)

    def cleanup_fds(self) -> None:
        """Close nothing: on SIGHUP supervisord would give up the folder's lock."""

    our_pid = os.getpid()


class PatientSubprocess(process.Subprocess):  # type: ignore[misc] # no types
    """A process whose back-off stops growing, so that it is never given up."""

    backoff: int  # failed starts in a row, which are the seconds to wait

    def change_state(self, new_state: int, expected: bool = True) -> None:
        """As supervisor does, but the wait is at most 10 s.

        Supervisor adds a second per failure for ever: after an outage of an hour a
        process would stay away for another minute and a half.
        """
        if new_state == ProcessStates.BACKOFF:
            self.backoff = min(self.backoff, BACKOFF_MAX_S - 1)
        super().change_state(new_state, expected)


class PromptPoller(poller.Poller):  # type: ignore[misc] # no types
    """Waits for descriptors, and is woken by signals.

    Python goes on waiting after a signal, so that supervisord would notice the death
    of a child up to a second late, at a restart as well as at the end.
    """

    def initialize(self) -> None:
        """Have each signal write a byte into a pipe of ours."""
        super().initialize()
        self._woken, wake = os.pipe()
        os.set_blocking(self._woken, False)
        os.set_blocking(wake, False)
        os.write(wake, b"\0")  # the first round, which starts the children, is now
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
        self.register_readable(self._woken)

    def poll(self, timeout: float) -> tuple[list[int], list[int]]:
        """The descriptors that can be read, and those that can be written."""
        readable, writable = super().poll(timeout)
        if self._woken in readable:
            os.read(self._woken, 4096)
            readable = [fd for fd in readable if fd != self._woken]
        return readable, writable


def main() -> None:
    """Run supervisord in the foreground until it is told to stop."""
    threading.Thread(target=_stop_when_orphaned, daemon=True).start()
    poller.Poller = PromptPoller
    supervisord.ServerOptions = BoundOptions
    process.Subprocess = PatientSubprocess
    supervisord.main(["-n", "-c", sys.argv[1]])


def die_with(parent_pid: int) -> None:
    """Have the kernel kill this process when its parent dies; Linux only.

    SIGKILL, since nobody would be left to insist after a SIGTERM. Each of our
    processes survives that without loss: what was acknowledged is on the disk.
    """
    if _libc is None:
        return
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent_pid:  # it died between the fork and the line above
        os.kill(os.getpid(), signal.SIGKILL)


def _stop_when_orphaned() -> None:
    while os.read(sys.stdin.fileno(), 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


# Loaded before any fork: a child of a process with threads must not import.
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None

if __name__ == "__main__":
    main()
