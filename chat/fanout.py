"""What happened in a room, made ready once for everybody: JSON and an HTML fragment.

No fragment knows its viewer, so the same bytes go to every socket of the room.
"""

import copy
from collections.abc import Iterable, Mapping, Sequence

import msgspec
from django.db.models import OuterRef
from django.template.loader import get_template
from django.utils.html import escape

from chat.fragments import has_grown, is_heard, opens, placed, replaced, said
from chat.fragments import message_html as message_html
from chat.fragments import partial as partial
from chat.message_fields import message_fields
from chat.models import Message, Room
from chat.quotes import quoted
from chat.reactions import named
from chat.streams import Stream
from livechat.lib.codec import encode
from livechat.lib.feed import Changes, Event, Publication
from livechat.lib.growth import Growing, Grown, Piece
from livechat.lib.hub import Head
from livechat.lib.redis import publish as publish_bytes


def room_channel(room: str) -> str:
    """The Redis channel of a room's log, by the room's public id."""
    return f"room:{room}"


def publication(message: Message, room: str) -> Publication:
    """The message's latest change as it is published: `author` must be loaded."""
    if message.created_changed_seq is None:
        return _created(message, room, message.changed_seq)
    return _changed(message, room, message.changed_seq)


def _created(message: Message, room: str, changed_seq: int) -> Publication:
    fields = {**message_fields(message), "changed_seq": changed_seq}
    return Publication(
        changed_seq=changed_seq,
        json=encode({"type": "message", "room": room, **fields}),
        html=placed(message).encode(),
        event=_event(message),
        created=message.created_changed_seq or 0,
        piece=_piece(message),
        opens=opens(message),
        said=said(message) if is_heard(message) else None,
        amends=message.thread is not None,
    )


def _changed(message: Message, room: str, changed_seq: int) -> Publication:
    fields = {**message_fields(message), "changed_seq": changed_seq}
    return Publication(
        changed_seq=changed_seq,
        json=encode({"type": "changed", "room": room, **fields}),
        html=replaced(message),
        appends=False,
        piece=_piece(message),
        said=said(message) if has_grown(message) else None,
    )


def _piece(message: Message) -> Piece | None:
    """That a text begins to grow, or is whole; None of one that came whole."""
    if not message.stream:
        return None
    return Piece(message.seq, ends=message.stream != Message.Growth.OPEN)


def replayed(
    messages: Iterable[Message], room: str, after: int, upto: int
) -> list[Publication]:
    """Each message once, in its present state, for who has seen up to `after`.

    It is a `message` if it was created above that cursor, else `changed`. What has
    changed above `upto` meanwhile comes after the replay: in here it is told only if it
    is new, under the number of its creation, so that the change finds it there.
    """
    told: list[Publication] = []
    for one in quoted(named(messages)):
        number = one.changed_seq
        if one.first_changed_seq > after:
            number = number if number <= upto else one.first_changed_seq
            told.append(_created(one, room, number))
        elif number <= upto:
            told.append(_changed(one, room, number))
    return sorted(told, key=lambda one: one.changed_seq)


def retold(
    messages: Iterable[Message],
    stands: Mapping[int, Message],
    room: str,
    ends: Sequence[int] = (),
) -> list[Publication]:
    """Changes as they were told, but in present states, each number once.

    Of a message that changed several times the log keeps the last number. `stands`
    holds for the others a message that was there by then and has changed since; who
    takes the changes in their order has it. `ends` are the numbers at which somebody
    was shut out: what a message became above one of them is not told below it.
    """
    told: dict[int, Publication] = {}
    quoted(named(stands.values()))
    for one in quoted(named(messages)):
        first = one.first_changed_seq
        told[first] = _created(_as_of(first, one, ends), room, first)
        if one.changed_seq != first:
            told[one.changed_seq] = _changed(one, room, one.changed_seq)
    for number, stand in stands.items():
        told[number] = _changed(_as_of(number, stand, ends), room, number)
    return [told[number] for number in sorted(told)]


def _as_of(number: int, message: Message, ends: Sequence[int]) -> Message:
    """The message, without its text when that is from above an end after `number`."""
    if not any(number < end < message.changed_seq for end in ends):
        return message
    bare = copy.copy(message)
    bare.body = bare.html = bare.reactions = bare.links = ""
    return bare


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


def toast(text: str, kind: str = "error") -> bytes:
    """A short notice in the corner of a page."""
    html = get_template("chat/_toast.html").render({"text": text, "kind": kind})
    return partial("#toasts", "beforeend", html).encode()


def notice(client_id: str, text: str) -> bytes:
    """A notice at the end of the log, in place of the bubble that asked for it.

    Without a text the bubble only goes.
    """
    gone = partial(f"#p-{client_id}", "delete", "")
    if not text:
        return gone.encode()
    html = get_template("chat/_notice.html").render({"text": text})
    return (gone + partial("#pending-list", "beforeend", html)).encode()


def badge(room: str, unread: int, mentions: int) -> bytes:
    """A room's badge at the side of a page (room: public id)."""
    template = get_template("chat/_badge.jinja", using="fragments")
    given = {"room": room, "unread": unread, "mentions": mentions}
    html = template.render(given)
    return partial(f"#badge-{room}", "outerMorph", html).encode()


def probe(room: str, seq: int) -> bytes:
    """What a page that sees the end of its log answers with `read` up to `seq`."""
    html = get_template("chat/_seen.html").render({"room": room, "seq": seq})
    return partial("#seen", "innerHTML", html).encode()


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

    def heads(self, rooms: Sequence[str]) -> dict[str, Head]:
        """How far each room is that is there, by public id; one query."""
        found = Room.objects.filter(public_id__in=rooms).values_list(
            "public_id", "last_changed_seq", Stream.objects.length_in(OuterRef("pk"))
        )
        return {room: Head(last, grown or 0) for room, last, grown in found}

    def texts(self, room: str) -> Growing:
        """The texts of the room that still grow; three queries."""
        streams = Stream.objects.filter(room__public_id=room)
        texts = [
            Grown(one.seq, one.since, text) for one, text in streams.texts().items()
        ]
        # After the texts: an event below a piece that they hold is there by now.
        rows = Room.objects.filter(public_id=room)
        head = rows.values_list("last_changed_seq", flat=True).first()
        return Growing(head or 0, texts)

    def told(self, room: str, piece: Piece) -> tuple[bytes, bytes]:
        """A piece of a growing text, as the protocol and the page have it."""
        fields = {"seq": piece.seq, "offset": piece.offset, "text": piece.text}
        # From its beginning it takes the place of what the page has of it.
        swap = "beforeend" if piece.offset else "textContent"
        html = partial(f"#t-{piece.seq}, #rt-{piece.seq}", swap, escape(piece.text))
        return encode({"type": "delta", "room": room, **fields}), html.encode()

    def changes(self, room: str, after: int, limit: int) -> Changes:
        """At most `limit` changes above `after`, and the head; five queries at most."""
        known = Room.objects.filter(public_id=room)
        found = known.values_list("pk", "last_changed_seq").first()
        if found is None:
            return Changes([], after)
        pk, head = found
        upto = min(head, after + limit)
        rows = list(Message.objects.filter(room=pk).touched(after, upto))
        held = {one.first_changed_seq for one in rows} | {
            one.changed_seq for one in rows
        }
        lost = [at for at in range(after + 1, upto + 1) if at not in held]
        stands = Message.objects.filter(room=pk).stand_ins(lost)
        # After the rows: an end below a change that they hold is there by now.
        ends = Message.objects.filter(room=pk).ends_after(after)
        told = retold(rows, stands, room, ends)
        return Changes([one for one in told if after < one.changed_seq <= upto], head)
