"""What one has read: marked by hand, and explained. Open pages do it by the socket."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.utils.translation import gettext
from django.views.decorators.http import require_POST, require_safe

from accounts.http import UserRequest
from chat import notices
from chat.access import require, room_or_404
from chat.forms_read import OwnForm, ReadForm
from chat.models import Membership, Message, Room
from chat.reading import arrange, mark_all_read, mark_read
from chat.sidebar import SECTIONS
from chat.unread import explained
from livechat.lib.http import error_page
from livechat.lib.words import mark_of

SHOWN = 20  # unread messages that the explanation lists


@require_POST
@login_required
def read_all(request: UserRequest) -> HttpResponse:
    """Mark every room and notification read as they stand; to htmx without a page."""
    rooms = mark_all_read(request.user) + notices.mark_read(request.user)
    if request.headers.get("HX-Request"):
        return HttpResponse(status=204)
    messages.success(
        request,
        gettext("All is read now.") if rooms else gettext("Nothing was unread."),
    )
    is_list = request.POST.get("next") == resolve_url("notices")
    return redirect("notices" if is_list else "lobby")


@require_POST
@login_required
def room_read(request: UserRequest, public_id: str) -> HttpResponse:
    """Mark a room read up to `upto`, or unread from `unread_from` on.

    Then to the lobby: the room's page would mark it read again.
    """
    found = _member_room(request, public_id)
    form = ReadForm(request.POST)
    if not form.is_valid():
        sentence = "upto or unread_from: expected the number of a message."
        return error_page(request, 422, gettext("That was not understood"), sentence)
    mark_read(request.user, found, form.upto_seq)
    if form.cleaned_data["unread_from"] is not None:
        messages.success(
            request,
            gettext("%(name)s is unread from there on.")
            % {"name": mark_of(found.name)},
        )
    return redirect("lobby")


@require_safe
@login_required
def room_unread(request: UserRequest, public_id: str) -> HttpResponse:
    """Why the room is unread: the numbers, and the first of the messages."""
    found = _member_room(request, public_id)
    standing = Membership.objects.select_related("room").get(
        room=found, user=request.user
    )
    listed = Message.objects.readable_by(request.user, found).counting()
    context = {
        "room": found,
        "why": explained(standing),
        "first": listed.page_after(standing.last_read_seq, SHOWN),
    }
    return render(request, "chat/room_unread.html", context)


@require_POST
@login_required
def room_own(request: UserRequest, public_id: str) -> HttpResponse:
    """Set of what one is told in a room, and whether it is a favourite."""
    found = _member_room(request, public_id)
    form = OwnForm(request.POST)
    if not form.is_valid():
        sentence = "level: expected all, mentions or nothing; or favourite: yes or no."
        return error_page(request, 422, gettext("That was not understood"), sentence)
    favourite = form.cleaned_data["favourite"]
    arrange(
        request.user,
        found,
        level=form.cleaned_data["level"] or None,
        is_favourite=favourite == "yes" if favourite else None,
    )
    return redirect("room", public_id)


@require_POST
@login_required
def section_fold(request: UserRequest, section: str) -> HttpResponse:
    """Remember for this session that a section is folded, or that it is not."""
    if section not in {one.name for one in SECTIONS}:
        raise Http404("There is no such section.")
    folded = set(request.session.get("folded", []))
    request.session["folded"] = sorted(folded ^ {section})
    if request.headers.get("HX-Request"):
        return HttpResponse(status=204)
    return redirect("lobby")


def _member_room(request: UserRequest, public_id: str) -> Room:
    found = room_or_404(request.user, public_id)
    require(request.user, "mark_read", found)
    return found
