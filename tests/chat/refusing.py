"""A database that refuses some messages, by a trigger in its table."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

_SQLITE = """
CREATE TRIGGER refusing BEFORE INSERT ON chat_message WHEN NEW.body = '{body}'
BEGIN SELECT RAISE(ABORT, 'not this one'); END
"""
# A function that is not there is an OperationalError with its name, which is known.
_SQLITE_FULL = """
CREATE TRIGGER refusing BEFORE INSERT ON chat_message
BEGIN SELECT "No space left on device"(); END
"""
_POSTGRESQL = """
CREATE FUNCTION refusing() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
RAISE EXCEPTION 'not this one' USING ERRCODE = '{sqlstate}'; END $$;
CREATE TRIGGER refusing BEFORE INSERT ON chat_message FOR EACH ROW
WHEN (NEW.body = '{body}') EXECUTE FUNCTION refusing()
"""


@contextmanager
def full_disk(body: str) -> Iterator[None]:
    """The database has no space; on PostgreSQL only none for this body."""
    if connection.vendor == "postgresql":
        with refusing(body, sqlstate="53100"):
            yield
        return
    with connection.cursor() as cursor:
        cursor.execute(_SQLITE_FULL)
        try:
            yield
        finally:
            cursor.execute("DROP TRIGGER refusing")


@contextmanager
def refusing(body: str, sqlstate: str = "P0001") -> Iterator[None]:
    """No message with this body can be stored; PostgreSQL says why by `sqlstate`."""
    postgresql = connection.vendor == "postgresql"
    make = (_POSTGRESQL if postgresql else _SQLITE).format(body=body, sqlstate=sqlstate)
    with connection.cursor() as cursor:
        cursor.execute(make)
        try:
            yield
        finally:
            cursor.execute(
                "DROP FUNCTION refusing CASCADE"
                if postgresql
                else "DROP TRIGGER refusing"
            )
