"""The page of a room's members, and what its admins do there; it needs no script."""

from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST

from accounts.http import UserRequest
from accounts.models import User
from chat import members as people
from chat.access import allows, require, room_or_404, standing_in
from chat.changes import NotPossible
from chat.forms import AddMemberForm, MuteForm, OffsetForm, RoleForm
from chat.models import Room
from chat.people import addable
from chat.refusals import tells_refusals
from livechat.lib import limits
from livechat.lib.http import error_page
from livechat.lib.words import mark_of

Act = Callable[[Room, User], object]


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@tells_refusals
def room_members(request: UserRequest, public_id: str) -> HttpResponse:
    """Who belongs to the room; an admin adds somebody by name."""
    room = room_or_404(request.user, public_id)
    if request.method != "POST":
        require(request.user, "see_members", room)
        return _page(request, room)
    require(request.user, "add_member", room)
    form = AddMemberForm(request.POST)
    if not form.is_valid():
        return _page(request, room, form)
    try:
        people.add_member(request.user, room, form.cleaned_data["name"])
    except NotPossible as reason:
        form.add_error("name", str(reason))
        return _page(request, room, form)
    return redirect("room_members", public_id)


@require_POST
@login_required
@tells_refusals
def room_role(request: UserRequest, public_id: str, user: str) -> HttpResponse:
    """Make a member an admin, or an admin a member."""
    form = RoleForm(request.POST)
    if not form.is_valid():
        return _senseless(request)
    role = form.cleaned_data["role"]
    return _changed(
        request,
        public_id,
        user,
        lambda room, whom: people.set_role(request.user, room, whom, role),
    )


@require_POST
@login_required
@tells_refusals
def room_mute(request: UserRequest, public_id: str, user: str) -> HttpResponse:
    """Let a member read and not write, or write again."""
    form = MuteForm(request.POST)
    if not form.is_valid():
        return _senseless(request)
    muted = form.cleaned_data["muted"] == "yes"
    return _changed(
        request,
        public_id,
        user,
        lambda room, whom: people.set_muted(request.user, room, whom, muted=muted),
    )


@require_POST
@login_required
@tells_refusals
def room_removal(request: UserRequest, public_id: str, user: str) -> HttpResponse:
    """Remove a member."""
    return _changed(
        request,
        public_id,
        user,
        lambda room, whom: people.remove_member(request.user, room, whom),
    )


@require_POST
@login_required
@tells_refusals
def room_ban(request: UserRequest, public_id: str, user: str) -> HttpResponse:
    """Ban somebody."""
    return _changed(
        request,
        public_id,
        user,
        lambda room, whom: people.ban(request.user, room, whom),
    )


@require_POST
@login_required
@tells_refusals
def room_ban_end(request: UserRequest, public_id: str, user: str) -> HttpResponse:
    """Lift a ban."""
    return _changed(
        request,
        public_id,
        user,
        lambda room, whom: people.unban(request.user, room, whom),
    )


def _changed(request: UserRequest, public_id: str, user: str, act: Act) -> HttpResponse:
    """Do it, and show the members again; what does not fit is said above them."""
    room = room_or_404(request.user, public_id)
    require(request.user, "remove_member", room)
    found = User.objects.filter(public_id=user).first()
    if found is None:
        raise Http404("There is no such person.")
    try:
        act(room, found)
    except NotPossible as reason:
        messages.error(request, mark_of(str(reason)))
    return redirect("room_members", public_id)


def _page(
    request: UserRequest, room: Room, form: AddMemberForm | None = None
) -> HttpResponse:
    standing = standing_in(request.user, room)
    may_manage = allows(request.user, "add_member", room, standing)
    offset = OffsetForm(request.GET)
    start = (offset.is_valid() and offset.cleaned_data["offset"]) or 0
    end = start + limits.PAGE_SIZE
    rows = list(room.memberships.by_name()[start : end + 1])
    context = {
        "room": room,
        "members": rows[: limits.PAGE_SIZE],
        "next_offset": end if len(rows) > limits.PAGE_SIZE else None,
        "may_manage": may_manage,
        "may_moderate": allows(request.user, "mute", room, standing),
    }
    if may_manage:
        context["form"] = form or AddMemberForm()
        context["addable"] = addable(room)
        context["bans"] = room.bans.latest_first()[: limits.PEOPLE_PANE_MAX]
    status = 422 if form is not None and form.errors else 200
    return render(request, "chat/room_members.html", context, status=status)


def _senseless(request: HttpRequest) -> HttpResponse:
    sentence = gettext("Go back, reload the page and try again.")
    return error_page(request, 422, gettext("That change was not understood"), sentence)
