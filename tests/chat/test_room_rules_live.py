"""Read-only, slow mode and archive where it counts: in the worker, and on pages."""

import asyncio
import uuid
from typing import Any

import pytest

from accounts.models import User
from chat.models import Membership, Message, Room
from chat.moderation_tables import AuditEntry
from chat.room_settings import Settings, update_room
from chat.silences import ARCHIVED, READ_ONLY
from chat.worker_tables import LastPost
from tests.chat.asking import asked
from tests.chat.conftest import Member
from tests.chat.test_pane import Page
from tests.live import Client, Live

PAGE = "v=1&format=html"


async def change(room: Room, **settings: Any) -> None:
    """The room's creator changes them."""
    assert room.creator is not None
    wanted: Settings = settings  # type: ignore[assignment] # a test's free fields
    await asyncio.to_thread(update_room, room.creator, room, **wanted)


async def refused(client: Client, room: Room, body: str = "hello") -> dict[str, Any]:
    key = str(uuid.uuid4())
    await client.say("send", room=room.public_id, client_id=key, body=body)
    return await client.expect("error", client_id=key)


async def test_in_a_read_only_room_those_who_run_it_write(
    live: Live, room: Room, member: Member
) -> None:
    (_, bobs), (ann, anns) = member(room, "Bob"), member(room, "Ann")
    own = Membership.objects.filter(user=ann)
    await asyncio.to_thread(own.update, role="moderator")
    async with live.client(bobs) as one, live.client(anns) as two:
        before = await one.post(room.public_id, "before")
        await change(room, is_read_only=True)
        error = await refused(one, room)
        assert (error["code"], error["message"]) == ("forbidden", READ_ONLY)
        edit = {"room": room.public_id, "seq": before["seq"], "ref": "e"}
        await one.say("edit", body="changed", **edit)
        assert (await one.expect("error", ref="e"))["code"] == "forbidden"
        await two.post(room.public_id, "as a moderator")
        await two.say("delete", **{**edit, "ref": "d"})  # a moderator deletes
        await two.expect("ack", ref="d")
        slip = await two.post(room.public_id, "not meant so")
        await two.say("delete", room=room.public_id, seq=slip["seq"], ref="o")
        await two.expect("ack", ref="o")
        await change(room, is_read_only=False)
        await one.post(room.public_id, "after")
    entries = AuditEntry.objects.order_by("pk").values_list("kind", "sentence")
    audit = await asyncio.to_thread(list, entries)
    assert [kind for kind, _ in audit] == ["read_only", "deleted", "writable"]
    assert audit[1][1] == "Ann deleted a message of Bob."


async def test_nobody_writes_in_an_archived_room(live: Live, room: Room) -> None:
    owner, token = await asyncio.to_thread(token_of, room)
    async with live.client(token) as client:
        await client.post(room.public_id, "before")
        await change(room, is_archived=True)
        error = await refused(client, room)
        assert (error["code"], error["message"]) == ("forbidden", ARCHIVED)
        reply = await asked(
            live,
            f"/api/rooms/{room.public_id}/messages",
            token,
            method="POST",
            body={"body": "by the API"},
        )
        assert (reply.status, reply.json["error"]) == (403, ARCHIVED)
        found = await asked(live, f"/api/rooms/{room.public_id}/messages", token)
        assert [one["body"] for one in found.json["messages"]][0] == "before"
        await change(room, is_archived=False)
        await client.post(room.public_id, "after")
    texts = Message.objects.filter(kind="text").order_by("seq")
    bodies = await asyncio.to_thread(list, texts.values_list("body", flat=True))
    assert bodies == ["before", "after"]


def token_of(room: Room) -> tuple[User, str]:
    from accounts.models import Token

    assert room.creator is not None
    return room.creator, Token.issue(room.creator)


async def test_slow_mode_lets_one_of_many_through_and_says_when(
    unlimited: Live, live: Live, room: Room, member: Member
) -> None:
    """From two sockets at once, in one batch or not; a repeat is no second message."""
    (_, bobs), (_, anns) = member(room, "Bob"), member(room, "Ann")
    await change(room, slow_mode_s=3600)
    keys = [str(uuid.uuid4()) for _ in range(20)]
    async with live.client(bobs) as one, live.client(bobs) as two:
        for at, key in enumerate(keys):
            await (one, two)[at % 2].say(
                "send", room=room.public_id, client_id=key, body=f"text {at}"
            )
        answers = []
        for at, key in enumerate(keys):
            answers += [await (one, two)[at % 2].until(about(key))]
        acks = [each for each in answers if each["type"] == "ack"]
        errors = [each for each in answers if each["type"] == "error"]
        assert (len(acks), len(errors)) == (1, 19)
        for error in errors:
            assert error["code"] == "rate_limited"
            assert error["message"].startswith("This room is in slow mode. Try again")
            assert 3_590_000 < error["retry_after_ms"] <= 3_600_001
        at = keys.index(acks[0]["client_id"])
        again = await one.post(
            room.public_id, f"text {at}", client_id=acks[0]["client_id"]
        )
        assert again["seq"] == acks[0]["seq"]
    async with live.client(anns) as other:  # it is each one's own
        await other.post(room.public_id, "me too")
    await asyncio.to_thread(LastPost.objects.update, at=0)
    async with live.client(bobs) as one:
        await one.post(room.public_id, "an hour later")
        assert (await refused(one, room))["code"] == "rate_limited"


def about(key: str) -> Any:
    return lambda frame: frame.get("client_id") == key and frame["type"] != "message"


async def test_who_runs_a_slow_room_writes_as_often_as_anywhere(
    live: Live, room: Room
) -> None:
    _, token = await asyncio.to_thread(token_of, room)
    await change(room, slow_mode_s=3600)
    async with live.client(token) as client:
        for number in range(3):
            await client.post(room.public_id, f"text {number}")


@pytest.mark.parametrize(
    ("on", "off", "said"),
    [
        ({"is_read_only": True}, {"is_read_only": False}, "Only admins"),
        ({"is_archived": True}, {"is_archived": False}, "is archived"),
    ],
)
async def test_open_pages_lose_and_get_back_their_message_box(
    live: Live,
    room: Room,
    member: Member,
    on: dict[str, Any],
    off: dict[str, Any],
    said: str,
) -> None:
    _, bobs = member(room, "Bob")
    async with Page(live, bobs, query=PAGE) as page:
        await page.say("subscribe", room=room.public_id)
        await page.until(lambda frame: "#people" in frame["html"])
        for settings, there in ((on, True), (off, False)):
            await change(room, **settings)
            await page.until(
                lambda frame: (
                    "#voice-" in frame["html"] and (said in frame["html"]) is there  # noqa: B023
                )
            )


async def test_an_open_page_learns_of_slow_mode_and_of_a_topic(
    live: Live, room: Room, member: Member
) -> None:
    _, bobs = member(room, "Bob")
    async with Page(live, bobs, query=PAGE) as page:
        await page.say("subscribe", room=room.public_id)
        await page.until(lambda frame: "#people" in frame["html"])
        await change(room, slow_mode_s=30, topic="Launch day")
        found = await page.until(lambda frame: "#room-about-" in frame["html"])
        assert "Launch day" in found["html"]
        assert "once in 30 seconds" in found["html"]


async def test_typing_in_a_room_where_one_may_not_write_is_not_seen(
    live: Live, room: Room, member: Member
) -> None:
    (_, bobs), (_, anns) = member(room, "Bob"), member(room, "Ann")
    async with live.client(bobs) as one, live.client(anns) as two:
        await one.subscribe(room.public_id)
        await two.subscribe(room.public_id)
        await change(room, is_read_only=True)
        await one.until(
            lambda frame: (frame.get("event") or {}).get("type") == "read_only"
        )
        await one.say("typing", room=room.public_id, on=True)
        await one.say("ping", ref="p")
        await one.expect("pong", ref="p")
        await change(room, topic="after it")
        await two.until(lambda frame: (frame.get("event") or {}).get("type") == "topic")
        assert not [one for one in two.frames if one["type"] == "user_typing"]
