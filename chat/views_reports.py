"""Reporting a message, and the pages of those who look at reports; without a script."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from accounts.http import UserRequest
from accounts.models import User
from chat.access import allowed_or_404
from chat.changes import NotPossible
from chat.forms import OutcomeForm, ReportForm
from chat.models import Message, Room
from chat.refusals import tells_refusals
from chat.reports import open_reports, readable_or_404, report, settle
from chat.titles import entitle
from livechat.lib import limits
from livechat.lib.http import error_page
from livechat.lib.words import mark_of


@require_safe
@login_required
def room_report_new(request: UserRequest, public_id: str) -> HttpResponse:
    """The latest messages of others, to choose the one to report without a pointer."""
    room = allowed_or_404(request.user, "report", public_id)
    rows = Message.objects.readable_by(request.user, room)
    rows = rows.filter(kind=Message.Kind.TEXT, deleted_at=None)
    others = rows.exclude(author=request.user).select_related("author")
    latest = others.order_by("-seq")[: limits.PAGE_SIZE]
    context = {"room": room, "latest": latest}
    return render(request, "chat/room_report_new.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@tells_refusals
def message_report(request: UserRequest, public_id: str, seq: int) -> HttpResponse:
    """Ask those who run the room, and the site, to look at a message."""
    room = allowed_or_404(request.user, "report", public_id)
    message = readable_or_404(request.user, room, seq)
    form = ReportForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        report(request.user, room, seq, **form.cleaned_data)
        messages.success(
            request, gettext("Reported. You are told here what came of it.")
        )
        return redirect("own_reports")
    context = {"form": form, "room": room, "message": message}
    status = 422 if form.errors else 200
    return render(request, "chat/message_report.html", context, status=status)


@require_safe
@login_required
def own_reports(request: UserRequest) -> HttpResponse:
    """What one has reported, the latest first, and what came of it."""
    rows = request.user.reports.order_by("-pk")[: limits.PAGE_SIZE]
    return render(request, "chat/own_reports.html", {"reports": rows})


@require_safe
@login_required
def room_reports(request: UserRequest, public_id: str) -> HttpResponse:
    """The open reports of a room, for those who moderate it."""
    room = allowed_or_404(request.user, "see_reports", public_id)
    return _queue(request, request.user, room)


@require_POST
@login_required
@tells_refusals
def room_report(request: UserRequest, public_id: str, pk: int) -> HttpResponse:
    """Settle a report of a room."""
    room = allowed_or_404(request.user, "see_reports", public_id)
    return _settled(request, room, pk)


@require_safe
@login_required
def site_reports(request: UserRequest) -> HttpResponse:
    """The open reports of all rooms, for the site's admins."""
    _staff_or_404(request.user)
    return _queue(request, request.user, None)


@require_POST
@login_required
@tells_refusals
def site_report(request: UserRequest, pk: int) -> HttpResponse:
    """Settle a report wherever the message is."""
    _staff_or_404(request.user)
    return _settled(request, None, pk)


def _queue(request: HttpRequest, user: User, room: Room | None) -> HttpResponse:
    reports = list(open_reports(user, room)[: limits.PAGE_SIZE])
    entitle([one.room for one in reports], user)
    context = {"reports": reports, "room": room}
    return render(request, "chat/reports.html", context)


def _settled(request: UserRequest, room: Room | None, pk: int) -> HttpResponse:
    form = OutcomeForm(request.POST)
    if not form.is_valid():
        sentence = gettext("Go back, reload the page and choose again.")
        return error_page(request, 422, gettext("That was not understood"), sentence)
    try:
        settle(request.user, pk, room, form.cleaned_data["outcome"])
    except NotPossible as reason:
        messages.error(request, mark_of(str(reason)))
    if room is None:
        return redirect("site_reports")
    return redirect("room_reports", room.public_id)


def _staff_or_404(user: User) -> None:
    if not user.is_staff:
        raise Http404("Not yours to see.")
