"""Lists of saved messages and of threads that are open: what is gone leaves them."""

from accounts.models import User
from chat.models import Membership, Room
from chat.news import News, of_lists, of_room
from chat.saving import set_saved
from tests.chat.asking import asked
from tests.chat.conftest import Member
from tests.chat.pages import fill, room_of
from tests.chat.test_bells import Page, page_of
from tests.chat.test_threads import said, written
from tests.live import Live

ASKS = ('hx-get="/saved" hx-trigger="load"', 'hx-get="/threads" hx-trigger="load"')


async def told(page: Page) -> None:
    """Wait until the page is told to ask for its lists again."""
    frame = await page.until(lambda one: ASKS[0] in one["html"])
    assert ASKS[1] in frame["html"]


def test_whoever_keeps_a_message_or_follows_its_thread_is_told_of_it(
    alice: User, bob: User, charlie: User
) -> None:
    room = room_of(alice, bob, charlie)
    fill(room, alice, 2)
    set_saved(bob, room, 2, saved=True)
    written(room, said(room, charlie, "reply", 1))
    assert of_lists(room, [2]) == [News(bob.pk, room=room.public_id)]
    begun = [News(one.pk, room=room.public_id) for one in (alice, charlie)]
    assert of_lists(room, [1]) == begun
    assert of_lists(room, []) == []
    assert {one.user for one in of_room(room)} == {alice.pk, bob.pk, charlie.pk}


async def test_an_open_list_asks_again_when_a_message_of_it_is_edited_or_deleted(
    live: Live, room: Room, member: Member
) -> None:
    reader, _ = member(room, "Reader")
    _, token = member(room, "Writer")
    async with page_of(live, reader) as page, live.client(token) as writer:
        seq = (await writer.post(room.public_id, "the first words"))["seq"]
        room.refresh_from_db()
        set_saved(reader, room, seq, saved=True)
        await told(page)  # as it has just come
        await writer.say("edit", room=room.public_id, seq=seq, body="other words")
        await told(page)
        await writer.say("delete", room=room.public_id, seq=seq)
        await told(page)


async def test_an_open_list_asks_again_when_its_reader_may_read_a_room_no_more(
    live: Live, room: Room, member: Member
) -> None:
    reader, _ = member(room, "Reader")
    admin, token = member(room, "Writer")
    rows = Membership.objects.filter(room=room, user=admin)
    rows.update(role=Membership.Role.ADMIN)
    async with page_of(live, reader) as page, live.client(token) as writer:
        seq = (await writer.post(room.public_id, "words"))["seq"]
        room.refresh_from_db()
        set_saved(reader, room, seq, saved=True)
        await told(page)
        path = f"/api/rooms/{room.public_id}"
        for method, address, body in (
            ("DELETE", f"{path}/members/{reader.public_id}", None),
            ("PATCH", path, {"private": True}),
            ("DELETE", path, None),
        ):
            done = await asked(live, address, token, method=method, body=body)
            assert done.status in {200, 204}
            await told(page)
