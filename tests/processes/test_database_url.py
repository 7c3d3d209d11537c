"""DATABASE_URL: what each of its shapes becomes, and what a wrong one is told."""

import subprocess
import sys
from pathlib import Path

import pytest

from livechat.database import database
from livechat.env import PROJECT_DIR, BadSetting
from tests.processes.conftest import StartLivechat
from tests.processes.test_prepare import prepare

VAR = Path("/srv/livechat/var")


def test_sqlite_lies_in_its_own_folder_unless_a_path_is_given() -> None:
    assert database("sqlite://", VAR)["NAME"] == "/srv/livechat/var/livechat.sqlite3"
    assert database("sqlite:///data/chat.db", VAR)["NAME"] == "/data/chat.db"


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "PostgreSQL"])
def test_each_part_of_a_postgresql_url_may_be_percent_encoded(scheme: str) -> None:
    given = database(
        f"{scheme}://al%40ice:p%2Fa%25s%3As@db.example.org:6432/ch%20at", VAR
    )
    names = ("NAME", "USER", "PASSWORD", "HOST", "PORT")
    parts = [given[name] for name in names]
    assert parts == ["ch at", "al@ice", "p/a%s:s", "db.example.org", "6432"]


def test_parameters_of_the_url_reach_the_driver() -> None:
    url = "postgresql://db/chat?sslmode=verify-full&sslrootcert=%2Fetc%2Fca.pem"
    options = database(url, VAR)["OPTIONS"]
    assert (options["sslmode"], options["sslrootcert"]) == (
        "verify-full",
        "/etc/ca.pem",
    )
    assert database("postgresql:///chat?host=/run/pg", VAR)["HOST"] == "/run/pg"
    assert database("postgresql://%2Frun%2Fpg/chat", VAR)["HOST"] == "/run/pg"


def test_an_operator_may_change_the_time_limits_but_not_what_an_ack_means() -> None:
    url = "postgresql://db/chat?options=-c%20lock_timeout%3D9s%20-c%20fsync%3Doff"
    words = database(url, VAR)["OPTIONS"]["options"].split(" -c ")
    # The last word on a parameter counts.
    assert words.index("lock_timeout=9s") > words.index("lock_timeout=3s")
    assert words.index("synchronous_commit=on") > words.index("fsync=off")


@pytest.mark.parametrize(
    ("url", "came"),
    [
        ("mysql://hunter2@localhost/chat", "one with the scheme 'mysql'"),
        ("/data/chat.db", "one without a scheme"),
        ("hunter2", "one without a scheme"),
        ("://localhost/hunter2", "one with the scheme none"),
        ("bob:hunter2@://h", "one with the scheme none"),
        ("sqlite://chat.db", "a path with two slashes before it; an absolute one"),
        ("postgresql://bob:hunter2@db", "one without the database's name"),
        ("postgresql://bob:hunter2%zz@db/chat", "one that cannot be read"),
        ("postgresql://bob:hunter2@[::1/chat", "one that cannot be read"),
        ("postgresql://bob:hunter2@db/chat?sslmod=1", "the unknown parameter 'sslmod'"),
    ],
)
def test_a_wrong_url_is_told_so_without_its_password(url: str, came: str) -> None:
    with pytest.raises(BadSetting) as caught:
        database(url, VAR)
    said = str(caught.value)
    assert said.startswith("DATABASE_URL: expected postgresql://user:password@host")
    assert f"got {came}" in said
    assert "hunter2" not in said


@pytest.mark.parametrize(
    ("url", "place", "why"),
    [
        (
            "postgresql://bob:hunter2@127.0.0.1:1/chat",
            "127.0.0.1, port 1",
            "Connection refused",
        ),
        ("postgresql://db.invalid/chat", "db.invalid", "failed to resolve host"),
        ("postgresql:///chat?host=/no/where", "/no/where", "No such file or directory"),
    ],
)
def test_a_server_that_is_not_there_stops_the_start_with_its_name_and_why(
    url: str, place: str, why: str, start: StartLivechat
) -> None:
    running = start(command=(sys.executable, "-m", "livechat.launch"), DATABASE_URL=url)
    output, errors = running.process.communicate(timeout=20)
    assert running.process.returncode == 2, errors
    assert "READY" not in output
    assert errors.startswith(
        f"livechat: DATABASE_URL: expected a database that answers at {place}, "
        f"got: {why}"
    )
    assert errors.count("\n") == 1
    assert "hunter2" not in errors
    assert running.left() == []


def test_without_its_driver_postgresql_says_how_to_get_it(
    environment: dict[str, str],
) -> None:
    code = (
        "import sys; sys.modules['psycopg'] = None\n"
        "from livechat.supervise import prepare; sys.exit(prepare.main())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=PROJECT_DIR,
        env=environment | {"DATABASE_URL": "postgresql://127.0.0.1:1/chat"},
        capture_output=True,
        text=True,
        timeout=40,
        check=False,
    )
    assert done.returncode == 2
    assert "its driver psycopg cannot be used" in done.stderr
    assert "`make run` installs it" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_kind_of_database_that_is_none_of_the_two_stops_the_start(
    environment: dict[str, str],
) -> None:
    done = prepare(environment | {"DATABASE_URL": "mysql://localhost/chat"})
    assert done.returncode == 2
    assert done.stderr.startswith("livechat: DATABASE_URL: expected postgresql://")
    assert done.stderr.count("\n") == 1
