"""A direct message whose other account is closed or erased is read, not written."""

import asyncio
import uuid
from collections.abc import Callable

import pytest

from accounts.actions import deactivate
from accounts.erasure import erase
from accounts.models import User
from chat.access import can
from chat.directs import begin_direct
from chat.models import Message, Room
from chat.silences import DESERTED
from livechat.lib.words import plain
from tests.chat.asking import asked
from tests.chat.pages import client_of, fill
from tests.chat.test_pane import Page
from tests.live import Live

SENTENCE = plain(DESERTED)
End = Callable[[User], None]


def erased(user: User) -> None:
    erase(user, messages=False)


@pytest.mark.parametrize("end", [deactivate, erased])
def test_its_page_shows_the_history_and_a_sentence_in_place_of_the_box(
    alice: User, bob: User, end: End
) -> None:
    room, _ = begin_direct(alice, [bob])
    fill(room, bob, 1)
    client, path = client_of(alice), f"/rooms/{room.public_id}/"
    assert SENTENCE not in client.get(path).content.decode()
    end(bob)
    page = client.get(path).content.decode()
    assert "text 1" in page
    assert SENTENCE in page
    assert not can(alice, "post", room)


def test_the_plain_form_says_so_too(alice: User, bob: User) -> None:
    room, _ = begin_direct(alice, [bob])
    deactivate(bob)
    form = {"body": "still there?", "client_id": str(uuid.uuid4())}
    answer = client_of(alice).post(f"/rooms/{room.public_id}/messages", form)
    assert answer.status_code == 403
    assert SENTENCE in answer.content.decode()


def test_a_group_goes_on_until_only_one_is_left(
    alice: User, bob: User, charlie: User
) -> None:
    room, _ = begin_direct(alice, [bob, charlie])
    deactivate(bob)
    assert can(alice, "post", room)
    deactivate(charlie)
    assert not can(alice, "post", room)


def test_it_goes_on_when_the_account_is_opened_again(alice: User, bob: User) -> None:
    room, _ = begin_direct(alice, [bob])
    deactivate(bob)
    User.objects.filter(pk=bob.pk).update(is_active=True)
    assert can(alice, "post", room)


@pytest.mark.parametrize("end", [deactivate, erased])
async def test_the_worker_takes_no_message_and_open_pages_lose_their_box(
    live: Live, person: Callable[[str], tuple[User, str]], end: End
) -> None:
    (ann, anns), (ben, _), (_, idas) = person("Ann"), person("Ben"), person("Ida")
    room, _ = await asyncio.to_thread(begin_direct, ann, [ben])
    path = f"/api/rooms/{room.public_id}/messages"
    async with (
        live.client(anns) as socket,
        Page(live, anns, query="v=1&format=html") as page,
        Page(live, idas, query="v=1&format=html") as other,
    ):
        await socket.subscribe(room.public_id)
        await page.say("subscribe", room=room.public_id)
        await page.until(lambda frame: "#people" in frame["html"])
        await asyncio.to_thread(end, ben)
        await page.until(lambda frame: SENTENCE in frame["html"])
        client_id = str(uuid.uuid4())
        await socket.say("send", room=room.public_id, client_id=client_id, body="hi")
        answer = await socket.until(lambda one: one["type"] in {"ack", "error"})
        assert (answer["code"], answer["message"]) == ("forbidden", SENTENCE)
        reply = await asked(live, path, anns, method="POST", body={"body": "hi"})
        assert (reply.status, reply.json["error"]) == (403, SENTENCE)
        assert not any(room.public_id in one["html"] for one in other.frames)
    async with Page(live, anns, query="v=1&format=html") as back:
        await back.say("subscribe", room=room.public_id)
        await back.until(lambda frame: SENTENCE in frame["html"])
    assert not Message.objects.filter(room=Room.objects.get()).exists()
