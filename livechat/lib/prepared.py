"""Questions to the database whose SQL Django writes once: those of every new socket.

Django writes a query's SQL anew each time it is asked, which takes several times as
long as SQLite takes to answer. The queryset stays the only place that says what is
asked; answers are not remembered.
"""

from collections.abc import Callable
from functools import cached_property
from typing import Any

from django.db import connection
from django.db.models import QuerySet

Make = Callable[..., "QuerySet[Any, Any]"]


class Prepared:
    """A queryset of `values_list` with places for values, each of type int or str.

    `make` gets a stand-in for each value and may do with it what ends as a plain
    parameter of the SQL. Rows are what the driver gives: SQLite has no booleans.
    """

    def __init__(self, make: Make, *types: type[int] | type[str]) -> None:
        self._make = make
        self._types = types

    def rows(self, *values: int | str) -> list[tuple[Any, ...]]:
        """The answer for the values, in one query."""
        sql, parameters, places = self._written
        given = list(parameters)
        for at, place in places:
            given[at] = values[place]
        with connection.cursor() as cursor:
            cursor.execute(sql, given)
            return list(cursor.fetchall())

    def row(self, *values: int | str) -> tuple[Any, ...] | None:
        """The first row, None when there is none."""
        rows = self.rows(*values)
        return rows[0] if rows else None

    @cached_property
    def _written(self) -> tuple[str, tuple[Any, ...], list[tuple[int, int]]]:
        """The SQL, its parameters, and which of them are which of the values."""
        marks = [_mark(number, kind) for number, kind in enumerate(self._types)]
        sql, parameters = self._make(*marks).query.sql_with_params()
        places = [
            (at, marks.index(parameter))
            for at, parameter in enumerate(parameters)
            if parameter in marks
        ]
        if {place for _, place in places} != set(range(len(marks))):
            raise ValueError(f"expected each value as a parameter of its own in {sql}")
        return sql, parameters, places


def _mark(number: int, kind: type[int] | type[str]) -> int | str:
    """A value that no queryset holds by itself."""
    mark = 1_900_000_000 + number
    return mark if kind is int else f"\x01{mark}"
