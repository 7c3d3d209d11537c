"""A disk without space refuses clearly, and all is well once there is some."""

import uuid
from collections.abc import Callable

import pytest
from django.db import OperationalError, connection

from accounts.models import Community
from chat.models import Message, Room
from livechat.lib.storage import disk_is_full
from tests.chat.conftest import Member
from tests.chat.refusing import refusing
from tests.environment import POSTGRES_URL
from tests.live import Live

on_postgresql = pytest.mark.skipif(not POSTGRES_URL, reason="for `make test-postgres`")


def error_of(statement: Callable[[], object]) -> OperationalError:
    with pytest.raises(OperationalError) as caught:
        statement()
    return caught.value


@pytest.mark.skipif(bool(POSTGRES_URL), reason="SQLite's own error")
def test_sqlite_without_space_is_known_by_its_error(transactional_db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA max_page_count = 1")  # of what is there already
        huge = Community(pk=1, name="x" * 10_000_000)
        assert disk_is_full(error_of(huge.save))
        cursor.execute("PRAGMA max_page_count = 1073741823")
        assert not disk_is_full(error_of(lambda: cursor.execute("SELECT 1 FROM no")))


@on_postgresql
async def test_postgresql_without_space_refuses_and_reading_goes_on(
    unlimited: Live, live: Live, room: Room, member: Member
) -> None:
    bob, token = member(room, "Bob")
    key = str(uuid.uuid4())
    async with live.client(token) as client:
        await client.subscribe(room.public_id)
        await client.post(room.public_id, "before")
        with refusing("later", sqlstate="53100"):
            await client.say("send", room=room.public_id, client_id=key, body="later")
            error = await client.expect("error", client_id=key, timeout_s=20)
            assert error["code"] == "storage_full"
            other = await client.subscribe(room.public_id, after=0)
            assert other["last_seq"] == 1
        ack = await client.post(room.public_id, "later", client_id=key)
    assert ack["seq"] == 2
    assert Message.objects.filter(room=room).count() == 2
