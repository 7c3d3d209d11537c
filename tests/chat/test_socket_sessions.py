"""A session or token that ends takes its sockets along, and no others."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from accounts import actions as accounts
from accounts.models import Token, User
from chat.models import Message, Room
from tests.chat.asking import asked, cookie_of, log_out
from tests.chat.conftest import Member
from tests.live import Client, Live

TOLD_WITHIN_S = 1.0
POLLED_WITHIN_S = 5.0


def by_cookie(live: Live, session: str) -> Client:
    headers = {"Cookie": f"sessionid={session}", "Origin": live.url}
    return live.client("", headers=headers)


async def ends_within(
    client: Client, limit_s: float, change: Callable[[], Awaitable[object]]
) -> None:
    """Fail unless the socket is closed with 4001 so soon after the change."""
    await change()
    changed_at = time.monotonic()
    assert await client.closed() == 4001
    assert time.monotonic() - changed_at < limit_s


async def test_log_out_closes_this_sessions_sockets_and_not_the_others(
    live: Live, room: Room, member: Member
) -> None:
    bob, bobs = member(room, "Bob")
    here, there = cookie_of(bob), cookie_of(bob)
    async with (
        by_cookie(live, here) as closing,
        by_cookie(live, here) as second,
        by_cookie(live, there) as other,
        live.client(bobs) as program,
    ):
        for client in (closing, second, other, program):
            await client.subscribe(room.public_id)

        async def change() -> None:
            reply = await asyncio.to_thread(log_out, live, here)
            assert reply.status == 302

        await ends_within(closing, TOLD_WITHIN_S, change)
        assert await second.closed() == 4001
        for client in (other, program):
            await client.say("ping")
            await client.expect("pong")


async def test_log_out_closes_the_sockets_while_redis_is_away(
    live: Live, room: Room, member: Member
) -> None:
    bob, _ = member(room, "Bob")
    here, there = cookie_of(bob), cookie_of(bob)
    async with by_cookie(live, here) as closing, by_cookie(live, there) as other:
        await closing.subscribe(room.public_id)
        await other.expect("hello")
        live.kill("redis")
        try:

            async def change() -> None:
                await asyncio.to_thread(log_out, live, here)

            await ends_within(closing, POLLED_WITHIN_S, change)
            await other.say("ping")
            await other.expect("pong")
        finally:
            live.start_redis()


async def test_a_deactivated_user_is_let_go(
    live: Live, room: Room, member: Member
) -> None:
    bob, bobs = member(room, "Bob")
    session = cookie_of(bob)
    async with by_cookie(live, session) as page, live.client(bobs) as program:
        await page.subscribe(room.public_id)
        await program.subscribe(room.public_id)

        async def change() -> None:
            await asyncio.to_thread(accounts.deactivate, bob)

        await ends_within(program, TOLD_WITHIN_S, change)
        assert await page.closed() == 4001
    assert (await asked(live, "/api/rooms", bobs)).status == 401


async def test_a_deleted_token_closes_its_own_sockets(
    live: Live, room: Room, member: Member
) -> None:
    bob, bobs = member(room, "Bob")
    spare = Token.issue(bob, name="spare")
    async with live.client(bobs) as closing, live.client(spare) as other:
        await closing.subscribe(room.public_id)
        await other.expect("hello")

        async def change() -> None:
            first = Token.objects.filter(user=bob).order_by("pk")[0]
            await asyncio.to_thread(first.delete)

        await ends_within(closing, TOLD_WITHIN_S, change)
        await other.say("ping")
        await other.expect("pong")


async def test_who_was_deactivated_a_moment_ago_stores_nothing(
    live: Live, room: Room, member: Member
) -> None:
    """The worker asks the database itself, so no message slips in before the close."""
    bob, bobs = member(room, "Bob")
    async with live.client(bobs) as client:
        await client.subscribe(room.public_id)
        User.objects.filter(pk=bob.pk).update(is_active=False)  # and nobody is told
        await client.say(
            "send",
            room=room.public_id,
            client_id="00000000-0000-4000-8000-000000000001",
            body="too late",
        )
        error = await client.expect("error")
    assert error["code"] in {"forbidden", "no_room"}
    assert not Message.objects.exists()
