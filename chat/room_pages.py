"""The page of a room, for all who show it: as it is asked for, and with a refusal."""

from typing import Any
from uuid import uuid4

from django.http import HttpResponse
from django.shortcuts import render

from accounts.http import UserRequest
from accounts.models import User
from accounts.profiles import profile_of
from chat import sidebar
from chat.access import allows, standing_in
from chat.begun import drafts_beside
from chat.log_pages import page_before
from chat.message_pages import reply_context
from chat.models import Membership, Message, Room
from chat.people import pane
from chat.presence import present
from chat.roster import Roster
from chat.silences import DESERTED, is_deserted
from chat.silences import silence as why_silent
from chat.thread_unread import mark_new
from chat.unread import new_in
from livechat.lib import limits


def room_page(
    request: UserRequest,
    room: Room,
    *,
    before: int | None = None,
    status: int = 200,
    **more: Any,
) -> HttpResponse:
    """The room's page, whose log ends at `before`; `more` stands beside it.

    What is in `more` goes before what the page has by itself.
    """
    user = request.user
    mine = standing_in(user, room)
    belongs = mine is not None
    silence = _silence(room, mine) if mine else ""
    runs_room = allows(user, "edit_room", room, mine)
    moderates = mine is not None and mine.role == Membership.Role.MODERATOR
    log = log_page(user, room, before)
    context = {
        "room": room,
        "standing": mine,
        "before": before,
        "log": log,
        "newer": None if before is None else _newer(user, room, log),
        "new": new_in(mine),
        "may_post": belongs and not silence,
        "belongs": belongs,
        "may_leave": belongs and not room.is_direct,
        "silence": silence,
        "may_edit": runs_room,
        "may_invite": runs_room,
        "may_moderate": runs_room or moderates,
        "may_delete": allows(user, "delete_room", room, mine),
        "client_id": uuid4(),
        "hello_client_id": uuid4(),
        "max_length": limits.MESSAGE_MAX_LENGTH,
        # Of the one other in a direct message.
        "other": profile_of(room.others[0]) if len(room.others) == 1 else None,
        **(_begun(user, room) if belongs and before is None else {}),
        **pane(room, _states(room), {}),
        **sidebar.context(user, room),
        **more,
    }
    return render(request, "chat/room.html", context, status=status)


def _begun(user: User, room: Room) -> dict[str, Any]:
    """The user's drafts in the room: its own, and a reply with what it answers."""
    own, reply = drafts_beside(user, room)
    if reply is None:
        return {"draft": own.body}
    rows = Message.objects.readable_by(user, room).filter(seq=reply.box.reply_to)
    answered = rows.select_related("author", "room").first()
    if answered is None:
        return {"draft": own.body}
    form = {"message": answered, **reply_context(answered, reply.body)}
    return {"draft": own.body, "reply": form}


def _silence(room: Room, mine: Membership) -> str:
    """Why they may not write, as a sentence; empty when they may."""
    if why := why_silent(room, mine.role, is_muted=mine.is_muted):
        return why
    return DESERTED if is_deserted(room) else ""


def _states(room: Room) -> dict[str, str]:
    """Who is online at the page's first sight; the socket tells what changes."""
    roster = Roster()
    roster.load(present(room.public_id))
    return roster.states()


def _newer(user: User, room: Room, log: list[Message]) -> int | None:
    """Where the page after this one ends; None when this is the newest (one query)."""
    if not log:
        return None
    rows = Message.objects.readable_by(user, room).shown()
    after = rows.filter(seq__gt=log[-1].seq).order_by("seq")
    found = list(after.values_list("seq", flat=True)[: limits.PAGE_SIZE])
    return found[-1] + 1 if found else None


def log_page(user: User, room: Room, before: int | None) -> list[Message]:
    """The page that ends before `before`; None: the newest that the cursor covers.

    A message that came after the room was read is left to the replay, so that the
    last section and the cursor belong together.
    """
    end = room.last_seq + 1 if before is None else min(before, room.last_seq + 1)
    found = page_before(user, room, end)
    mark_new(user, room, found)
    return found
