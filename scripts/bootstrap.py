"""Makes `.venv` and installs what is pinned, once per change of the pins.

`python3 scripts/bootstrap.py` for running, `… --dev` for tests and checks too. Only
the standard library, since nothing else is there yet.
"""

import fcntl
import hashlib
import os
import subprocess
import sys
from pathlib import Path

OLDEST = (3, 11)
ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
RUN = "requirements.txt"
DEV = "requirements-dev.txt"


def main() -> None:
    """End with code 2 and one sentence when this machine lacks something."""
    check_version()
    names = [RUN, DEV] if "--dev" in sys.argv[1:] else [RUN]
    # Two makes at the same time: the second one waits and finds everything done.
    folder = os.open(ROOT, os.O_RDONLY)
    fcntl.flock(folder, fcntl.LOCK_EX)
    wanted = fingerprint(names)
    stamp = VENV / f".installed-{names[-1]}"
    if stamp.is_file() and stamp.read_text() == wanted:
        return
    make_venv()
    install(names[-1])
    stamp.write_text(wanted)


def check_version() -> None:
    """This file parses from Python 3.7 on, so that it can say what is missing."""
    if sys.version_info < OLDEST:
        needed = ".".join(str(part) for part in OLDEST)
        got = ".".join(str(part) for part in sys.version_info[:2])
        fail(
            f"livechat needs Python {needed} or newer, got {got} ({sys.executable}); "
            "`make PYTHON=/path/to/python3.12 …` chooses another one."
        )


def fingerprint(names: "list[str]") -> str:
    """A hash over the pins and over this folder: a virtual environment cannot move."""
    digest = hashlib.sha256(str(VENV).encode())
    for name in names:
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()


def make_venv() -> None:
    """Make `.venv`, or make it again when it was left half done or was moved here."""
    if usable():
        return
    say("Making the virtual environment in .venv …")
    made = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-m", "venv", "--clear", str(VENV)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if made.returncode:
        fail(
            "python3 -m venv does not work here (on Debian and Ubuntu: "
            f"apt-get install python3-venv). It said:\n{made.stdout}"
        )


def usable() -> bool:
    """Whether `.venv` holds a Python that is new enough and runs pip."""
    probe = f"import pip, sys; sys.exit(sys.version_info < {OLDEST})"
    try:
        return not subprocess.run(  # noqa: S603 - our own interpreter
            [str(VENV / "bin" / "python"), "-c", probe],
            stderr=subprocess.DEVNULL,
            check=False,
        ).returncode
    except OSError:
        return False


def install(name: str) -> None:
    """Install the pins of one file; pip speaks up only when something is wrong."""
    say(f"Installing {name} …")
    options = ("--quiet", "--disable-pip-version-check", "--no-input")
    code = subprocess.run(  # noqa: S603 - our own interpreter
        [
            str(VENV / "bin" / "python"),
            *("-m", "pip", "install", *options, "--requirement", str(ROOT / name)),
        ],
        env={**os.environ, "PIP_ROOT_USER_ACTION": "ignore"},
        check=False,
    ).returncode
    if code:
        fail(f"pip could not install {name}; its message stands above.")


def say(line: str) -> None:
    """Write one line, at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def fail(sentence: str) -> None:
    """End with code 2 and the sentence."""
    sys.stderr.write(f"livechat: {sentence}\n")
    sys.exit(2)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
