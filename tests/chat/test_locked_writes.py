"""A locked database: what is changed over HTTP is told to come again, and in time."""

import asyncio
import time
from urllib.parse import urlencode
from uuid import uuid4

import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher

from accounts.models import User
from chat.models import Membership, Room
from tests.chat.asking import Reply, ask, asked, cookie_of
from tests.chat.conftest import Member
from tests.chat.test_faults import HANG_S, _locked
from tests.conftest import PASSWORD
from tests.environment import POSTGRES_URL
from tests.live import Live

pytestmark = pytest.mark.skipif(
    bool(POSTGRES_URL), reason="a lock of SQLite's, which every writer waits for"
)
TOKEN = "t" * 32  # of Django's forms


def _form(live: Live, path: str, session: str, **fields: str) -> tuple[Reply, float]:
    """A page's form, and the seconds that it took."""
    began_at = time.monotonic()
    body = urlencode({"csrfmiddlewaretoken": TOKEN, **fields}).encode()
    cookies = f"csrftoken={TOKEN}" + (f"; sessionid={session}" if session else "")
    headers = {
        "Cookie": cookies,
        "Content-Type": "application/x-www-form-urlencoded",
        "Origin": live.url,
        "Accept": "text/html",
    }
    reply = ask(live, path, method="POST", body=body, headers=headers)
    return reply, time.monotonic() - began_at


async def test_forms_and_the_api_are_told_to_come_again_while_it_is_locked(
    faulty: Live, room: Room, member: Member
) -> None:
    bob, token = member(room, "Bob")
    sessions = [cookie_of(bob) for _ in range(3)]
    rooms = Room.objects.count()
    forms: tuple[tuple[str, dict[str, str]], ...] = (
        (f"/rooms/{room.public_id}/leave", {}),
        ("/rooms/new", {"name": "New"}),
        ("/accounts/logout/", {}),
    )
    with _locked(faulty):
        began_at = time.monotonic()
        api = asyncio.create_task(
            asked(faulty, "/api/rooms", token, method="POST", body={"name": "New"})
        )
        pages = await asyncio.gather(
            *(
                asyncio.to_thread(_form, faulty, path, session, **fields)
                for (path, fields), session in zip(forms, sessions, strict=True)
            )
        )
        answer = await api
        assert time.monotonic() - began_at < HANG_S
    for page, took_s in pages:
        assert (page.status, took_s < HANG_S) == (503, True)
        assert page.headers["retry-after"] == "5"
        assert "Nothing was stored." in page.text
    assert (answer.status, answer.json["code"]) == (503, "waiting")
    assert answer.headers["retry-after"] == "5"
    assert Membership.objects.filter(room=room, user=bob).exists()
    assert Room.objects.count() == rooms


async def test_who_logs_in_is_told_to_come_again_while_it_is_locked(
    faulty: Live, room: Room, member: Member
) -> None:
    bob, _ = member(room, "Bob")
    stored = PBKDF2PasswordHasher().encode(PASSWORD, "abcdabcdabcdabcdabcdab")
    User.objects.filter(pk=bob.pk).update(password=stored)
    fields = {"login": bob.email, "password": PASSWORD}
    with _locked(faulty):
        page, took_s = await asyncio.to_thread(
            lambda: _form(faulty, "/accounts/login/", "", **fields)
        )
    assert (page.status, took_s < HANG_S) == (503, True)
    page, _ = await asyncio.to_thread(
        lambda: _form(faulty, "/accounts/login/", "", **fields)
    )
    assert page.status == 302


async def test_a_command_keeps_no_other_frame_of_its_socket_waiting(
    faulty: Live, room: Room, member: Member
) -> None:
    bob, token = member(room, "Bob")
    await Membership.objects.filter(user=bob).aupdate(role="admin")
    async with faulty.client(token) as client:
        await client.expect("hello")
        with _locked(faulty):
            order = {"client_id": str(uuid4()), "body": "/topic late", "commands": True}
            await client.say("send", room=room.public_id, **order)
            began_at = time.monotonic()
            await client.say("ping", ref="p")
            await client.expect("pong", ref="p")
            assert time.monotonic() - began_at < 1
        told = await client.until(lambda one: one["type"] in {"notice", "error"})
        assert told["type"] == "notice" or told["code"] == "waiting"
