"""The index's parts are merged between batches, a little at a time."""

from pathlib import Path

import pytest
from django.db import connection

from accounts.models import User
from chat.events import batches_rest
from search import index
from search.consistency import copy, differences
from search.index import TABLES
from tests.search.test_index import Log, found

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        connection.vendor != "sqlite", reason="PostgreSQL keeps its indexes itself"
    ),
]
COMMITS = 12
FULL = 2  # each commit waits for the disk (https://sqlite.org/pragma.html)
FTS5_MERGES_FROM = 4  # parts of one size; fewer stay as they are


@pytest.fixture
def spoken(alice: User) -> set[int]:
    """The ids of messages that were each stored by a commit of its own."""
    log = Log(alice)
    return {pk for number in range(COMMITS) for pk in log.say(f"hello {number}")}


def parts(table: str) -> int:
    """How many parts of a table a search has to look at."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(DISTINCT segid) FROM {table}_idx")  # noqa: S608 - ours
        return int(cursor.fetchone()[0])


def test_between_batches_the_parts_become_few_and_hold_the_same(
    spoken: set[int], tmp_path: Path
) -> None:
    assert min(map(parts, TABLES)) >= COMMITS
    for _ in range(COMMITS):
        batches_rest.send(None)
    assert max(map(parts, TABLES)) <= FTS5_MERGES_FROM
    assert [found(table, "hello") for table in TABLES] == [spoken] * len(TABLES)
    copy(Path(connection.settings_dict["NAME"]), tmp_path / "copy.sqlite3")
    assert differences(tmp_path / "copy.sqlite3") == []


def test_it_says_when_nothing_is_left_and_does_nothing_without_time(
    spoken: set[int],
) -> None:
    assert not index.tidy(0)
    assert min(map(parts, TABLES)) >= COMMITS
    assert index.tidy(10)
    assert index.tidy()


def test_what_is_stored_after_it_is_on_the_disk_again(spoken: set[int]) -> None:
    index.tidy()
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA synchronous")
        assert cursor.fetchone()[0] == FULL
