"""`make run`: one livechat in the foreground, from checked settings to READY.

The rule it guards: a wrong setting stops the start with one sentence (code 2), and
however this process ends, no process of the tree outlives it.
"""

import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

from livechat.env import PROJECT_DIR, BadSetting
from livechat.supervise.console import complain, say
from livechat.supervise.health import NotHealthy, wait_until_healthy
from livechat.supervise.instance import held
from livechat.supervise.preflight import checked, raise_open_files
from livechat.supervise.processes import BuildPrograms, Program, livechat_programs
from livechat.supervise.signals import StopRequested, raise_on_stop
from livechat.supervise.site import Site, site_from_environment
from livechat.supervise.tree import Tree, TreeEnded, tree

EXIT_BROKEN = 1
EXIT_BAD_SETTING = 2
PREPARE = (sys.executable, "-m", "livechat.supervise.prepare")


class PrepareFailed(Exception):  # noqa: N818 - it carries an exit code, no text
    """The database or the static files are not ready; the reason was printed."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


def launch(
    build: BuildPrograms = livechat_programs,
    prepare: tuple[str, ...] = PREPARE,
    *,
    stop_with_parent: bool = False,
) -> int:
    """Run until told to stop; the exit code: 0 clean, 1 broken, 2 a wrong setting.

    `build` is the table of processes, `prepare` the command that has to succeed
    before those that do not start first. `stop_with_parent`: end as well when the
    parent, which is `make`, was killed without a chance to tell us.
    """
    parent_pid = os.getppid() if stop_with_parent else None
    raise_on_stop()
    os.umask(0o077)
    try:
        with ExitStack() as stack:
            _start(stack, build, prepare).wait(parent_pid)
    except StopRequested:
        return 0
    except BadSetting as error:
        complain(str(error))
        return EXIT_BAD_SETTING
    except PrepareFailed as error:
        return error.code
    except (NotHealthy, TreeEnded) as error:
        complain(str(error))
        return EXIT_BROKEN
    return 0


def _start(stack: ExitStack, build: BuildPrograms, prepare: tuple[str, ...]) -> Tree:
    """The running tree, READY printed; `stack` ends it."""
    site = site_from_environment()
    hold = stack.enter_context(held(site.var))
    site = checked(site)
    programs = build(site)
    raise_open_files()
    _tell(site, programs)
    running = stack.enter_context(tree(site, programs, hold.fileno()))
    _prepare(prepare, site, hold.fileno())
    say("Starting " + ", ".join(p.name for p in programs if not p.starts_first) + " …")
    running.start_rest()
    wait_until_healthy(site, running.alive)
    hold.announce(site.url)
    say(f"READY {site.url}")
    return running


def _prepare(command: tuple[str, ...], site: Site, lock: int) -> None:
    """Bring the database and the static files up to date, in a process of its own.

    It holds the folder's lock too: were we killed now, the next start would wait.

    Raises:
        PrepareFailed: it did not end well.
    """
    with subprocess.Popen(  # noqa: S603 - our own command
        command,
        cwd=PROJECT_DIR,
        env=site.environment(),
        stdin=subprocess.DEVNULL,
        pass_fds=[lock],
        start_new_session=True,  # Ctrl-C reaches us, and we end it below
    ) as process:
        try:
            if code := process.wait():
                raise PrepareFailed(max(code, EXIT_BROKEN))
        finally:
            process.terminate()


def _tell(site: Site, programs: list[Program]) -> None:
    say(f"Everything that livechat writes lies under {site.var}.")
    first = [program for program in programs if program.starts_first]
    for program in first:
        say(f"Starting {program.name} ({Path(program.command[0]).name}) …")


def main() -> int:
    """The exit code of `python -m livechat.launch [--stop-with-parent]`."""
    return launch(stop_with_parent="--stop-with-parent" in sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
