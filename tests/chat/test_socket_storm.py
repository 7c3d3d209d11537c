"""Many at once, or a database that fails: who must be let go is let go in time."""

import asyncio
import threading

from django.db import connection

from accounts.models import User
from accounts.sessions import end_session, principal_of
from chat.endings import SESSION_ENDED
from chat.web import web_process
from livechat.lib.connections import Connection
from tests.chat.asking import cookie_of
from tests.chat.conftest import Person
from tests.chat.test_socket_handshake import refused, signed_in
from tests.chat.test_socket_late_end import Recorder, web
from tests.live import Live

__all__ = ["signed_in", "web"]  # fixtures

NEWCOMERS = 200


async def test_a_session_ends_at_once_while_all_newcomers_wait(
    web: None, person: Person
) -> None:
    """Whoever reads for newcomers is busy, and a queue stands before them."""
    key = await asyncio.to_thread(cookie_of, person("Bob")[0])
    who = await asyncio.to_thread(principal_of, cookie=key, bearer=None)
    hub, socket, free = (await web_process()).hub, Recorder(), threading.Event()
    hub.add(Connection("bobs", socket, html=False, principal=who))
    storm = asyncio.gather(*(hub.ask(free.wait, 30) for _ in range(NEWCOMERS)))
    try:
        await asyncio.sleep(0)  # the storm is before us
        await asyncio.to_thread(end_session, key)
        await asyncio.wait_for(socket.closed.wait(), 20)
        assert socket.code == SESSION_ENDED
        assert not storm.done()
    finally:
        free.set()
        await storm


async def test_a_socket_is_told_to_come_again_while_the_database_fails(
    live: Live, signed_in: tuple[User, str]
) -> None:
    headers = {"Cookie": f"sessionid={signed_in[1]}", "Origin": live.url}
    await asyncio.to_thread(_rename, "django_session", "away")
    try:
        async with asyncio.timeout(5):
            assert await refused(live, headers=headers) == 503
    finally:
        await asyncio.to_thread(_rename, "away", "django_session")
    async with live.client("", headers=headers) as client:
        await client.expect("hello")


def _rename(table: str, to: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} RENAME TO {to}")
    connection.close()
