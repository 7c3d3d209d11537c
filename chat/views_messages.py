"""What one does to one message: its menu, another text, its earlier texts, its end.

Each is a page of its own without JavaScript; to htmx it is the same fragment, for the
menu beside the message, and what was changed is answered with the message's new state.
"""

from typing import Any
from uuid import UUID, uuid4

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, resolve_url
from django.template.loader import render_to_string
from django.utils.translation import gettext
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from accounts.http import UserRequest
from chat import fanout
from chat.access import can, may_delete, may_edit, room_or_404
from chat.begun import draft_of
from chat.drafts import forget_draft
from chat.forms import EditForm, ReactionForm
from chat.inbox import (
    Refused,
    delete_message,
    edit_message,
    post_message,
    react,
    remove_cards,
)
from chat.links import cards
from chat.message_pages import (
    asked_for,
    done,
    message_page,
    reply_context,
    shown_at,
)
from chat.models import Message, Room
from chat.own_tables import Box
from chat.refusals import REFUSAL_STATUS
from chat.saving import is_saved
from chat.versions import Version
from livechat.lib import emoji, limits
from livechat.lib.http import error_page
from livechat.lib.words import marked


@require_safe
@login_required
def message_link(request: UserRequest, public_id: str, seq: int) -> HttpResponse:
    """To the room's page that holds the message, where it is marked."""
    return redirect(shown_at(asked_for(request, public_id, seq)))


@require_safe
@login_required
def message_menu(request: UserRequest, public_id: str, seq: int) -> HttpResponse:
    """What the reader may do with the message."""
    message = asked_for(request, public_id, seq)
    is_own = message.author_id == request.user.pk
    address = resolve_url("message_link", public_id, seq)
    more: dict[str, Any] = {
        "link": request.build_absolute_uri(address),
        "may_react": can(request.user, "post", message.room),
        "place": "r" if "pane" in request.GET or not message.in_room else "m",
        "belongs": can(request.user, "mark_read", message.room),
        "may_report": not is_own and can(request.user, "report", message.room),
        "may_edit": may_edit(request.user, message),
        "may_delete": may_delete(request.user, message),
        "is_saved": is_saved(request.user, message),
        "cards": cards(message),
        "may_pin": can(request.user, "pin", message.room),
    }
    return message_page(
        request, message, "chat/_message_menu.html", gettext("Message"), **more
    )


@require_safe
@login_required
def message_versions(request: UserRequest, public_id: str, seq: int) -> HttpResponse:
    """What the message said before it was edited."""
    message = asked_for(request, public_id, seq)
    versions = Version.objects.of(message.room_id, seq)
    return message_page(
        request,
        message,
        "chat/_message_versions.html",
        gettext("Earlier texts"),
        versions=versions,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def message_edit(request: UserRequest, public_id: str, seq: int) -> HttpResponse:
    """The form for another text, and that text (POST)."""
    message = asked_for(request, public_id, seq)
    if not may_edit(request.user, message):
        raise PermissionDenied(marked("You may not edit this message."))
    if request.method != "POST":
        return _edit_page(request, message, message.body)
    form = EditForm(request.POST)
    client_id = form.cleaned_data["client_id"] if form.is_valid() else uuid4()
    text = request.POST.get("body", "")
    try:
        edit_message(request.user, message.room, seq, text, client_id)
    except Refused as refusal:
        return _edit_page(request, message, text, refusal)
    return done(request, message, f"#edit-{seq}")


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def message_reactions(request: UserRequest, public_id: str, seq: int) -> HttpResponse:
    """Emoji to react with, those that `q` finds; a reaction or its end (POST)."""
    message = asked_for(request, public_id, seq)
    may_react = can(request.user, "post", message.room)
    if request.method == "POST":
        return _react(request, message)
    query = request.GET.get("q", "")[: limits.NAME_MAX_LENGTH]
    found = emoji.find(query, limits.EMOJI_SHOWN)
    part = "chat/_message_reactions.html"
    more: dict[str, Any] = {"may_react": may_react, "found": found, "query": query}
    return message_page(request, message, part, gettext("React"), **more)


def _react(request: UserRequest, message: Message) -> HttpResponse:
    if not can(request.user, "post", message.room):
        raise PermissionDenied(marked("You may not react in this room."))
    form = ReactionForm(request.POST)
    if not form.is_valid():
        return error_page(
            request, 422, gettext("That is no reaction"), gettext("Expected one emoji.")
        )
    found, is_on = form.cleaned_data["emoji"], form.cleaned_data["on"] == "yes"
    try:
        react(request.user, message.room, message.seq, found, on=is_on)
    except Refused as refusal:
        return _not_stored(request, refusal)
    return done(request, message)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def message_reply(request: UserRequest, public_id: str, seq: int) -> HttpResponse:
    """The form for an answer to the message, and that answer (POST)."""
    message = asked_for(request, public_id, seq)
    room: Room = message.room
    if not can(request.user, "post", room):
        raise PermissionDenied(marked("You may not write in this room."))
    if request.method != "POST":
        begun = draft_of(request.user, room, Box(reply_to=seq))
        return _reply_page(request, message, begun.body)
    form = EditForm(request.POST)
    key = form.cleaned_data["client_id"] if form.is_valid() else uuid4()
    text = request.POST.get("body", "")
    try:
        posted = post_message(
            request.user, room, body=text, client_id=key, reply_to=seq
        )
    except Refused as refusal:
        return _reply_page(request, message, text, key, refusal)
    forget_draft(request.user, room, Box(reply_to=seq))
    if request.headers.get("HX-Request"):
        return HttpResponse(fanout.partial("#reply-form", "delete", ""))
    return redirect(f"{resolve_url('room', public_id)}#m-{posted.seq}")


def _reply_page(
    request: UserRequest,
    message: Message,
    text: str = "",
    client_id: UUID | None = None,
    refusal: Refused | None = None,
) -> HttpResponse:
    context = reply_context(message, text, client_id)
    context["refused"] = refusal and refusal.message
    part = "chat/_message_reply.html"
    return message_page(request, message, part, gettext("Reply"), refusal, **context)


@require_safe
@login_required
def message_edit_last(request: UserRequest, public_id: str) -> HttpResponse:
    """The form for the last message of one's own, beside it; 204 when there is none."""
    room = room_or_404(request.user, public_id)
    rows = Message.objects.readable_by(request.user, room).filter(
        author=request.user, kind=Message.Kind.TEXT, deleted_at=None, in_room=True
    )
    last = rows.order_by("-seq").first()
    if last is None:
        return HttpResponse(status=204)
    last.room = room
    if not may_edit(request.user, last):
        raise PermissionDenied(marked("You may not edit this message."))
    if not request.headers.get("HX-Request"):
        return redirect("message_edit", public_id, last.seq)
    context = {"room": room, "message": last, **_edit_context(last.body)}
    form = render_to_string("chat/_message_edit.html", context, request)
    return HttpResponse(fanout.partial(f"#m-{last.seq}", "beforebegin", form))


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def message_delete(request: UserRequest, public_id: str, seq: int) -> HttpResponse:
    """Ask, then empty the message for everybody (POST)."""
    message = asked_for(request, public_id, seq)
    if not may_delete(request.user, message):
        raise PermissionDenied(marked("You may not delete this message."))
    ask = ("chat/_message_delete.html", gettext("Delete the message?"))
    if request.method != "POST":
        return message_page(request, message, *ask)
    try:
        delete_message(request.user, message.room, seq)
    except Refused as refusal:
        if request.headers.get("HX-Request"):  # the question is closed by now
            return HttpResponse(fanout.toast(refusal.message))
        return message_page(request, message, *ask, refusal, refused=refusal.message)
    return done(request, message)


def _edit_context(text: str) -> dict[str, Any]:
    return {
        "text": text,
        "client_id": uuid4(),
        "max_length": limits.MESSAGE_MAX_LENGTH,
    }


def _edit_page(
    request: UserRequest, message: Message, text: str, refusal: Refused | None = None
) -> HttpResponse:
    context = _edit_context(text)
    context["refused"] = refusal and refusal.message
    part = "chat/_message_edit.html"
    return message_page(
        request, message, part, gettext("Edit the message"), refusal, **context
    )


@require_POST
@login_required
def message_cards_end(request: UserRequest, public_id: str, seq: int) -> HttpResponse:
    """No previews of its links under a message of one's own any more."""
    message = asked_for(request, public_id, seq)
    if not may_edit(request.user, message):
        raise PermissionDenied(marked("You may not edit this message."))
    try:
        remove_cards(request.user, message.room, seq)
    except Refused as refusal:
        return _not_stored(request, refusal)
    return done(request, message)


def _not_stored(request: UserRequest, refusal: Refused) -> HttpResponse:
    if request.headers.get("HX-Request"):
        return HttpResponse(fanout.toast(refusal.message))
    status = REFUSAL_STATUS.get(refusal.code, 422)
    return error_page(request, status, gettext("Not stored"), refusal.message)
