"""The search's index: exactly the texts that may be found, as of the same commit."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import User
from chat import actions
from chat.models import Message, Room
from chat.rows import insert_messages
from search import index
from search.apps import after_migrations, before_migrations
from search.consistency import TABLES, copy, differences

pytestmark = pytest.mark.skipif(
    connection.vendor != "sqlite", reason="PostgreSQL keeps its indexes itself"
)


class Log:
    """A room's messages, written as the worker writes them."""

    def __init__(self, author: User, name: str = "Lounge") -> None:
        self.author = author
        self.room = actions.create_room(author, name=name)

    def say(self, *texts: str, **fields: Any) -> list[int]:
        at = self.room.last_changed_seq
        self.room.last_changed_seq += len(texts)
        insert_messages(
            [
                Message(
                    room=self.room,
                    seq=number,
                    changed_seq=number,
                    author=self.author,
                    client_id=uuid4(),
                    body=text,
                    html=text,
                    created_at=datetime.now(UTC),
                    **fields,
                )
                for number, text in enumerate(texts, at + 1)
            ]
        )
        newest = Message.objects.order_by("-pk")[: len(texts)]
        return [one.pk for one in reversed(newest)]


@pytest.fixture
def log(alice: User) -> Log:
    return Log(alice)


def found(table: str, match: str) -> set[int]:
    """The ids of the messages that a raw query finds."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT rowid FROM {table} WHERE {table} MATCH %s", [match])  # noqa: S608 - ours
        return {pk for (pk,) in cursor.fetchall()}


def beginning(text: str) -> set[int]:
    """The ids of the messages with a piece of three characters that begins so."""
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE VIRTUAL TABLE IF NOT EXISTS temp.pieces "
            "USING fts5vocab(main, search_parts, instance)"
        )
        cursor.execute(
            "SELECT doc FROM temp.pieces WHERE term >= %s AND term < %s",
            [text, text + chr(0x10FFFF)],
        )
        return {pk for (pk,) in cursor.fetchall()}


def held() -> list[set[int]]:
    """The ids that each table of the index holds."""
    with connection.cursor() as cursor:
        return [
            {pk for (pk,) in cursor.execute(f"SELECT id FROM {table}_docsize")}  # noqa: S608 - ours
            for table in TABLES
        ]


def wrong() -> list[str]:
    """What FTS5's own check finds, by a connection that is in a transaction."""
    complaints = []
    for table in TABLES:
        with connection.cursor() as cursor:
            try:
                cursor.execute(
                    f"INSERT INTO {table}({table}, rank) VALUES('integrity-check', 1)"
                )
            except Exception as error:  # noqa: BLE001 - any of them is a finding
                complaints.append(f"{table}: {error}")
    return complaints


@pytest.mark.django_db
def test_part_of_a_word_is_found_in_any_script(log: Log) -> None:
    word, chinese, german = log.say("the filesystem", "今天去公园", "Große Ärgernisse")
    assert found("search_parts", '"lesys"') == {word}
    assert found("search_words", '"files"*') == {word}
    assert found("search_parts", '"去公园"') == {chinese}
    assert found("search_parts", '"ärgern"') == {german}
    assert found("search_words", '"arger"*') == {german}


@pytest.mark.django_db
def test_two_characters_are_found_also_where_a_text_ends(log: Log) -> None:
    first, last, _ = log.say("公园很大", "今天去公园", "今天")
    assert beginning("公园") == {first, last}


@pytest.mark.django_db
def test_what_was_edited_away_or_deleted_is_found_no_more(log: Log) -> None:
    edited, deleted = log.say("old oranges", "bad oranges")
    Message.objects.filter(pk=edited).update(body="new lemons", changed_seq=3)
    Message.objects.filter(pk=deleted).update(
        body="", html="", deleted_at=datetime.now(UTC), changed_seq=4
    )
    for table in TABLES:
        assert found(table, "oranges") == set()
        assert found(table, "lemons") == {edited}
    assert wrong() == []


@pytest.mark.django_db
def test_what_the_system_says_is_not_found(log: Log) -> None:
    log.say("alice joined", kind="system")
    assert held() == [set(), set()]


@pytest.mark.django_db
def test_a_deleted_room_leaves_nothing_and_other_rooms_stay(
    log: Log, alice: User
) -> None:
    log.say("oranges", "lemons")
    (kept,) = Log(alice, "Study").say("apples")
    actions.delete_room(alice, log.room)
    assert held() == [{kept}, {kept}]
    assert wrong() == []


@pytest.mark.django_db
def test_a_change_that_leaves_the_text_alone_costs_the_index_nothing(log: Log) -> None:
    (pk,) = log.say("oranges")
    before = written()
    Message.objects.filter(pk=pk).update(changed_seq=9, body="oranges")
    assert written() == before


def written() -> list[Any]:
    with connection.cursor() as cursor:
        return [
            cursor.execute(f"SELECT id, block FROM {table}_data").fetchall()  # noqa: S608 - ours
            for table in TABLES
        ]


@pytest.mark.django_db
def test_a_batch_is_stored_by_one_statement(log: Log) -> None:
    with CaptureQueriesContext(connection) as queries:
        log.say(*["oranges"] * 64)
    assert sum("INSERT" in one["sql"] for one in queries) == 1


TEXTS = st.text(st.sampled_from("abcä公园\U0001f600' \"*-\n"), min_size=1, max_size=12)
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["say", "edit", "delete", "purge", "system", "empty"]),
        st.integers(0, 30),
        TEXTS,
        st.booleans(),
    ),
    max_size=20,
)


class Undo(Exception):  # noqa: N818 - no error: it takes a step back
    """Rolls a step back."""


@pytest.mark.django_db
@settings(
    max_examples=120,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(steps=STEPS)
def test_the_index_follows_any_steps_and_their_rollbacks(
    log: Log, steps: list[tuple[str, int, str, bool]]
) -> None:
    with suppress(Undo), transaction.atomic():
        texts: dict[int, str] = {}
        for step, which, text, undone in steps:
            before = dict(texts)
            with suppress(Undo), transaction.atomic():
                take(log, texts, step, which, text)
                if undone:
                    raise Undo
            texts = before if undone else texts
            assert held() == [set(texts), set(texts)]
        assert wrong() == []
        raise Undo
    log.room.refresh_from_db()


def take(log: Log, texts: dict[int, str], step: str, which: int, text: str) -> None:
    """One step, in the database and in the plain set."""
    if step in {"say", "system"}:
        (pk,) = log.say(text, kind="text" if step == "say" else "system")
        if step == "say":
            texts[pk] = text
    elif step == "empty":
        Message.objects.filter(room=log.room).delete()
        texts.clear()
    elif texts:
        pk = sorted(texts)[which % len(texts)]
        row = Message.objects.filter(pk=pk)
        if step == "edit":
            row.update(body=text)
            texts[pk] = text
            return
        if step == "delete":
            row.update(body="", deleted_at=datetime.now(UTC))
        else:
            row.delete()
        del texts[pk]


# Checks and repairs -------------------------------------------------------------


def database() -> Path:
    return Path(str(connection.settings_dict["NAME"]))


@pytest.fixture
def whole() -> Iterator[None]:
    """The index is put right after a test that harms it."""
    yield
    index.create()
    index.watch()
    index.rebuild()


def found_in_a_copy(folder: Path) -> list[str]:
    target = folder / f"{uuid4()}.sqlite3"
    copy(database(), target)
    return differences(target)


@pytest.mark.django_db(transaction=True)
def test_every_kind_of_difference_is_told(
    log: Log, whole: None, tmp_path: Path
) -> None:
    kept, lost = log.say("oranges", "lemons")
    assert found_in_a_copy(tmp_path) == []
    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER search_delete")
    assert found_in_a_copy(tmp_path) == ["search_delete is not there"]
    Message.objects.filter(pk=lost).delete()
    assert f"search_words: 1 are not to be found: [{lost}]" in found_in_a_copy(tmp_path)
    index.unwatch()
    Message.objects.filter(pk=kept).update(body="apples")
    index.watch()
    told = "\n".join(found_in_a_copy(tmp_path))
    assert "search_parts: its words are not those of the messages" in told
    index.rebuild()
    assert found_in_a_copy(tmp_path) == []


@pytest.mark.django_db(transaction=True)
def test_the_command_tells_first_and_rebuilds_when_asked(log: Log, whole: None) -> None:
    index.unwatch()
    (pk,) = log.say("oranges")
    with pytest.raises(CommandError, match="The index is wrong"):
        call_command("reindex_search", "--check", stderr=StringIO())
    out = StringIO()
    call_command("reindex_search", stdout=out, stderr=StringIO())
    assert out.getvalue() == "Rebuilt: 1 messages can be found.\n"
    assert found("search_words", "oranges") == {pk}
    call_command("reindex_search", "--check", stdout=(again := StringIO()))
    assert again.getvalue() == "The index is right.\n"
    assert list(database().parent.glob("reindex-*")) == []


@pytest.mark.django_db(transaction=True)
def test_a_filling_that_was_cut_short_goes_on_where_it_was(
    log: Log, whole: None, tmp_path: Path
) -> None:
    index.unwatch()
    pks = log.say(*["oranges"] * 40)
    index.watch()
    Message.objects.filter(pk=pks[3]).update(body="lemons")  # the triggers put it in
    Message.objects.filter(pk=pks[4]).delete()  # was never in
    assert index.fill() == 38
    assert index.fill() == 0
    assert found_in_a_copy(tmp_path) == []


@pytest.mark.django_db(transaction=True)
def test_a_table_that_a_migration_remakes_keeps_its_index(
    log: Log, whole: None, tmp_path: Path
) -> None:
    log.say("oranges")
    before_migrations(plan=[object()])
    with connection.schema_editor() as editor:
        editor._remake_table(Message)  # type: ignore[attr-defined]
    log.say("lemons")
    after_migrations(plan=[object()])
    assert found_in_a_copy(tmp_path) == []
    log.say("apples")
    assert len(found("search_parts", '"pple"')) == 1


@pytest.mark.django_db(transaction=True)
def test_sqlite_lets_the_triggers_write_under_our_settings(log: Log) -> None:
    log.say("oranges")
    with closing(sqlite3.connect(database())) as other:
        rows = other.execute("SELECT count(*) FROM search_words_docsize").fetchone()
    assert rows == (1,)
    assert Room.objects.count() == 1
