"""`make test`: two processes, first for all but browsers, then for the journeys.

Arguments go to pytest. Paths among them run alone: `make test ARGS="tests/chat -x"`.
"""

import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
JOURNEYS = "tests/journeys"
# Files stay whole, in the order of tests/conftest.py.
PARALLEL = ("-n", "2", "--dist", "loadfile", "--no-loadscope-reorder")
ONE_BY_ONE = ("-n", "0")
_NOTHING_COLLECTED = 5  # pytest's code when `-k` chose no test


def main() -> int:
    """The exit code: 0 when every part passed and any test ran at all."""
    started = time.monotonic()
    codes = [_pytest(*part) for part in _parts(sys.argv[1:])]
    sys.stdout.write(f"All tests took {time.monotonic() - started:.0f} s.\n")
    failed = [code for code in codes if code not in {0, _NOTHING_COLLECTED}]
    return max(failed, default=0 if 0 in codes else _NOTHING_COLLECTED)


def _parts(arguments: list[str]) -> list[tuple[str, ...]]:
    """The pytest runs, each as its arguments."""
    paths = [part for part in arguments if (ROOT / part.split("::")[0]).exists()]
    if paths:
        alone = any(path.startswith(JOURNEYS) for path in paths)
        return [(*(ONE_BY_ONE if alone else PARALLEL), *arguments)]
    parts: list[tuple[str, ...]] = [
        (*PARALLEL, "tests", f"--ignore={JOURNEYS}", *arguments)
    ]
    if (ROOT / JOURNEYS).is_dir():
        parts.append((*PARALLEL, JOURNEYS, *arguments))
    return parts


def _pytest(*arguments: str) -> int:
    if any(one.startswith(JOURNEYS) for one in arguments):
        browser = _run("scripts/browser.py")
        if browser:
            return browser
    return _run("-m", "pytest", *arguments)


def _run(*arguments: str) -> int:
    sys.stdout.flush()
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=ROOT, check=False).returncode  # noqa: S603 - ours


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
