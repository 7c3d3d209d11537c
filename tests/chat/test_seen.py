"""What a page shows is read; it makes nothing unread, however late it says so."""

from asgiref.sync import sync_to_async

from accounts.models import User
from chat.models import Membership, Room
from chat.reading import store
from tests.chat.conftest import Member
from tests.chat.pages import fill, room_of
from tests.chat.test_pane import Page
from tests.live import Live

PAGE = "v=1&format=html"


def read_upto(room: Room, user: User) -> int:
    return Membership.objects.get(room=room, user=user).last_read_seq


async def test_a_page_that_is_late_marks_nothing_unread_and_a_program_may(
    live: Live, room: Room, member: Member
) -> None:
    bob, token = member(room, "Bob")
    _, anns = member(room, "Ann")
    async with live.client(anns) as ann, live.client(token) as program:
        for text in ("one", "two", "three"):
            await ann.post(room.public_id, text)
        await program.say("read", room=room.public_id, seq=3, ref="a")
        assert (await program.expect("ack", ref="a"))["seq"] == 3
        async with Page(live, token, query=PAGE) as page:
            await page.say("read", room=room.public_id, seq=1)
            await page.say(
                "read", room="nowhere00000", seq=1
            )  # stored with it, or after
            await page.until(lambda one: "toast--error" in one["html"])
        assert await sync_to_async(read_upto)(room, bob) == 3
        await program.say("read", room=room.public_id, seq=1, ref="b")
        assert (await program.expect("ack", ref="b"))["seq"] == 1


def test_what_is_seen_goes_forward_alone(alice: User, bob: User) -> None:
    room = room_of(alice, bob)
    fill(room, alice, 5)
    key = bob.pk, room.public_id
    for seq, seen, stored in (
        (3, {key}, 3),
        (1, {key}, 3),
        (1, set(), 1),
        (9, {key}, 5),
    ):
        assert store({key: seq}, seen)[key] == stored
        assert read_upto(room, bob) == stored
