"""Somebody joins a room in the very moment in which their socket is closed."""

import asyncio

from accounts.sessions import principal_of
from chat.models import Room
from chat.subscriptions import subscribe
from chat.web import web_process
from livechat.lib.connections import Connection
from livechat.lib.feed import Event, Publication
from tests.chat.conftest import Person
from tests.chat.test_socket_late_end import Recorder, web

__all__ = ["web"]  # a fixture


async def test_who_is_gone_when_the_room_hears_that_they_joined_is_not_shown(
    web: None, room: Room, person: Person
) -> None:
    user, token = person("Charlie")
    who = await asyncio.to_thread(principal_of, cookie=None, bearer=token)
    process = await web_process()
    connection = Connection("late", Recorder(), html=False, principal=who)
    process.hub.add(connection)
    await subscribe(process, connection, room.public_id, None, None)
    feed = process.hub.feeds[room.public_id]
    assert feed.last is not None
    joined = Event("joined", user=user.public_id, role="member")
    feed.accept([Publication(feed.last + 1, b"{}", b"", joined)])
    # As the consumer does at its end.
    process.attendance.lost(connection, clean=True)
    process.hub.remove(connection)
    await asyncio.sleep(0)  # what the event began has taken its first step
    assert process.attendance.own_in(room.public_id) == {}
