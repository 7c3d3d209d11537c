"""The pages of a long thread, and what they do without JavaScript."""

from html import unescape
from uuid import uuid4

import pytest

from accounts.models import User
from chat.models import Message, Room
from livechat.lib import limits
from tests.chat.conftest import Member
from tests.chat.pages import client_of, fill, room_of
from tests.chat.test_views_messages import post
from tests.live import Live

REPLIES = 3 * limits.PAGE_SIZE
OLD = 10  # a reply that is on no newest page


@pytest.fixture
def long(alice: User, bob: User) -> str:
    """The address of a room whose first message has three pages of replies aside."""
    room = room_of(alice, bob)
    fill(room, alice, 1 + REPLIES)
    replies = Message.objects.filter(room=room, seq__gt=1)
    replies.update(thread=1, reply_to=1, in_room=False)
    return f"/rooms/{room.public_id}/"


def page_of(user: User, path: str) -> str:
    return unescape(client_of(user).get(path).content.decode())


def shown(page: str) -> list[int]:
    """Which replies the pane of the page has."""
    return [seq for seq in range(2, REPLIES + 2) if f'id="r-{seq}"' in page]


def test_the_address_of_an_old_reply_leads_to_a_page_that_has_it(
    long: str, bob: User
) -> None:
    answer = client_of(bob).get(f"{long}{OLD}")
    address = answer.headers["Location"]
    assert address.endswith(f"#r-{OLD}")
    seqs = shown(page_of(bob, address.split("#")[0]))
    assert OLD in seqs
    assert seqs[-1] < OLD + limits.PAGE_SIZE


def test_only_the_newest_page_of_a_thread_grows_and_has_a_box(
    long: str, bob: User
) -> None:
    newest = page_of(bob, f"{long}?thread=1&at={REPLIES}")
    assert shown(newest)[-1] == REPLIES + 1
    assert 'id="replies-1"' in newest
    assert 'id="thread-form"' in newest
    assert "Newer replies" not in newest
    older = page_of(bob, f"{long}?thread=1&at={OLD}")
    assert 'id="replies-1"' not in older
    assert 'id="thread-form"' not in older


def test_all_of_a_thread_can_be_read_by_links_up_and_down(long: str, bob: User) -> None:
    page = page_of(bob, f"{long}?thread=1")
    seen = shown(page)
    for above in (seen[0], seen[0] - limits.PAGE_SIZE):
        assert f'href="{long}?thread=1&replies_before={above}"' in page
        page = page_of(bob, f"{long}?thread=1&replies_before={above}")
        seen = shown(page) + seen
    assert seen == list(range(2, REPLIES + 2))
    assert "Earlier replies" not in page
    for end in (2 * limits.PAGE_SIZE + 2, REPLIES + 2):
        assert f'href="{long}?thread=1&replies_before={end}"' in page
        page = page_of(bob, f"{long}?thread=1&replies_before={end}")
    assert 'id="replies-1"' in page
    assert "Newer replies" not in page


def test_a_page_of_a_thread_has_an_address_of_its_own(long: str, bob: User) -> None:
    answer = client_of(bob).get(f"{long}1/thread?before=60")
    assert answer.headers["Location"] == f"{long}?thread=1&replies_before=60"
    assert client_of(bob).get(f"{long}?thread=1&at=x").status_code == 404


async def test_a_refused_reply_is_shown_again_with_all_that_was_written(
    live: Live, room: Room, member: Member
) -> None:
    user, token = member(room, "Bob")
    async with live.client(token) as bob:
        seq = (await bob.post(room.public_id, "root"))["seq"]
    text, key = "<long> " + "x" * limits.MESSAGE_MAX_LENGTH, str(uuid4())
    path = f"/rooms/{room.public_id}/{seq}/thread"
    answer = await post(live, user, path, body=text, client_id=key, in_room="yes")
    page = unescape(answer.text)
    assert answer.status == 422
    assert f">{text}</textarea>" in page
    assert page.count(f'value="{key}"') == 1
    assert 'role="alert"' in page
    assert 'value="yes" checked' in page


async def test_changes_of_a_reply_aside_lead_back_to_its_thread(
    live: Live, room: Room, member: Member
) -> None:
    user, token = member(room, "Bob")
    async with live.client(token) as bob:
        root = (await bob.post(room.public_id, "root"))["seq"]
        await bob.subscribe(room.public_id)
        path = f"/rooms/{room.public_id}/{root}/thread"
        await post(live, user, path, body="psst", client_id=str(uuid4()))
        seq = (await bob.expect("message", body="psst"))["seq"]
    path = f"/rooms/{room.public_id}/{seq}"
    edited = await post(live, user, f"{path}/edit", body="louder")
    deleted = await post(live, user, f"{path}/delete")
    place = f"/rooms/{room.public_id}/?thread={root}&at={seq}#r-{seq}"
    assert [one.headers["location"] for one in (edited, deleted)] == [place, place]


def test_the_page_of_an_old_message_leads_back_to_where_it_stands(
    long: str, bob: User
) -> None:
    page = page_of(bob, f"{long}{OLD}/menu")
    assert f'class="link" href="{long}?thread=1&at={OLD}#r-{OLD}"' in page
    page = page_of(bob, f"{long}1/menu")
    assert f'class="link" href="{long}?before={1 + limits.PAGE_SIZE // 2}#m-1"' in page
