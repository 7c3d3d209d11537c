"""`make test-postgres` and `make test-redis`: the tests on a server of another kind.

The rule it guards: whatever was started for a lane is stopped when the lane ends, with
success, with a failure, or by Ctrl-C. Arguments go to pytest, as with `make test`.
"""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from types import FrameType

from private_postgres import private_postgres, server_program

ROOT = Path(__file__).resolve().parent.parent
EVERYTHING_BUT_BROWSERS = ("tests", "--ignore=tests/journeys")
END_TIMEOUT_S = 30.0  # for tests that were told to stop

Environment = dict[str, str]


@contextmanager
def postgres() -> Iterator[Environment]:
    """A private PostgreSQL; each test process makes a database of its own in it."""
    if server_program("postgres") is None:
        apt_install("postgresql")
    with private_postgres() as url:
        say("PostgreSQL runs; the tests begin.")
        yield {"TEST_DATABASE_URL": url}


@contextmanager
def redis() -> Iterator[Environment]:
    """A Redis over TCP with a password, as REDIS_URL names one.

    Each test process starts its own, since some tests kill it.
    """
    if shutil.which("redis-server") is None:
        apt_install("redis-server")
    found = shutil.which("redis-server")
    if found is None:
        raise RuntimeError("redis-server is not on the PATH")
    yield {"TEST_REDIS_SERVER": found}


LANES: dict[str, Callable[[], AbstractContextManager[Environment]]] = {
    "postgres": postgres,
    "redis": redis,
}


def main() -> int:
    """pytest's exit code; 2 after a sentence when the server is not to be had."""
    name, *arguments = sys.argv[1:] or [""]
    if name not in LANES:
        return complain(f"expected one of {', '.join(LANES)}, got {name!r}.")
    signal.signal(signal.SIGTERM, stop)
    try:
        with LANES[name]() as environment:
            return run_tests(arguments, environment)
    except RuntimeError as error:
        return complain(f"{error}")


def run_tests(arguments: list[str], environment: Environment) -> int:
    """The exit code of the tests; those with browsers only when they are named."""
    if not any((ROOT / part.split("::")[0]).exists() for part in arguments):
        arguments = [*EVERYTHING_BUT_BROWSERS, *arguments]
    with subprocess.Popen(  # noqa: S603 - ours
        [sys.executable, "scripts/test.py", *arguments],
        cwd=ROOT,
        env=os.environ | environment,
    ) as tests:
        try:
            return tests.wait()
        except BaseException:
            # After Ctrl-C they have got it too, and still need their server to end.
            tests.send_signal(signal.SIGINT)
            tests.wait(END_TIMEOUT_S)
            raise


def apt_install(package: str) -> None:
    """Install a package of Debian or Ubuntu.

    Raises:
        RuntimeError: we may not, or it failed.
    """
    if os.geteuid() or not shutil.which("apt-get"):
        raise RuntimeError(
            f"{package} is not there; install it (only root with apt-get gets it by "
            "itself), or put its programs on the PATH."
        )
    say(f"Installing {package} …")
    quiet = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for words in (("update", "-q"), ("install", "-y", "-q", package)):
        command = ("apt-get", *words)
        done = subprocess.run(  # noqa: S603 - a fixed command
            command, env=quiet, stdin=subprocess.DEVNULL, check=False
        )
        if done.returncode:
            raise RuntimeError(f"`{' '.join(command)}` failed; see above.")


def stop(number: int, frame: FrameType | None) -> None:
    """End in order when told to, as after Ctrl-C."""
    raise KeyboardInterrupt


def say(line: str) -> None:
    """Write one line, at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def complain(sentence: str) -> int:
    """Write why it does not go on; return the exit code for that."""
    sys.stderr.write(f"livechat: {sentence}\n")
    return 2


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
