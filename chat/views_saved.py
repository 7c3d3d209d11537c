"""The list of what one keeps for later, and a message that comes onto it or goes."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_POST, require_safe

from accounts.http import UserRequest
from chat import fanout, sidebar
from chat.changes import NotPossible, TooManyChanges
from chat.forms_read import SwitchForm
from chat.message_pages import asked_for, done
from chat.quotes import line
from chat.refusals import tells_refusals
from chat.saving import saved_by, set_saved
from livechat.lib.http import error_page


@require_safe
@login_required
def saved(request: UserRequest) -> HttpResponse:
    """What one keeps, the latest first; a page that is open asks again by itself."""
    found = [(one, line(one)) for one in saved_by(request.user)]
    if request.headers.get("HX-Request"):
        return render(request, "chat/_saved.html", {"saved": found})
    context = {"page": "saved", "saved": found, **sidebar.context(request.user)}
    return render(request, "chat/saved.html", context)


@require_POST
@login_required
@tells_refusals
def message_saved(request: UserRequest, public_id: str, seq: int) -> HttpResponse:
    """Keep the message (`on` is yes), or no longer (no)."""
    message = asked_for(request, public_id, seq)
    form = SwitchForm(request.POST)
    if not form.is_valid():
        return error_page(
            request, 422, gettext("That was not understood"), "on: yes or no."
        )
    try:
        set_saved(request.user, message.room, seq, saved=form.is_on)
    except (NotPossible, TooManyChanges) as refusal:
        if not request.headers.get("HX-Request"):
            raise
        return HttpResponse(fanout.toast(str(refusal)))
    if not request.headers.get("HX-Request"):
        return redirect("saved")
    if form.is_on:
        return done(request, message, told=gettext("Saved. You find it at the side."))
    gone = gettext("It is off your list.")
    return done(request, message, form=f"#saved-{public_id}-{seq}", told=gone)
