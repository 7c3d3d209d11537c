"""What pages about one message share: a fragment for htmx, a page for all others."""

from typing import Any
from uuid import UUID, uuid4

from django.http import HttpResponse
from django.shortcuts import redirect, render, resolve_url

from accounts.http import UserRequest
from chat import fanout, fragments
from chat.access import message_or_404, room_or_404
from chat.inbox import Refused
from chat.models import Message, Room
from chat.quotes import quote
from chat.refusals import REFUSAL_STATUS
from livechat.lib import limits


def asked_for(request: UserRequest, public_id: str, seq: int) -> Message:
    """The message that the address names, with its author and room.

    Raises:
        Http404: it is not there, is deleted, or not theirs to read.
    """
    return message_or_404(request.user, room_or_404(request.user, public_id), seq)


def shown_at(message: Message) -> str:
    """The address of the room's page that holds the message, where it is marked.

    Needs the message's room.
    """
    room: Room = message.room
    address = resolve_url("room", room.public_id)
    if message.in_room and room.last_seq - message.seq >= limits.PAGE_SIZE:
        address += f"?before={message.seq + limits.PAGE_SIZE // 2}"
    return address + message.place


def message_page(
    request: UserRequest,
    message: Message,
    part: str,
    heading: str,
    refusal: Refused | None = None,
    **more: Any,
) -> HttpResponse:
    """The fragment, or the page around it."""
    is_fragment = bool(request.headers.get("HX-Request"))
    template = part if is_fragment else "chat/message.html"
    context = {
        "room": message.room,
        "message": message,
        "part": part,
        "heading": heading,
        "shown_at": shown_at(message),
        "is_page": not is_fragment,
        **more,
    }
    if refusal is None:
        return render(request, template, context)
    status = REFUSAL_STATUS.get(refusal.code, 422)
    response = render(request, template, context, status=status)
    if refusal.retry_after_ms:
        response["Retry-After"] = str(-(-refusal.retry_after_ms // 1000))
    return response


def reply_context(
    message: Message, text: str, client_id: UUID | None = None
) -> dict[str, Any]:
    """What the form for an answer to the message needs besides both."""
    return {
        "text": text,
        "client_id": client_id or uuid4(),  # sent again it is the same message
        "quote": quote(message),
    }


def done(
    request: UserRequest, message: Message, form: str = "", told: str = ""
) -> HttpResponse:
    """The message as it is now; `form` is what is done with in the page.

    `told` is said in the corner of the page.
    """
    room: Room = message.room
    if not request.headers.get("HX-Request"):
        return redirect(shown_at(message))
    rows = Message.objects.readable_by(request.user, room).select_related("author")
    now = rows.filter(seq=message.seq).first()
    html = fanout.partial(form, "delete", "") if form else ""
    if now is not None:
        html += fragments.replaced(now).decode()
    if told:
        html += fanout.toast(told, kind="info").decode()
    return HttpResponse(html)
