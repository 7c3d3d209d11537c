"""What happens before the first request: the database and the static files."""

import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

from livechat.env import PROJECT_DIR


def prepare(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "livechat.supervise.prepare"],
        cwd=PROJECT_DIR,
        env=environment,
        umask=0o077,
        capture_output=True,
        text=True,
        timeout=40,
        check=False,
    )


def test_it_works_once_and_then_finds_everything_done(
    var: Path, environment: dict[str, str]
) -> None:
    first, second = prepare(environment), prepare(environment)
    assert (first.returncode, first.stderr) == (0, "")
    assert first.stdout.splitlines() == [
        "Creating the database …",
        "Collecting the static files …",
    ]
    assert (second.returncode, second.stdout, second.stderr) == (0, "", "")
    database = var / "livechat.sqlite3"
    assert stat.S_IMODE(database.stat().st_mode) == 0o600
    with sqlite3.connect(database) as connection:
        (mode,) = connection.execute("PRAGMA journal_mode").fetchone()
    connection.close()
    assert mode == "wal"
    assert (var / "static" / "staticfiles.json").is_file()


def test_a_database_that_does_not_answer_is_named(
    var: Path, environment: dict[str, str]
) -> None:
    (var / "livechat.sqlite3").write_bytes(b"this is no database" * 100)
    done = prepare(environment)
    assert done.returncode == 2
    assert done.stderr.startswith("livechat: DATABASE_URL: expected a database that")
    assert done.stderr.count("\n") == 1
