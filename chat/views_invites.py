"""Links into a room: the page of those who make them, and the page that one opens."""

from typing import Any

import segno
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.views.decorators.http import require_http_methods, require_POST

from accounts.http import UserRequest
from accounts.links import SESSION_FIELD
from accounts.models import Community
from chat.access import allowed_or_404
from chat.forms import LinkForm
from chat.moderation_tables import RoomInvite
from chat.refusals import tells_refusals
from chat.room_invites import NoSuchLink, link_of, make_link, revoke_link, use_link
from livechat.lib import limits

QR_SCALE = 5  # pixels of one dark square
QR_BORDER = 2  # squares around them


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@tells_refusals
def room_invites(request: UserRequest, public_id: str) -> HttpResponse:
    """Make a link, which is shown this once with its QR code; the list of them."""
    room = allowed_or_404(request.user, "invite", public_id)
    form = LinkForm(request.POST or None, for_staff=request.user.is_staff)
    context: dict[str, Any] = {"room": room, "form": form}
    if form.is_valid():
        _, code = make_link(request.user, room, **form.cleaned_data)
        link = request.build_absolute_uri(resolve_url("join", code))
        qr = segno.make(link, error="m", micro=False)
        context["new_link"] = link
        context["qr"] = qr.png_data_uri(scale=QR_SCALE, border=QR_BORDER)
        context["form"] = LinkForm(for_staff=request.user.is_staff)
    rows = room.invites.select_related("created_by").order_by("-pk")
    context["links"] = rows[: limits.ROOM_INVITES_MAX]
    status = 422 if form.errors else 200
    return render(request, "chat/room_invites.html", context, status=status)


@require_POST
@login_required
@tells_refusals
def room_invite_end(request: UserRequest, public_id: str, pk: int) -> HttpResponse:
    """Revoke a link."""
    room = allowed_or_404(request.user, "invite", public_id)
    revoke_link(request.user, room, pk)
    return redirect("room_invites", public_id)


@require_http_methods(["GET", "HEAD", "POST"])
@tells_refusals
def join(request: UserRequest, code: str) -> HttpResponse:
    """What the link leads to (GET), for anybody who has it; go in (POST)."""
    try:
        if request.method != "POST":
            return _door(request, code, link_of(code))
        return _go_in(request, code)
    except NoSuchLink:
        return render(request, "chat/join_invalid.html", status=404)


@login_required
def _go_in(request: UserRequest, code: str) -> HttpResponse:
    return redirect("room", use_link(request.user, code).public_id)


def _door(request: HttpRequest, code: str, link: RoomInvite) -> HttpResponse:
    """The page that says where it leads; who has no account may be let make one."""
    site_invite = link.site_invite
    if site_invite is not None and not request.user.is_authenticated:
        request.session[SESSION_FIELD] = site_invite.code_hash
    is_open = Community.current().sign_up == Community.SignUp.OPEN
    context = {
        "link": link,
        "here": resolve_url("join", code),
        "members": link.room.memberships.count(),
        "may_sign_up": is_open or site_invite is not None,
    }
    return render(request, "chat/join.html", context)
