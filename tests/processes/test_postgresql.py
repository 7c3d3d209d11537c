"""What a connection to PostgreSQL promises; runs where the tests have one."""

import asyncio
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from django.db import OperationalError, connection

from accounts.models import Community
from chat.chores import Chores
from chat.link_fetcher import Fetcher
from chat.onlookers import verdicts
from livechat.push.sender import Sender
from tests.environment import POSTGRES_URL, database_url

pytestmark = [
    pytest.mark.skipif(
        not POSTGRES_URL, reason="`make test-postgres` has a PostgreSQL"
    ),
    pytest.mark.django_db(transaction=True),
]


def value_of(parameter: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"SHOW {parameter}")
        return str(cursor.fetchone()[0])


@contextmanager
def somebody_else() -> Iterator["psycopg.Connection[Any]"]:
    """Another program's connection to the same database."""
    url = database_url(str(connection.settings_dict["NAME"]))
    with psycopg.connect(url, autocommit=True) as other:
        yield other


def seconds_until_refused(statement: Callable[[], object], why: str) -> float:
    began_at = time.monotonic()
    with pytest.raises(OperationalError, match=why):
        statement()
    return time.monotonic() - began_at


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("synchronous_commit", "on"),
        ("transaction_isolation", "read committed"),
        ("statement_timeout", "4s"),
        ("lock_timeout", "3s"),
        ("idle_in_transaction_session_timeout", "5s"),
    ],
)
def test_every_connection_asks_for_it(parameter: str, value: str) -> None:
    assert value_of(parameter) == value


def test_a_row_that_somebody_else_keeps_locked_is_given_up() -> None:
    Community.objects.create(pk=1)
    with somebody_else() as other, other.transaction():
        other.execute("SELECT * FROM accounts_community FOR UPDATE")
        took_s = seconds_until_refused(
            lambda: Community.objects.filter(pk=1).update(name="ours"), "lock timeout"
        )
    assert 2 < took_s < 5
    assert Community.objects.filter(pk=1).update(name="ours") == 1


def test_a_server_that_is_frozen_is_given_up_and_asked_anew() -> None:
    connection.ensure_connection()
    backend = connection.connection.info.backend_pid
    os.kill(backend, signal.SIGSTOP)
    try:
        took_s = seconds_until_refused(Community.objects.exists, "timeout")
    finally:
        os.kill(backend, signal.SIGCONT)
    assert took_s < 6
    connection.close()  # as the end of each request and each failed question does
    assert not Community.objects.exists()


def test_a_connection_that_the_server_ended_is_found_before_the_next_request() -> None:
    connection.ensure_connection()
    backend = connection.connection.info.backend_pid
    with somebody_else() as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [backend])
    connection.close_if_unusable_or_obsolete()  # the beginning of a request
    assert not Community.objects.exists()


@pytest.mark.parametrize("made", [lambda: Sender(verdicts), Chores, Fetcher])
async def test_each_loop_of_the_pusher_goes_on_when_the_server_was_restarted(
    made: Callable[[], Sender | Chores | Fetcher],
) -> None:
    connection.ensure_connection()
    before = connection.connection
    with somebody_else() as other:
        backend = before.info.backend_pid
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [backend])
    loop = made()
    async with asyncio.timeout(10), asyncio.TaskGroup() as tasks:
        tasks.create_task(loop.run())
        while connection.connection in (None, before):  # noqa: ASYNC110 - no event
            await asyncio.sleep(0.05)
        loop.stopping = True


def test_a_migration_may_take_its_time_and_nothing_else() -> None:
    with connection.schema_editor():
        assert value_of("statement_timeout") == "0"
        assert connection.connection.answer_timeout_s is None
    assert value_of("statement_timeout") == "4s"
    assert connection.connection.answer_timeout_s == 5
