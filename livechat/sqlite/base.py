"""Django's SQLite, which looks for the marks of a statement once and not each time.

A batch of the room worker has up to 1,500 marks; to put "?" for each "%s" took as long
as to store a tenth of the batch.
"""

from functools import lru_cache
from typing import Any

from django.db.backends.sqlite3 import base

_KEPT = 512  # statements


class Cursor(base.SQLiteCursorWrapper):
    """A cursor that knows the statements it has seen."""

    def convert_query(self, query: str, *, param_names: list[str] | None = None) -> str:
        """The statement with SQLite's marks."""
        if param_names is not None:
            return str(super().convert_query(query, param_names=param_names))
        return _converted(query)


class DatabaseWrapper(base.DatabaseWrapper):
    """The database of the setting DATABASES."""

    def create_cursor(self, name: str | None = None) -> Any:
        """A cursor of ours."""
        return self.connection.cursor(factory=Cursor)


@lru_cache(maxsize=_KEPT)
def _converted(query: str) -> str:
    return base.FORMAT_QMARK_REGEX.sub("?", query).replace("%%", "%")
