"""A database that refuses some messages, by a trigger in its table."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

_SQLITE = """
CREATE TRIGGER refusing BEFORE INSERT ON chat_message WHEN NEW.body = '{body}'
BEGIN SELECT RAISE(ABORT, 'not this one'); END
"""
_POSTGRESQL = """
CREATE FUNCTION refusing() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
RAISE EXCEPTION 'not this one' USING ERRCODE = '{sqlstate}'; END $$;
CREATE TRIGGER refusing BEFORE INSERT ON chat_message FOR EACH ROW
WHEN (NEW.body = '{body}') EXECUTE FUNCTION refusing()
"""


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
