"""SQLite's statements, whose marks are looked for once."""

import pytest
from django.db import connection

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(connection.vendor != "sqlite", reason="this is about SQLite"),
]


def test_values_reach_a_statement_by_place_and_by_name_each_time() -> None:
    with connection.cursor() as cursor:
        for value in ("a", "%s", "?"):
            cursor.execute("SELECT %s, '100%%', 'who?'", [value])
            assert cursor.fetchone() == (value, "100%", "who?")
            cursor.execute("SELECT %(it)s, '100%%'", {"it": value})
            assert cursor.fetchone() == (value, "100%")
        cursor.execute("SELECT '%s'")
        assert cursor.fetchone() == ("%s",)


def test_a_statement_for_many_rows_stores_each() -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE kept (it)")
        cursor.executemany("INSERT INTO kept VALUES (%s)", [("a",), ("b",)])
        cursor.executemany("INSERT INTO kept VALUES (%(it)s)", [{"it": "c"}])
        cursor.execute("SELECT it FROM kept ORDER BY it")
        assert cursor.fetchall() == [("a",), ("b",), ("c",)]
        cursor.execute("DROP TABLE kept")
