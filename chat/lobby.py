"""Control events: what happens to rooms and members, told to every web process.

They travel over the channel layer, once a web process, which hands them to its own
sockets. A message of a room never goes this way: it would be lost without a trace.
"""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.template.loader import get_template

from accounts.models import User
from chat import activity, sidebar
from chat.models import Room
from chat.titles import entitle
from livechat.lib import limits
from livechat.lib.codec import encode
from livechat.lib.redis import RedisAway
from livechat.lib.words import marked

logger = logging.getLogger(__name__)

GROUP = "control"
# What an open page of the room says in place of its message box.
REASONS = {
    "left": marked("You have left this room."),
    "removed": marked("You do not belong to this room any more."),
    "banned": marked("You were banned from this room."),
    "deleted": marked("This room was deleted."),
    "private": marked("This room is private now."),
}


@dataclass(frozen=True, slots=True)
class Audience:
    """Whose sockets are told, by public id; `users` None: everybody's."""

    users: Sequence[str] | None
    except_users: Sequence[str] = ()


def audience(room: Room) -> Audience:
    """Those who may see the room."""
    if room.is_private:
        return Audience(_members(room))
    return Audience(None, _banned(room))


def room_created(room: Room) -> None:
    """Show the room in the lobbies of those who may see it."""
    if (now := _present(room)) is None:
        return
    _show_card(now, audience(now))
    if now.creator is not None:
        activity.tell([activity.came_or_went(now, now.creator.pk)])
        _tell(None, _side(now), Audience([now.creator.public_id]))


def direct_begun(room: Room, people: Sequence[User], actor: User) -> None:
    """Show a direct or group message to who began it; no word of it to the others."""
    activity.tell([activity.came_or_went(room, one.pk) for one in people])
    _show_direct(room, actor)


def direct_spoken_in(key: int) -> None:
    """Show a direct or group message (by primary key) to those who did not begin it.

    With its first message; three queries and one for each of them, one for a room.
    """
    room = Room.objects.exclude(kind=Room.Kind.ROOM).filter(pk=key).first()
    if room is None:
        return
    others = room.memberships.exclude(user=room.creator_id).select_related("user")
    for row in others:
        _show_direct(room, row.user)


def _show_direct(room: Room, person: User) -> None:
    """The room at the person's side, called as they see it, and once only."""
    entitle([room], person)
    side = f"#side-{room.public_id}"
    gone = f'<hx-partial hx-target="{side}" hx-swap="delete"></hx-partial>'
    row = sidebar.row(room)
    place = f'<hx-partial hx-target="#sidebar-directs" hx-swap="afterbegin">{row}'
    frame = {"type": "room_created", **_fields(room)}
    _tell(frame, f"{gone}{place}</hx-partial>", Audience([person.public_id]))


def draft_marked(room: Room, user: User, *, is_begun: bool) -> None:
    """Mark the room at the side of the user's pages, or no longer; nobody else's."""
    html = sidebar.draft_mark() if is_begun else ""
    place = f'<hx-partial hx-target="#draft-{room.public_id}" hx-swap="innerHTML">'
    _tell(None, f"{place}{html}</hx-partial>", Audience([user.public_id]))


def _present(room: Room) -> Room | None:
    """The room with its members counted, as it may have changed since the commit.

    Who is told and what they are told come from this one row: else a name that was
    given behind closed doors would be told to all who could see the room before.
    """
    return Room.objects.with_member_count().filter(pk=room.pk).first()


def _show_card(room: Room, to: Audience) -> None:
    card = get_template("chat/_room_card.html").render({"room": room})
    html = f'<hx-partial hx-target="#rooms" hx-swap="beforeend">{card}</hx-partial>'
    _tell({"type": "room_created", **_fields(room)}, html, to)


def _side(room: Room) -> str:
    place, row = "#sidebar-rooms", sidebar.row(room)
    return f'<hx-partial hx-target="{place}" hx-swap="beforeend">{row}</hx-partial>'


def room_updated(room: Room, *, was_private: bool = False) -> None:
    """Show the room's present name, description and number of members.

    To those who could not see it before it is new, and to others it is gone.
    """
    if (now := _present(room)) is None:
        return
    if now.is_private and not was_private:
        # To who is banned there was no such room before either.
        spared = [*_members(now), *_banned(now)]
        _tell_ended(now.public_id, "private", Audience(None, spared))
    if was_private and not now.is_private:
        _show_card(now, Audience(None, [*_members(now), *_banned(now)]))
    frame = {"type": "room_updated", **_fields(now)}
    html = get_template("chat/_room_updated.html").render({"room": now})
    _tell(frame, html, audience(now))


def room_archived(room: Room) -> None:
    """Take the room from its members' side, or put it back there."""
    if (now := _present(room)) is None:
        return
    html = _side(now)
    if now.is_archived:
        html = f'<hx-partial hx-target="#side-{now.public_id}" hx-swap="delete">'
        html += "</hx-partial>"
    _tell(None, html, Audience(_members(now)))


def tell_people(people: Sequence[User], sentence: str) -> None:
    """Show a sentence in the corner of these people's pages."""
    context = {"text": sentence, "kind": "info"}
    html = get_template("chat/_toast.html").render(context)
    html = f'<hx-partial hx-target="#toasts" hx-swap="beforeend">{html}</hx-partial>'
    show(people, html)


def show(people: Sequence[User], html: str) -> None:
    """Put fragments into these people's pages."""
    _tell(None, html, Audience([one.public_id for one in people]))


def room_deleted(room: str, to: Audience) -> None:
    """Take the room (by public id) from the pages of those who could see it."""
    _tell({"type": "room_deleted", "room": room}, _gone(room), to)
    _send("deleted", to, *removed(room, "deleted"), room=room)


def member_joined(room: Room, user: User) -> None:
    """One member more; the newcomer's own pages show the room at their side."""
    activity.tell([activity.came_or_went(room, user.pk)])
    # A private room is news to them, a public one stood in their lobby before.
    frame = {"type": "room_created", **_fields(room)} if room.is_private else None
    _tell(frame, _side(room), Audience([user.public_id]))
    room_updated(room, was_private=room.is_private)


def member_left(room: Room, user: User, reason: str, *, hidden: bool) -> None:
    """One member less; who left loses the room on pages that do not follow it."""
    activity.tell([activity.came_or_went(room, user.pk)])
    _tell_ended(room.public_id, reason, Audience([user.public_id]), hidden=hidden)
    room_updated(room, was_private=room.is_private)


def member_unbanned(room: Room, user: User) -> None:
    """A public room is in their lobby again."""
    now = _present(room)
    if now is not None and not now.is_private:
        _show_card(now, Audience([user.public_id]))


def _fields(room: Room) -> dict[str, Any]:
    return {
        "room": room.public_id,
        "kind": room.kind,
        "name": room.name,
        "description": room.description,
        "topic": room.topic,
        "members": room.memberships.count(),
    }


def _members(room: Room) -> list[str]:
    return list(room.memberships.values_list("user__public_id", flat=True))


def _banned(room: Room) -> list[str]:
    return list(room.bans.values_list("user__public_id", flat=True))


def _gone(room: str) -> str:
    targets = (f"#room-{room}", f"#side-{room}")
    return "".join(
        f'<hx-partial hx-target="{target}" hx-swap="delete"></hx-partial>'
        for target in targets
    )


def _tell_ended(room: str, reason: str, to: Audience, *, hidden: bool = True) -> None:
    """Say that the room is not theirs any more, to sockets that do not follow it.

    Those that do are told by the room's log, at the right place in its order.
    """
    _send("ended", to, *removed(room, reason, hidden=hidden), room=room)


def removed(room: str, reason: str, *, hidden: bool = True) -> tuple[bytes, bytes]:
    """The last frame of a room (by public id) for a socket, and a page's fragments.

    `hidden`: they may not see it any more, so that its card in the lobby goes as well.
    """
    frame = {"type": "room_removed", "room": room, "reason": reason}
    context = {"room": room, "sentence": REASONS[reason], "hidden": hidden}
    html = get_template("chat/_room_removed.html").render(context)
    return encode(frame), html.encode()


def _tell(frame: dict[str, Any] | None, html: str, to: Audience) -> None:
    """Send a frame, and a page's fragments, to the sockets of the audience."""
    _send("frame", to, encode(frame) if frame else b"", html.encode())


def _send(kind: str, to: Audience, json: bytes, html: bytes, room: str = "") -> None:
    layer = get_channel_layer()
    assert layer is not None  # noqa: S101 - settings always name one
    message = {
        "type": "control",
        "kind": kind,
        "room": room,
        "users": to.users,
        "except_users": list(to.except_users),
        "json": json.decode(),
        "html": html.decode(),
    }

    async def send() -> None:
        await asyncio.wait_for(
            layer.group_send(GROUP, message), limits.REDIS_COMMAND_TIMEOUT_S
        )

    try:
        async_to_sync(send)()
    except RedisAway as error:
        # Pages show it at their next load; nothing but liveliness is lost.
        logger.warning("redis is away, a control event was not sent: %s", error)
