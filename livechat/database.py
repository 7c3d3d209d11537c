"""The database out of DATABASE_URL: SQLite in a file, or PostgreSQL.

The rule it guards: what was acked is on the disk, no statement waits for ever, and a
URL that cannot be used is told in one sentence without its password.
"""

import re
import sqlite3
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from livechat.env import BadSetting, env_str

SHAPES = "postgresql://user:password@host:port/name or sqlite:///path"

CONNECT_TIMEOUT_S = 3
LOCK_TIMEOUT_S = 3  # for a row that somebody else is changing
STATEMENT_TIMEOUT_S = 4  # the server ends it; livechat.postgresql waits a second more
ABANDONED_TRANSACTION_S = 5  # below LEASE_S: a frozen worker's locks go with its lease
KEEPALIVE_S = 60  # an idle connection's other end is asked for a sign of life

# Before 3.44 SQLite lets no trigger write to FTS5, on which the search stands, in a
# schema that is not trusted.
_TRUSTED_SCHEMA = "OFF" if sqlite3.sqlite_version_info >= (3, 44) else "ON"

# What every connection asks of the server. An operator's own `options=` in the URL come
# after the time limits and so win over them; what an ack means is not theirs to change.
_TIMEOUTS = {
    "statement_timeout": f"{STATEMENT_TIMEOUT_S}s",
    "lock_timeout": f"{LOCK_TIMEOUT_S}s",
    "idle_in_transaction_session_timeout": f"{ABANDONED_TRANSACTION_S}s",
}
_PROMISES = {
    "synchronous_commit": "on",
    "default_transaction_isolation": "read\\ committed",
}


def database(url: str, var: Path) -> dict[str, Any]:
    """The URL as an entry of Django's DATABASES; `var` holds SQLite's own file.

    Raises:
        BadSetting: another kind of database, a URL that cannot be read, or PostgreSQL
            without its driver.
    """
    scheme, separator, _ = url.partition("://")
    kind = scheme.lower() if separator else ""
    if kind == "sqlite":
        return _sqlite(url, var)
    if kind in {"postgres", "postgresql"}:
        return _postgresql(f"postgresql://{url[len(scheme) + 3 :]}")
    # Only a word: what stands before a misplaced "://" may be a password.
    came = repr(kind) if re.fullmatch(r"[a-z][a-z0-9+.-]{0,30}", kind) else "none"
    raise _bad(f"one with the scheme {came}" if separator else "one without a scheme")


def wait_less(entry: dict[str, Any]) -> None:
    """Let this process wait LOCK_TIMEOUT_S for SQLite's lock, as PostgreSQL does.

    A web process's answer has to come within 5 s; whoever else writes can wait.
    """
    if "timeout" in entry["OPTIONS"]:
        entry["OPTIONS"]["timeout"] = LOCK_TIMEOUT_S


def _sqlite(url: str, var: Path) -> dict[str, Any]:
    """SQLite, set so that acked means synced, and writers take the lock first."""
    parts = urlsplit(url)
    if parts.netloc:
        raise _bad("a path with two slashes before it; an absolute one has three")
    return {
        "ENGINE": "livechat.sqlite",
        "NAME": parts.path or str(var / "livechat.sqlite3"),
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 5,
            "init_command": (
                "PRAGMA journal_mode=WAL;PRAGMA synchronous=FULL;"
                "PRAGMA foreign_keys=ON;"
                f"PRAGMA trusted_schema={_TRUSTED_SCHEMA};"
            ),
        },
        "TEST": {"NAME": env_str("TEST_DATABASE", str(var / "test.sqlite3"))},
    }


def _postgresql(url: str) -> dict[str, Any]:
    """PostgreSQL by a URL as libpq reads it, which knows sslmode and Unix sockets."""
    given = _parsed(url)
    if not given.get("dbname"):
        raise _bad("one without the database's name")
    settings = {
        name.upper(): str(given.pop(key, ""))
        for name, key in (
            ("name", "dbname"),
            ("user", "user"),
            ("password", "password"),
            ("host", "host"),
            ("port", "port"),
        )
    }
    return {
        "ENGINE": "livechat.postgresql",
        **settings,
        # Each request has a thread of its own, which would leave its connection behind.
        # Threads that stay (the hub's, the worker's) keep theirs until it fails.
        "CONN_MAX_AGE": 0,
        "OPTIONS": {
            "connect_timeout": CONNECT_TIMEOUT_S,
            "application_name": "livechat",
            # A server that vanished without a word: noticed while we wait, and later.
            "tcp_user_timeout": ABANDONED_TRANSACTION_S * 1000,
            "keepalives_idle": KEEPALIVE_S,
            **given,
            "options": _options(str(given.get("options", ""))),
        },
    }


def _parsed(url: str) -> dict[str, Any]:
    try:
        from psycopg import ProgrammingError
        from psycopg.conninfo import conninfo_to_dict
    except ImportError as error:
        raise _bad(
            f"PostgreSQL, but its driver psycopg cannot be used ({error}); "
            "`make run` installs it into .venv"
        ) from error
    try:
        return dict(conninfo_to_dict(url))
    except ProgrammingError as error:
        # libpq quotes the place of the error, which may be in the password.
        unknown = re.match(r'invalid URI query parameter: "(\w+)"', str(error))
        if unknown:
            raise _bad(f"the unknown parameter {unknown[1]!r}") from None
        raise _bad(
            "one that cannot be read (in a password, % is written as %25, @ as %40, "
            "/ as %2F)"
        ) from None


def _options(given: str) -> str:
    ours, last = (
        " ".join(f"-c {name}={value}" for name, value in group.items())
        for group in (_TIMEOUTS, _PROMISES)
    )
    return " ".join(filter(None, (ours, given, last)))


def _bad(came: str) -> BadSetting:
    return BadSetting(f"DATABASE_URL: expected {SHAPES}, got {came}.")
