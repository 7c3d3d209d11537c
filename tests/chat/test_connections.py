"""A site's connections to PostgreSQL are few, however many requests it has answered."""

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from chat.models import Room
from tests.chat.asking import ask
from tests.chat.conftest import Member
from tests.environment import POSTGRES_URL
from tests.live import Live, wait_until

pytestmark = pytest.mark.skipif(not POSTGRES_URL, reason="for `make test-postgres`")


def test_a_request_leaves_no_connection_behind(
    live: Live, room: Room, member: Member
) -> None:
    _, token = member(room, "Bob")
    history = f"/api/rooms/{room.public_id}/messages"
    with psycopg.connect(POSTGRES_URL, autocommit=True) as server:

        def open_connections() -> int:
            sql = "SELECT count(*) FROM pg_stat_activity WHERE datname = %s"
            row = server.execute(sql, [live.database]).fetchone()
            assert row is not None
            return int(row[0])

        with ThreadPoolExecutor(10) as threads:
            list(threads.map(lambda _: ask(live, history, token), range(100)))
        wait_until(lambda: open_connections() <= 10, "only those that stay", 20)
