"""A room's settings, its end, and what those who run it have done."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from accounts.http import UserRequest
from chat import actions
from chat.access import allowed_or_404, can
from chat.forms import ArchiveForm, OffsetForm
from chat.forms_settings import SettingsForm
from chat.refusals import go, tells_refusals
from chat.room_names import NameTaken
from chat.room_settings import update_room
from livechat.lib import limits


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@tells_refusals
def room_edit(request: UserRequest, public_id: str) -> HttpResponse:
    """Change what a room is called and for, and who may see it and write in it."""
    found = allowed_or_404(request.user, "edit_room", public_id)
    initial = {name: getattr(found, name) for name in SettingsForm.base_fields}
    form = SettingsForm(request.POST or None, initial=initial)
    if form.is_valid():
        try:
            update_room(request.user, found, **form.cleaned_data)
        except NameTaken as reason:
            form.add_error("name", str(reason))
        else:
            return go(request, "room", public_id)
    context = {
        "form": form,
        "room": found,
        "may_delete": can(request.user, "delete_room", found),
    }
    status = 422 if form.errors else 200
    return render(request, "chat/room_settings.html", context, status=status)


@require_POST
@login_required
@tells_refusals
def room_archive(request: UserRequest, public_id: str) -> HttpResponse:
    """Put a room into the archive, where nobody writes; or take it out again."""
    found = allowed_or_404(request.user, "edit_room", public_id)
    form = ArchiveForm(request.POST)
    if not form.is_valid():
        messages.error(
            request, gettext("Choose again: archive the room, or take it out.")
        )
        return redirect("room_edit", public_id)
    archived = form.cleaned_data["archived"] == "yes"
    update_room(request.user, found, is_archived=archived)
    return redirect("room", public_id)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def room_delete(request: UserRequest, public_id: str) -> HttpResponse:
    """Ask, then delete the room with all that was written in it."""
    found = allowed_or_404(request.user, "delete_room", public_id)
    if request.method != "POST":
        return render(request, "chat/room_delete.html", {"room": found})
    actions.delete_room(request.user, found)
    return go(request, "lobby")


@require_safe
@login_required
def room_audit(request: UserRequest, public_id: str) -> HttpResponse:
    """Who did what in the room, the latest first; for all who belong to it."""
    found = allowed_or_404(request.user, "see_audit", public_id)
    offset = OffsetForm(request.GET)
    start: int = (offset.is_valid() and offset.cleaned_data["offset"]) or 0
    end = start + limits.PAGE_SIZE
    rows: Any = found.audit_entries.order_by("-pk")
    entries = list(rows[start : end + 1])
    context = {
        "room": found,
        "entries": entries[: limits.PAGE_SIZE],
        "next_offset": end if len(entries) > limits.PAGE_SIZE else None,
    }
    return render(request, "chat/room_audit.html", context)
