"""The pane of a thread beside its room: what it holds, and a reply that goes into it.

Without JavaScript the room's own page shows it: `?thread=` says which.
"""

from typing import Any
from uuid import UUID, uuid4

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_safe

from accounts.http import UserRequest
from chat import notices, sidebar
from chat.access import can, message_or_404
from chat.drafts import forget_draft
from chat.forms import EditForm
from chat.forms_read import ThreadPageForm
from chat.inbox import Refused, post_message
from chat.message_pages import asked_for
from chat.models import Message, Room
from chat.own_tables import Box
from chat.quotes import line
from chat.refusals import REFUSAL_STATUS
from chat.room_pages import room_page
from chat.threads import changed_since, pane_of, thread_of, threads_of
from livechat.lib.http import error_page
from livechat.lib.words import marked


@require_safe
@login_required
def threads(request: UserRequest) -> HttpResponse:
    """The threads that one follows; a page that is open asks again by itself."""
    found = [(one, line(one)) for one in threads_of(request.user)]
    if request.headers.get("HX-Request"):
        return render(request, "chat/_threads.html", {"threads": found})
    context = {"page": "threads", "threads": found, **sidebar.context(request.user)}
    return render(request, "chat/threads.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def message_thread(request: UserRequest, public_id: str, seq: int) -> HttpResponse:
    """The thread that the message belongs to, or begins; a reply in it (POST)."""
    message = asked_for(request, public_id, seq)
    root = message
    if message.thread is not None:
        root = message_or_404(request.user, message.room, message.thread)
    if request.method == "POST":
        return _reply(request, root)
    form = ThreadPageForm(request.GET)
    if not form.is_valid():
        sentence = "before or since: expected a number."
        return error_page(
            request, 422, gettext("That page was not understood"), sentence
        )
    if not request.headers.get("HX-Request"):
        before = form.cleaned_data["before"]
        page = "" if before is None else f"&replies_before={before}"
        return redirect(f"{_address(root.room)}?thread={root.seq}{page}")
    if request.method == "GET":
        notices.read_thread(request.user, root.room, root.seq)
    return _part(request, root, **form.cleaned_data)


def _part(
    request: UserRequest, root: Message, before: int | None, since: int | None
) -> HttpResponse:
    room: Room = root.room
    if since is not None:
        html = changed_since(request.user, room, root, since)
        return HttpResponse(html, status=200 if html else 204)
    if before is not None:
        older = thread_of(request.user, room, root, before=before)
        context = {"room": room, "thread": older}
        return render(request, "chat/_thread_page.html", context)
    context = {"room": room, **pane_of(request.user, room, root)}
    return render(request, "chat/_thread_pane.html", context)


def _reply(request: UserRequest, root: Message) -> HttpResponse:
    room: Room = root.room
    if not can(request.user, "post", room):
        raise PermissionDenied(marked("You may not write in this room."))
    form = EditForm(request.POST)
    key = form.cleaned_data["client_id"] if form.is_valid() else uuid4()
    text, in_room = request.POST.get("body", ""), "in_room" in request.POST
    try:
        posted = post_message(
            request.user,
            room,
            body=text,
            client_id=key,
            reply_to=root.seq,
            in_room=in_room,
        )
    except Refused as refusal:
        return _refused(request, root, refusal, text, key)
    forget_draft(request.user, room, Box(thread=root.seq))
    if request.headers.get("HX-Request"):
        return _form(request, root, {"client_id": uuid4()})
    return redirect(f"{_address(room)}?thread={root.seq}#r-{posted.seq}")


def _refused(
    request: UserRequest, root: Message, refusal: Refused, text: str, key: UUID
) -> HttpResponse:
    """The text again, with the reason; sent again it is the same message."""
    form = {
        "client_id": key,
        "text": text,
        "also": "in_room" in request.POST,
        "refused": refusal.message,
    }
    if request.headers.get("HX-Request"):
        response = _form(request, root, form)
    else:
        pane = pane_of(request.user, root.room, root) | {"thread_form": form}
        response = room_page(request, root.room, **pane)
    response.status_code = REFUSAL_STATUS.get(refusal.code, 422)
    if refusal.retry_after_ms:
        response["Retry-After"] = str(-(-refusal.retry_after_ms // 1000))
    return response


def _form(
    request: HttpRequest, root: Message, thread_form: dict[str, Any]
) -> HttpResponse:
    context = {"room": root.room, "root": root, "thread_form": thread_form}
    return render(request, "chat/_thread_form.html", context)


def _address(room: Room) -> str:
    return resolve_url("room", room.public_id)
