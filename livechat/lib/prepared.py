"""Questions to the database whose SQL Django writes once: of new sockets and of pages.

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
    """A queryset with places for values, each of type int or str.

    `make` gets a stand-in for each value and may do with it what ends as a plain
    parameter of the SQL.
    """

    def __init__(self, make: Make, *types: type[int] | type[str]) -> None:
        self._make = make
        self._types = types

    def rows(self, *values: int | str) -> list[tuple[Any, ...]]:
        """The answer for the values, in one query; of a queryset of `values_list`.

        Rows are what the driver gives: SQLite has no booleans.
        """
        with connection.cursor() as cursor:
            cursor.execute(*self._asked(values))
            return list(cursor.fetchall())

    def row(self, *values: int | str) -> tuple[Any, ...] | None:
        """The first row, None when there is none."""
        rows = self.rows(*values)
        return rows[0] if rows else None

    def objects(self, *values: int | str) -> list[Any]:
        """The same as instances of the queryset's model, with what it annotates.

        For a queryset without `select_related`.
        """
        model, *_ = self._written
        return list(model._default_manager.raw(*self._asked(values)))

    def _asked(self, values: tuple[int | str, ...]) -> tuple[str, list[Any]]:
        """The SQL and all its parameters for the values."""
        _, sql, parameters, places = self._written
        given = list(parameters)
        for at, place in places:
            given[at] = values[place]
        return sql, given

    @cached_property
    def _written(self) -> tuple[Any, str, tuple[Any, ...], list[tuple[int, int]]]:
        """The model, the SQL, its parameters, and which of them are which values."""
        marks = [_mark(number, kind) for number, kind in enumerate(self._types)]
        query = self._make(*marks).query
        sql, parameters = query.sql_with_params()
        places = [
            (at, marks.index(parameter))
            for at, parameter in enumerate(parameters)
            if parameter in marks
        ]
        if {place for _, place in places} != set(range(len(marks))):
            raise ValueError(f"expected each value as a parameter of its own in {sql}")
        return query.model, sql, parameters, places


def _mark(number: int, kind: type[int] | type[str]) -> int | str:
    """A value that no queryset holds by itself."""
    mark = 1_900_000_000 + number
    return mark if kind is int else f"\x01{mark}"
