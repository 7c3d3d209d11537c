"""The page of devices: where somebody is signed in, and the end of each of them."""

from typing import cast

from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_POST, require_safe

from accounts import sessions
from accounts.devices import devices_of
from accounts.http import UserRequest
from livechat.lib import limits


@require_safe
@login_required
def devices(request: HttpRequest) -> HttpResponse:
    """Sessions and tokens of the person who asks."""
    user = cast(UserRequest, request).user
    context = {
        "devices": devices_of(user),
        "tokens": user.tokens.order_by("-pk")[: limits.DEVICES_MAX],
        "this_key": request.session.session_key,
    }
    return render(request, "accounts/devices.html", context)


@require_POST
@login_required
def end_device(request: HttpRequest, public_id: str) -> HttpResponse:
    """End one session of one's own, which may be this one; 404 for others'."""
    user = cast(UserRequest, request).user
    device = get_object_or_404(user.devices, public_id=public_id)
    if device.session_id == request.session.session_key:
        logout(request)
        return redirect("account_login")
    sessions.end_session(device.session_id)
    sentence = gettext("{name} is logged out.").format(name=device.called)
    messages.success(request, sentence)
    return redirect("devices")


@require_POST
@login_required
def end_token(request: HttpRequest, pk: int) -> HttpResponse:
    """End a token of one's own and the sockets that it opened; 404 for others'."""
    user = cast(UserRequest, request).user
    token = get_object_or_404(user.tokens, pk=pk)
    token.delete()
    sentence = gettext("The token {name} opens nothing any more.")
    messages.success(request, sentence.format(name=token.name))
    return redirect("devices")


@require_POST
@login_required
def end_others(request: HttpRequest) -> HttpResponse:
    """End every session of one's own but this one; tokens stay."""
    user = cast(UserRequest, request).user
    sessions.end_other_sessions(user, but=request.session.session_key)
    messages.success(request, gettext("All other devices are logged out."))
    return redirect("devices")


@require_POST
@login_required
def end_everywhere(request: HttpRequest) -> HttpResponse:
    """End every session of one's own, this one too; tokens stay."""
    sessions.end_all_sessions(cast(UserRequest, request).user)
    logout(request)
    messages.success(request, gettext("You are logged out everywhere."))
    return redirect("account_login")
