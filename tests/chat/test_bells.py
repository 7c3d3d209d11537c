"""Notifications over the socket: to every device of the one they are for, in time."""

import time
from typing import Any

from asgiref.sync import sync_to_async

from accounts.models import User
from chat import members
from chat.models import Membership, Room
from livechat.push.models import Preferences
from livechat.push.times import may_ring
from tests.chat.asking import asked, cookie_of
from tests.chat.conftest import Member, Person
from tests.chat.shapes import check_frame
from tests.live import Client, Live


class Page(Client):
    """An open page: its frames are fragments, kept as they came."""

    async def _read(self, websocket: Any) -> None:
        async for data in websocket:
            self.frames.append({"type": "html", "html": str(data)})
            self._news.set()
        self._news.set()

    async def shows(self, text: str) -> None:
        """Wait for a frame that holds the text."""
        await self.until(lambda one: text in one["html"])

    def ever(self, text: str) -> bool:
        """Whether a frame that is left holds it."""
        return any(text in one["html"] for one in self.frames)


def page_of(live: Live, user: User) -> Page:
    """A page in a session of its own."""
    cookie = f"sessionid={cookie_of(user)}"
    headers = {"Cookie": cookie, "Origin": live.url}
    return Page(live, "", "v=1&format=html", headers)


async def test_a_mention_comes_to_each_device_as_the_protocol_says(
    live: Live, room: Room, member: Member, person: Person
) -> None:
    writer, alice = member(room, "Writer")
    bob, token = member(room, "Bob")
    _, outsider = person("Charlie")
    async with (
        live.client(alice) as author,
        live.client(token) as phone,
        live.client(token) as laptop,
        live.client(outsider) as other,
    ):
        for one in (phone, laptop, other):
            await one.expect("hello")
        started = time.monotonic()
        ack = await author.post(room.public_id, "Hello @Bob")
        for device in (phone, laptop):
            frame = await device.expect("notification", kind="mention")
            check_frame(frame)
            assert (frame["room"], frame["seq"]) == (room.public_id, ack["seq"])
            assert frame["from"] == {"id": writer.public_id, "name": "Writer"}
            assert frame["text"] == "Hello @Bob"
        assert time.monotonic() - started < 2
        await other.nothing_but("unread", for_s=0.1)
        assert not [one for one in author.frames if one["type"] == "notification"]
    listed = await asked(live, "/api/notifications", token)
    assert listed.json["unread"] == 1
    (only,) = listed.json["notifications"]
    assert (only["id"], only["read"]) == (frame["id"], False)
    done = await asked(live, "/api/notifications/read", token, method="POST", body={})
    assert done.status == 204
    assert (await asked(live, "/api/notifications", token)).json["unread"] == 0


async def test_a_page_gets_its_number_its_title_its_icon_and_a_sound(
    live: Live, room: Room, member: Member
) -> None:
    _, alice = member(room, "Writer")
    bob, token = member(room, "Bob")
    async with live.client(alice) as author, page_of(live, bob) as page:
        await page.shows('data-count=""')
        ack = await author.post(room.public_id, "Hello @Bob")
        await page.shows('data-count="(1) "')
        await author.say("delete", room=room.public_id, seq=ack["seq"])
        await page.shows('data-count=""')
        assert not page.ever("notice.wav"), "the sound came with the number"


async def test_what_is_read_on_one_device_is_read_on_all_pages(
    live: Live, room: Room, member: Member
) -> None:
    _, alice = member(room, "Writer")
    bob, token = member(room, "Bob")
    async with (
        live.client(alice) as author,
        live.client(token) as phone,
        page_of(live, bob) as page,
    ):
        ack = await author.post(room.public_id, "Hello @Bob")
        await page.shows('data-count="(1) "')
        await phone.say("read", room=room.public_id, seq=ack["seq"])
        await page.shows('data-count=""')
        await phone.say("read", room=room.public_id, seq=ack["seq"] - 1)
        await page.shows('data-count="(1) "')
        await asked(
            live,
            f"/api/rooms/{room.public_id}/membership",
            token,
            method="DELETE",
        )
        await page.shows('data-count=""')


async def test_a_room_that_is_in_view_neither_counts_nor_rings(
    live: Live, room: Room, member: Member
) -> None:
    _, alice = member(room, "Writer")
    bob, token = member(room, "Bob")
    async with live.client(alice) as author, page_of(live, bob) as page:
        await page.shows('data-count=""')
        await page.say("subscribe", room=room.public_id)
        await page.shows('hx-target="#people"')
        ack = await author.post(room.public_id, "Hello @Bob")
        await page.say("read", room=room.public_id, seq=str(ack["seq"]))
        await author.post(room.public_id, "for nobody")
        await page.shows("for nobody")
        # Longer than anything that waits for the page to see it.
        await page.nothing_but("html", for_s=1.3)
        assert not page.ever("notice.wav")
        assert not page.ever('data-count="(1) "')


def test_nothing_rings_for_who_does_not_want_it(bob: User) -> None:
    assert may_ring(None)
    kept = Preferences(user=bob)
    assert may_ring(kept)
    kept.plays_sound = False
    assert not may_ring(kept)


async def test_who_is_put_into_a_room_hears_of_it(
    live: Live, private: Room, person: Person
) -> None:
    keeper = await User.objects.aget(display_name="Keeper")
    bob, token = person("Bob")
    async with page_of(live, bob) as page, live.client(token) as phone:
        await page.shows('data-count=""')
        await phone.expect("hello")
        await sync_to_async(members.add_member)(keeper, private, bob)
        frame = await phone.expect("notification", kind="invitation")
        assert (frame["room"], frame["seq"]) == (private.public_id, None)
        await page.shows('data-count="(1) "')
    assert await Membership.objects.filter(room=private, user=bob).aexists()
