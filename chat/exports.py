"""What the site keeps of one person, as a ZIP that is made while it is sent.

The rule it guards: each page of messages is asked for anew with the access to it, so
that it holds only what the person may read at that moment, and the memory that an
export takes does not grow with it.
"""

import json
import re
from collections.abc import AsyncIterator, Iterable, Iterator
from html import escape
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from asgiref.sync import sync_to_async
from django.core.cache import cache
from django.template.loader import render_to_string
from django.utils import timezone

from accounts.devices import language_of
from accounts.models import User
from accounts.profiles import profile_of
from chat import kept
from chat.models import Membership, Message, Room
from chat.reactions import reacted
from chat.titles import entitle
from chat.versions import Version
from livechat.lib import limits
from livechat.lib.words import marked, put

PIECE_BYTES = 64 * 1024  # of one write to the network, about
File = tuple[str, Iterable[str]]
OTHERS = re.compile(r' data-user="\w+"')  # whom a chip is about, beside their name


class TooSoon(Exception):  # noqa: N818 - it says what is the case
    """There was an export a while ago; str() is a sentence."""

    retry_after_s = limits.EXPORT_EVERY_S


def note_export(user: User) -> None:
    """Count the export.

    Raises:
        TooSoon: there was one within EXPORT_EVERY_S.
    """
    if not cache.add(f"export:{user.pk}", "made", timeout=limits.EXPORT_EVERY_S):
        minutes = limits.EXPORT_EVERY_S // 60
        raise TooSoon(marked("One download in {0} minutes. Try again later.", minutes))


async def streamed(user: User) -> AsyncIterator[bytes]:
    """The ZIP's bytes, made in a thread a piece at a time."""
    pieces = archive(user)
    while (piece := await sync_to_async(_next)(pieces)) is not None:
        yield piece


def _next(pieces: Iterator[bytes]) -> bytes | None:
    return next(pieces, None)


def archive(user: User) -> Iterator[bytes]:
    """The ZIP's bytes, of an account that may be closed; without what it loses by then.

    One that is closed or erased meanwhile gets no more messages.
    """
    sink = _Sink()
    made_at = timezone.now().timetuple()[:6]
    with ZipFile(sink, "w", ZIP_DEFLATED) as file:
        for name, texts in _files(user):
            info = ZipInfo(name, made_at)
            info.compress_type = ZIP_DEFLATED
            with file.open(info, "w", force_zip64=True) as part:
                for text in texts:
                    part.write(text.encode())
                    if sink.size_bytes > PIECE_BYTES:
                        yield sink.taken()
            yield sink.taken()
    yield sink.taken()


class _Sink:
    """What a ZipFile writes to; it cannot go back, so it says so by having no seek."""

    def __init__(self) -> None:
        self._written: list[bytes] = []
        self.size_bytes = 0

    def write(self, data: bytes) -> int:
        """Keep it until it is taken."""
        self._written.append(bytes(data))
        self.size_bytes += len(data)
        return len(data)

    def flush(self) -> None:
        """Nothing waits elsewhere."""

    def close(self) -> None:
        """It holds nothing open."""

    def taken(self) -> bytes:
        """All that was written since the last call."""
        data, self._written, self.size_bytes = b"".join(self._written), [], 0
        return data


def _files(user: User) -> Iterator[File]:
    rooms = _rooms_of(user)
    context = {"person": user, "profile": profile_of(user), "rooms": rooms}
    index = render_to_string("chat/export.html", context)
    yield "index.html", [put(index.encode(), language_of(user)).decode()]
    yield "profile.json", [_json(kept.profile(user))]
    yield "rooms.json", [_json([_room(one) for one in rooms])]
    for name, rows in kept.tables(user).items():
        yield f"{name}.json", [_json(rows)]
    for membership in rooms:
        room = membership.room
        yield f"messages/{room.public_id}.json", _list(_messages(user, room))
        yield f"messages/{room.public_id}.html", _pages(user, room)
        yield f"reactions/{room.public_id}.json", _list(_reactions(user, room))


def _rooms_of(user: User) -> list[Membership]:
    """Memberships with their rooms, called as the person sees them."""
    found = Membership.objects.listed_for(user)
    entitle([one.room for one in found], user)
    return found


def _room(one: Membership) -> dict[str, Any]:
    return {
        "id": one.room.public_id,
        "kind": one.room.kind,
        "name": one.room.name,
        "role": one.role,
        "joined_at": one.joined_at,
        "last_read_seq": one.last_read_seq,
        "favourite": one.is_favourite,
        "level": one.level,
        "muted": one.is_muted,
    }


def _read(user: User, room: Room, **wanted: Any) -> Iterator[list[Message]]:
    """Pages of what the person may read of the room and what is wanted of it."""
    seq = 0
    while True:
        same = {"pk": user.pk, "is_active": user.is_active, "erased_at": None}
        found = User.objects.filter(**same).first()
        now = Room.objects.filter(pk=room.pk).first()
        if found is None or now is None:
            return
        rows = Message.objects.readable_by(found, now).filter(**wanted, seq__gt=seq)
        page = list(rows.order_by("seq")[: limits.HISTORY_PAGE_MAX])
        if not page:
            return
        yield page
        seq = page[-1].seq


def _own(user: User, room: Room) -> Iterator[list[Message]]:
    """Pages of the person's messages that they may read in the room, oldest first."""
    return _read(user, room, author=user, kind=Message.Kind.TEXT, deleted_at=None)


def _messages(user: User, room: Room) -> Iterator[dict[str, Any]]:
    for page in _own(user, room):
        earlier = _earlier(room, page)
        for one in page:
            yield {
                "seq": one.seq,
                "body": one.body,
                "created_at": one.created_at,
                "edited_at": one.edited_at,
                "earlier": earlier.get(one.seq, []),
                "reply_to": one.reply_to,
                "thread": one.thread,
                "reactions": {
                    emoji: len(people) for emoji, people in reacted(one).items()
                },
            }


def _earlier(room: Room, page: list[Message]) -> dict[int, list[dict[str, Any]]]:
    """What the messages said before their edits, by their numbers; one query."""
    found: dict[int, list[dict[str, Any]]] = {}
    rows = Version.objects.filter(room=room, seq__in=[one.seq for one in page])
    for one in rows.order_by("pk"):
        text = {"body": one.body, "written_at": one.written_at}
        found.setdefault(one.seq, []).append(text)
    return found


def _reactions(user: User, room: Room) -> Iterator[dict[str, Any]]:
    me = user.public_id
    for page in _read(user, room, reactions__contains=me):
        for one in page:
            for emoji, people in reacted(one).items():
                if me in people:
                    yield {"seq": one.seq, "emoji": emoji}


def _pages(user: User, room: Room) -> Iterator[str]:
    """The same for people to read: the HTML that the room shows."""
    name = escape(room.name)
    yield f'<!doctype html><meta charset="utf-8"><title>{name}</title><h1>{name}</h1>\n'
    for page in _own(user, room):
        for one in page:
            at = one.created_at.isoformat(" ", "minutes")
            html = OTHERS.sub("", one.html)
            yield f"<article><h2>{at}</h2>{html}</article>\n"


def _list(rows: Iterable[dict[str, Any]]) -> Iterator[str]:
    """A JSON array, a row at a time."""
    before = "["
    for row in rows:
        yield before + _json(row)
        before = ",\n"
    yield "[]" if before == "[" else "]"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str, indent=1)
