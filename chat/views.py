"""The pages of rooms. A room that is not the reader's looks like none: 404.

Every view is complete HTML without JavaScript; what is live comes over the socket.
"""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.utils.translation import gettext
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from accounts.http import UserRequest
from chat import actions, commands, notices
from chat.access import (
    can,
    message_or_404,
    require,
    require_site,
    room_or_404,
)
from chat.drafts import forget_draft
from chat.forms import BeforeForm, MessageForm, RoomForm
from chat.forms_read import ThreadForm
from chat.inbox import Refused
from chat.models import Room
from chat.refusals import REFUSAL_STATUS, go, tells_refusals
from chat.room_names import NameTaken
from chat.room_pages import log_page, room_page
from chat.silences import DESERTED, is_deserted
from chat.threads import pane_of
from livechat.lib.http import error_page


@require_safe
@login_required
def room(request: UserRequest, public_id: str) -> HttpResponse:
    """The newest messages; with `before`, the page that ends there.

    With `thread`, that beside them: its newest page, the one that ends at
    `replies_before`, or the one that holds the reply `at`.
    """
    found = room_or_404(request.user, public_id)
    beside = ThreadForm(request.GET)
    if not beside.is_valid():
        raise Http404("There is no such thread.")
    if (thread := beside.cleaned_data["thread"]) is not None:
        root = message_or_404(request.user, found, thread)
        if request.method == "GET":
            notices.read_thread(request.user, found, root.seq)
        at, before = (beside.cleaned_data[name] for name in ("at", "replies_before"))
        pane = pane_of(request.user, found, root, at=at, before=before)
        return room_page(request, found, **pane)
    if "before" not in request.GET:
        return room_page(request, found)
    form = BeforeForm(request.GET)
    if not form.is_valid():
        return _bad_before(request)
    return room_page(request, found, before=form.cleaned_data["before"])


@require_safe
@login_required
def room_history(request: UserRequest, public_id: str) -> HttpResponse:
    """The fragment of the messages before `before`, and of what lies above them."""
    found = room_or_404(request.user, public_id)
    form = BeforeForm(request.GET)
    if not form.is_valid():
        return _bad_before(request)
    older = log_page(request.user, found, form.cleaned_data["before"])
    if not older:  # nothing older is theirs to read
        return render(request, "chat/_intro.html", {"room": found})
    context = {"room": found, "messages": older}
    return render(request, "chat/_older_page.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@tells_refusals
def room_new(request: UserRequest) -> HttpResponse:
    """Make a room; its page comes next. No guest makes one."""
    require_site(request.user, "create_room")
    form = RoomForm(request.POST or None)
    if form.is_valid():
        try:
            made = actions.create_room(request.user, **form.cleaned_data)
        except NameTaken as reason:
            form.add_error("name", str(reason))
        else:
            return go(request, "room", made.public_id)
    context = {
        "form": form,
        "submit": gettext("Make the room"),
        "action": resolve_url("room_new"),
    }
    status = 422 if form.errors else 200
    return render(request, "chat/room_form.html", context, status=status)


@require_POST
@login_required
@tells_refusals
def room_join(request: UserRequest, public_id: str) -> HttpResponse:
    """Belong to a public room; for those who do already nothing changes."""
    found = room_or_404(request.user, public_id)
    if can(request.user, "join", found):
        actions.join_room(request.user, found)
    return go(request, "room", public_id)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@tells_refusals
def room_leave(request: UserRequest, public_id: str) -> HttpResponse:
    """Ask (a private room has no way back), then belong to the room no longer."""
    found = room_or_404(request.user, public_id)
    if request.method != "POST":
        return render(request, "chat/room_leave.html", {"room": found})
    actions.leave_room(request.user, found)
    return go(request, "lobby")


@require_POST
@login_required
def room_messages(request: UserRequest, public_id: str) -> HttpResponse:
    """Post without JavaScript; a refusal shows the text again with the reason."""
    found = room_or_404(request.user, public_id)
    if is_deserted(found):
        return error_page(request, 403, gettext("Nobody would read it"), DESERTED)
    require(request.user, "post", found)
    form = MessageForm(request.POST)
    if not form.is_valid():
        return error_page(
            request,
            422,
            gettext("That message was not understood"),
            gettext("Go back, reload the page and send it again."),
        )
    try:
        notice = commands.say(request.user, found, **form.cleaned_data)
    except Refused as refusal:
        return _refused_page(request, found, form.cleaned_data, refusal)
    forget_draft(request.user, found)
    if notice:
        messages.info(request, notice)
    return redirect(resolve_url("room", public_id) + "#end")


@require_safe
@login_required
def me_css(request: UserRequest, public_id: str) -> HttpResponse:
    """The rules that make one's own messages look so; nobody else's."""
    if public_id != request.user.public_id:
        raise Http404("Not yours.")
    blocked = request.user.blocks.values_list("blocked__public_id", flat=True)
    words = {"you": gettext("You"), "sent": gettext("Sent ✓")}
    shows = request.user.shows_previews
    context = {"me": public_id, "blocked": blocked, "shows_previews": shows, **words}
    response = render(request, "chat/me.css", context, content_type="text/css")
    # The address holds a version, which a test keeps in step with the file, and the
    # language.
    response["Cache-Control"] = "private, max-age=31536000, immutable"
    return response


def _refused_page(
    request: UserRequest, room: Room, sent: dict[str, Any], refusal: Refused
) -> HttpResponse:
    response = room_page(
        request,
        room,
        status=REFUSAL_STATUS.get(refusal.code, 422),
        draft=sent["body"],
        client_id=sent["client_id"],  # sent again it is the same message
        refused=refusal.message,
    )
    if refusal.retry_after_ms:
        response["Retry-After"] = str(-(-refusal.retry_after_ms // 1000))
    return response


def _bad_before(request: HttpRequest) -> HttpResponse:
    sentence = "before: expected the number of a message, 1 or more."
    return error_page(request, 422, gettext("That page was not understood"), sentence)
