"""Lists of saved messages and of threads that are open: what is gone leaves them."""

from asgiref.sync import sync_to_async

from accounts.models import User
from chat import actions, members, room_settings
from chat.models import Membership, Message, Room
from chat.news import News, of_lists, of_room
from chat.saving import set_saved
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
        await room.arefresh_from_db()
        await sync_to_async(set_saved)(reader, room, seq, saved=True)
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
    await rows.aupdate(role=Membership.Role.ADMIN)
    async with page_of(live, reader) as page, live.client(token) as writer:
        seq = (await writer.post(room.public_id, "words"))["seq"]
        await room.arefresh_from_db()
        await sync_to_async(set_saved)(reader, room, seq, saved=True)
        await told(page)
        await sync_to_async(members.remove_member)(admin, room, reader)
        await told(page)
        await sync_to_async(room_settings.update_room)(admin, room, is_private=True)
        await told(page)
        await sync_to_async(actions.delete_room)(admin, room)
        await told(page)
        assert not await Message.objects.filter(room=room).aexists()
