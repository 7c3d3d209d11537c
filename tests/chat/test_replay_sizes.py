"""Long messages: what was missed of them fits a slow line, and throws nobody out."""

import asyncio
import contextlib
import json
import os
import socket
import struct
import time
import uuid

from django.utils import timezone

from accounts.models import User
from chat.entrances import enter
from chat.models import Message, Room
from livechat.lib import limits
from livechat.lib.markdown import render
from tests.chat.conftest import Member
from tests.chat.test_replays import shared
from tests.chat.test_socket_resume import fill
from tests.live import Live

COUNT = 90
LINKS = ("http://a.co " * 660)[:7990]  # 58 KB as HTML
SLOW_BYTES_PER_S = 1e6


def fill_long(room: Room, author: User, count: int = COUNT) -> None:
    """Write long messages straight into the log, as the worker would have."""
    html = render(LINKS)
    start = room.last_seq
    Message.objects.bulk_create(
        Message(
            room=room,
            seq=seq,
            changed_seq=seq,
            author=author,
            client_id=uuid.uuid4(),
            body=LINKS,
            html=html,
            created_at=timezone.now(),
        )
        for seq in range(start + 1, start + count + 1)
    )
    room.last_seq = room.last_changed_seq = start + count
    room.save(update_fields=["last_seq", "last_changed_seq"])


def test_more_text_than_a_slow_line_takes_is_a_reset_with_a_page_that_fits(
    room: Room, member: Member
) -> None:
    bob, _ = member(room, "Bob")
    fill_long(room, bob)
    entrance = enter(bob.pk, room.public_id, 0)
    assert entrance is not None
    assert entrance.missed == []
    assert entrance.reset is not None
    assert b'id="m-' in entrance.reset
    assert len(entrance.reset) < 2 * limits.REPLAY_MAX_BYTES
    assert shared(bob, room, 0, 0) == entrance


def test_a_message_that_is_too_large_by_itself_is_shown_all_the_same(
    room: Room, member: Member
) -> None:
    bob, _ = member(room, "Bob")
    fill(room, bob, 2)
    Message.objects.filter(room=room).update(html="x" * limits.REPLAY_MAX_BYTES)
    entrance = enter(bob.pk, room.public_id, 0)
    assert entrance is not None and entrance.reset is not None
    assert entrance.reset.count(b"x" * limits.REPLAY_MAX_BYTES) == 1


def test_a_few_long_messages_are_replayed(room: Room, member: Member) -> None:
    bob, _ = member(room, "Bob")
    fill_long(room, bob, 3)
    entrance = enter(bob.pk, room.public_id, 0)
    assert entrance is not None
    assert [one.changed_seq for one in entrance.missed] == [1, 2, 3]


async def test_a_page_on_a_slow_line_catches_up_with_long_messages(
    live: Live, room: Room, member: Member
) -> None:
    bob, token = member(room, "Bob")
    await asyncio.to_thread(fill_long, room, bob)
    data, code = await asyncio.to_thread(_slow_page, live.port, token, room.public_id)
    assert code is None
    assert b"newest page" in data


async def test_a_room_of_quick_readers_stays_when_long_messages_are_healed(
    faulty: Live, room: Room, member: Member
) -> None:
    people = [member(room, name) for name in ("Bob", "Dan", "Eve")]
    async with contextlib.AsyncExitStack() as stack:
        clients = [
            await stack.enter_async_context(faulty.client(token)) for _, token in people
        ]
        for one in clients:
            await one.subscribe(room.public_id)
        await asyncio.to_thread(fill_long, room, people[0][0])
        for one in clients:
            await one.expect("message", 20, changed_seq=COUNT)
            numbers = [
                frame["changed_seq"]
                for frame in one.frames
                if frame["type"] == "message"
            ]
            assert numbers == list(range(1, COUNT))
            assert one.close_code is None


def _slow_page(port: int, token: str, room: str) -> tuple[bytes, int | None]:
    """What a page that missed everything gets on a slow line, and the close code."""
    with socket.socket() as line:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        line.connect(("127.0.0.1", port))
        handshake = (
            f"GET /ws/?v=1&format=html HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
            "Upgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
            f"Sec-WebSocket-Version: 13\r\nAuthorization: Bearer {token}\r\n\r\n"
        )
        line.sendall(handshake.encode())
        head = b""
        while b"\r\n\r\n" not in head:
            head += line.recv(1)
        frame = {"type": "subscribe", "room": room, "after": "0"}
        line.sendall(_masked(json.dumps(frame).encode()))
        return _read(line)


def _masked(payload: bytes) -> bytes:
    mask = os.urandom(4)
    body = bytes(byte ^ mask[at % 4] for at, byte in enumerate(payload))
    return bytes([0x81, 0x80 | len(payload)]) + mask + body


def _read(line: socket.socket) -> tuple[bytes, int | None]:
    """The payloads that came until nothing more did, and the code of a close."""
    raw, began_at = b"", time.monotonic()
    line.settimeout(2)
    with contextlib.suppress(TimeoutError, ConnectionError):
        while data := line.recv(16384):
            raw += data
            ahead_s = len(raw) / SLOW_BYTES_PER_S - (time.monotonic() - began_at)
            time.sleep(max(0, ahead_s))
    payloads, at = b"", 0
    while at + 2 <= len(raw):
        kind, size, start = raw[at] & 15, raw[at + 1] & 127, at + 2
        if size == 126:
            size, start = struct.unpack(">H", raw[start : start + 2])[0], start + 2
        elif size == 127:
            size, start = struct.unpack(">Q", raw[start : start + 8])[0], start + 8
        payload, at = raw[start : start + size], start + size
        if kind == 8:
            return payloads, struct.unpack(">H", payload[:2])[0]
        payloads += payload
    return payloads, None
