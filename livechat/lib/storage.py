"""What a database says when it cannot go on: no space left, or not there at all."""

import sqlite3

from django.db import InterfaceError, OperationalError

# A connection that broke, a server that stops, a lock, a deadlock: tried again later.
DatabaseAway = (OperationalError, InterfaceError)

POSTGRESQL_DISK_FULL = "53100"  # its SQLSTATE, disk_full


def disk_is_full(error: Exception) -> bool:
    """Whether Django's error stands for a disk without space, on either database."""
    cause = error.__cause__
    return (
        getattr(cause, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL
        or getattr(cause, "sqlstate", None) == POSTGRESQL_DISK_FULL
        or "No space left on device" in str(error)
    )
