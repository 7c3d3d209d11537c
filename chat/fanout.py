"""What happened in a room, made ready once for everybody: JSON and an HTML fragment.

No fragment knows its viewer, so the same bytes go to every socket of the room.
"""

from collections.abc import Sequence
from typing import Any

import msgspec
from django.template.loader import get_template
from django.utils.html import escape

from chat.models import Message, Room
from livechat.lib import limits
from livechat.lib.codec import encode
from livechat.lib.feed import Changes, Event, Publication
from livechat.lib.markdown import plain_text
from livechat.lib.redis import publish as publish_bytes

ANNOUNCEMENT_LENGTH = 120  # characters that a screen reader hears of a message


def room_channel(room: str) -> str:
    """The Redis channel of a room's log, by the room's public id."""
    return f"room:{room}"


def publication(message: Message, room: str) -> Publication:
    """The message as it is published: `author` must be loaded."""
    return Publication(
        changed_seq=message.changed_seq,
        json=encode({"type": "message", "room": room, **message_fields(message)}),
        html=placed(message).encode(),
        event=_event(message),
    )


def _event(message: Message) -> Event | None:
    told = message.told
    if told is None:
        return None
    return Event(
        kind=told["type"],
        user=told.get("user", ""),
        role=told.get("role", ""),
        hidden=told.get("hidden", False),
    )


def publish(room: str, messages: Sequence[Message]) -> bool:
    """Publish what was committed, from a thread; False while Redis is away.

    Whoever is not told so finds it in the database within HEAD_POLL_S.
    """
    publications = [publication(message, room) for message in messages]
    return publish_bytes(room_channel(room), msgspec.msgpack.encode(publications))


def message_fields(message: Message) -> dict[str, Any]:
    """The fields of the protocol's `message`, without `type` and `room`."""
    author = message.author
    return {
        "seq": message.seq,
        "changed_seq": message.changed_seq,
        "kind": message.kind,
        "author": {
            "id": author.public_id,
            "name": author.display_name,
            "bot": author.is_bot,
        },
        "client_id": str(message.client_id),
        "body": message.body,
        "html": message.html,
        "event": message.told,
        "reply_to": message.reply_to,
        "attachments": [],
        "created_at": message.created_at.isoformat(),
    }


def placed(message: Message) -> str:
    """The message's fragment, with the place in the page where it belongs."""
    chunk = message.seq // limits.CHUNK_SIZE
    article = message_html(message)
    text = plain_text(message.html, max_length=ANNOUNCEMENT_LENGTH)
    is_system = message.kind == Message.Kind.SYSTEM  # its sentence names who did it
    spoken = escape(text if is_system else f"{message.author.display_name}: {text}")
    if message.seq % limits.CHUNK_SIZE == 0:
        article = f'<section class="chunk" id="c-{chunk}">{article}</section>'
        target = "messages"
    else:
        target = f"c-{chunk}"
    return partial(f"#{target}", "beforeend", article) + partial(
        "#announce", "textContent", spoken
    )


def message_html(message: Message) -> str:
    """The article of one message, the same for page and fan-out."""
    return get_template("chat/_message.html").render({"message": message})


def partial(target: str, swap: str, html: str) -> str:
    """A fragment that htmx places by itself."""
    return f'<hx-partial hx-target="{target}" hx-swap="{swap}">{html}</hx-partial>'


def cursor_fragment(changed_seq: int) -> bytes:
    """The page's cursor, moved: what the page has seen so far."""
    html = get_template("chat/_cursor.html").render({"changed_seq": changed_seq})
    return partial("#cursor", "outerMorph", html).encode()


def reset_fragment(room: Room, messages: Sequence[Message]) -> bytes:
    """The newest page in place of what the browser holds, and a line that says so."""
    html = get_template("chat/_history.html").render(
        {"room": room, "messages": messages, "was_reset": True}
    )
    return partial("#messages", "innerMorph", html).encode()


class Log:
    """The database as the hub asks it; every method runs in a thread."""

    def heads(self, rooms: Sequence[str]) -> dict[str, int]:
        """`last_changed_seq` of each room that is there, by public id; one query."""
        rows = Room.objects.filter(public_id__in=rooms)
        return dict(rows.values_list("public_id", "last_changed_seq"))

    def changes(self, room: str, after: int, limit: int) -> Changes:
        """At most `limit` changes above `after`, and the head; two queries."""
        head = self.heads([room]).get(room, after)
        rows = Message.objects.filter(room__public_id=room, changed_seq__lte=head)
        changed = rows.changed_after(after)[:limit]
        return Changes([publication(row, room) for row in changed], head)
