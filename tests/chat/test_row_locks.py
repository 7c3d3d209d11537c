"""On PostgreSQL, which has no one lock for all writers, rows are locked one by one."""

import uuid

import pytest
from django.db import models, transaction

from accounts.models import User
from chat.models import Message, Room
from tests.chat.conftest import Member
from tests.environment import POSTGRES_URL
from tests.live import Live

pytestmark = pytest.mark.skipif(not POSTGRES_URL, reason="for `make test-postgres`")


@pytest.mark.parametrize("table", [Room, User])
async def test_a_message_waits_while_others_change_its_room_or_spend_for_its_sender(
    unlimited: Live,
    live: Live,
    room: Room,
    member: Member,
    table: type[models.Model],
) -> None:
    bob, token = member(room, "Bob")
    row = {Room: room, User: bob}[table]
    key = str(uuid.uuid4())
    async with live.client(token) as client:
        await client.subscribe(room.public_id)
        await client.post(room.public_id, "before")
        await client.expect("message", seq=1)
        with transaction.atomic():
            table._default_manager.select_for_update(no_key=True).get(pk=row.pk)
            await client.say("send", room=room.public_id, client_id=key, body="waits")
            await client.nothing_but(
                "hello", "presence_state", "presence_diff", for_s=1
            )
            assert not Message.objects.filter(client_id=key).exists()
        ack = await client.expect("ack", client_id=key, timeout_s=20)
    assert ack["seq"] == 2
