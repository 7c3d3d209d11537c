"""The token bucket: one a person, for all their sockets and for HTTP."""

import asyncio
import uuid
from functools import partial
from typing import Any

from chat.models import Message, Room
from chat.worker_tables import Bucket
from livechat.lib import limits
from tests.chat.asking import asked
from tests.chat.conftest import Member
from tests.live import Client, Live

BURST = limits.MESSAGE_BURST


async def burst(client: Client, room: str, count: int) -> list[dict[str, Any]]:
    """Send messages as fast as it goes; return their answers."""
    ids = [str(uuid.uuid4()) for _ in range(count)]
    for client_id in ids:
        await client.say("send", room=room, client_id=client_id, body="quick")
    return [await client.until(partial(answers, client_id)) for client_id in ids]


def answers(client_id: str, frame: dict[str, Any]) -> bool:
    """Whether the frame is the answer to this message."""
    return frame.get("client_id") == client_id and frame["type"] in {"ack", "error"}


async def test_after_the_burst_a_message_has_to_wait(
    live: Live, room: Room, member: Member
) -> None:
    _, bobs = member(room, "Bob")
    async with live.client(bobs) as client:
        got = await burst(client, room.public_id, BURST + 5)
        assert [one["type"] for one in got[:BURST]] == ["ack"] * BURST
        # One token a second comes back, so a slow machine may let one more through.
        refused = [one for one in got if one["type"] == "error"]
        assert 4 <= len(refused) <= 5
        for error in refused:
            assert error["code"] == "rate_limited"
            assert 0 < error["retry_after_ms"] <= 1_001
            assert error["message"]
        assert Message.objects.filter(room=room).count() == BURST + 5 - len(refused)
        # The wait that was told is enough, with the same client_id.
        last = refused[-1]
        await asyncio.sleep(last["retry_after_ms"] / 1000)
        ack = await client.post(room.public_id, "quick", client_id=last["client_id"])
    assert ack["seq"] == Message.objects.filter(room=room).count()


async def test_two_sockets_and_http_share_one_bucket(
    live: Live, room: Room, member: Member
) -> None:
    _, bobs = member(room, "Bob")
    path = f"/api/rooms/{room.public_id}/messages"
    async with live.client(bobs) as one, live.client(bobs) as two:
        got = await asyncio.gather(
            burst(one, room.public_id, 6),
            burst(two, room.public_id, 6),
            *(
                asked(live, path, bobs, method="POST", body={"body": "quick"})
                for _ in range(6)
            ),
        )
    stored = Message.objects.filter(room=room).count()
    assert BURST <= stored <= BURST + 2
    acks = [one for group in got[:2] for one in group if one["type"] == "ack"]
    posted = [one for one in got[2:] if one.status == 201]
    assert len(acks) + len(posted) == stored


async def test_the_api_says_when_to_come_back(
    live: Live, room: Room, member: Member
) -> None:
    bob, bobs = member(room, "Bob")
    path = f"/api/rooms/{room.public_id}/messages"
    async with live.client(bobs) as client:
        await burst(client, room.public_id, BURST)
    reply = await asked(live, path, bobs, method="POST", body={"body": "one more"})
    if reply.status == 201:  # a second has passed, and a token with it
        reply = await asked(live, path, bobs, method="POST", body={"body": "another"})
    assert reply.status == 429
    assert reply.headers["retry-after"] in {"1", "2"}
    assert reply.json["code"] == "rate_limited"
    assert not Message.objects.filter(body__in=["another"]).exists()
    assert Bucket.objects.get(user=bob).level < 1


async def test_one_persons_bucket_is_not_anothers(
    live: Live, room: Room, member: Member
) -> None:
    (_, bobs), (_, anns) = member(room, "Bob"), member(room, "Ann")
    async with live.client(bobs) as one, live.client(anns) as two:
        await burst(one, room.public_id, BURST + 2)
        got = await burst(two, room.public_id, BURST)
    assert {answer["type"] for answer in got} == {"ack"}


async def test_a_worker_that_restarts_refills_no_bucket(
    live: Live, room: Room, member: Member
) -> None:
    _, bobs = member(room, "Bob")
    async with live.client(bobs) as client:
        await burst(client, room.public_id, BURST)
        live.kill("worker")
        live.start_worker()
        await asyncio.to_thread(live.wait_healthy)
        got = await burst(client, room.public_id, BURST)
    # What has come back since is the seconds that the start took, never a burst.
    assert "error" in {answer["type"] for answer in got}


async def test_who_does_not_heed_the_waits_is_cut_off(
    live: Live, room: Room, member: Member
) -> None:
    _, bobs = member(room, "Bob")
    async with live.client(bobs) as client:
        for _ in range(BURST + limits.ERRORS_PER_WINDOW + 5):
            client_id = str(uuid.uuid4())
            await client.say("send", room=room.public_id, client_id=client_id, body="x")
        assert await client.closed() == 4029
    assert Message.objects.filter(room=room).count() < BURST + limits.ERRORS_PER_WINDOW
