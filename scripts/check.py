"""`make check`: every check runs, each by its name; one that fails fails the whole."""

import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
PYTHON = sys.executable


def checks() -> dict[str, list[str]]:
    """Each check's name and its command, the slowest first."""
    templates = [str(path) for path in sorted((ROOT / "templates").rglob("*.html"))]
    return {
        "mypy": [str(BIN / "mypy"), "."],
        "ruff check": [str(BIN / "ruff"), "check", "."],
        "ruff format": [str(BIN / "ruff"), "format", "--check", "."],
        "djade": [str(BIN / "djade"), "--check", *templates],
        "migrations": [PYTHON, "manage.py", "makemigrations", "--check", "--dry-run"],
        "vendored files": [PYTHON, "scripts/vendor.py", "--check"],
        "messages": [PYTHON, "scripts/messages.py", "--check"],
        "css": [PYTHON, "scripts/css.py", "--check"],
    }


def main() -> int:
    """The exit code: 1 when any check failed."""
    with (
        tempfile.TemporaryDirectory(prefix="livechat-check-") as var,
        ThreadPoolExecutor(os.cpu_count()) as pool,
    ):
        # A folder of its own: a check neither needs nor touches a running livechat.
        environment = os.environ | {"LIVECHAT_VAR": var}
        runs = {
            name: pool.submit(_run, command, environment)
            for name, command in checks().items()
        }
        failed = [name for name, run in runs.items() if not _report(name, run.result())]
    if failed:
        sys.stdout.write(f"\nFailed: {', '.join(failed)}.\n")
    return 1 if failed else 0


def _run(
    command: list[str], environment: dict[str, str]
) -> tuple[subprocess.CompletedProcess[str], float]:
    started = time.monotonic()
    done = subprocess.run(  # noqa: S603 - our own commands
        command,
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done, time.monotonic() - started


def _report(name: str, result: tuple[subprocess.CompletedProcess[str], float]) -> bool:
    done, took_s = result
    verdict = "FAILED" if done.returncode else "ok"
    sys.stdout.write(f"{name:16} {verdict:6} {took_s:5.1f} s\n")
    if done.returncode:
        sys.stdout.write(done.stdout)
    sys.stdout.flush()
    return not done.returncode


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
