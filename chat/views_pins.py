"""The pages of a room's pins: what is pinned, and a pin that goes up or comes down."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext
from django.views.decorators.http import require_POST, require_safe

from accounts.http import UserRequest
from chat import fanout
from chat.access import allowed_or_404, can, room_or_404
from chat.changes import NotPossible, TooManyChanges
from chat.forms_read import SwitchForm
from chat.message_pages import asked_for, done
from chat.pins import pins_of, set_pinned
from chat.quotes import line
from chat.refusals import tells_refusals
from livechat.lib.http import error_page


@require_safe
@login_required
def room_pins(request: UserRequest, public_id: str) -> HttpResponse:
    """What is pinned in the room, the latest first."""
    found = room_or_404(request.user, public_id)
    is_fragment = bool(request.headers.get("HX-Request"))
    template = "chat/_pins.html" if is_fragment else "chat/room_pins.html"
    context = {
        "room": found,
        "pins": [(one, line(one)) for one in pins_of(request.user, found)],
        "may_pin": can(request.user, "pin", found),
        "is_page": not is_fragment,
    }
    return render(request, template, context)


@require_POST
@login_required
@tells_refusals
def message_pin(request: UserRequest, public_id: str, seq: int) -> HttpResponse:
    """Pin the message (`on` is yes), or take it down (no)."""
    message = asked_for(request, public_id, seq)
    allowed_or_404(request.user, "pin", public_id)
    form = SwitchForm(request.POST)
    if not form.is_valid():
        return error_page(
            request, 422, gettext("That was not understood"), "on: yes or no."
        )
    try:
        set_pinned(request.user, message.room, seq, pinned=form.is_on)
    except (NotPossible, TooManyChanges) as refusal:
        if not request.headers.get("HX-Request"):
            raise
        return HttpResponse(fanout.toast(str(refusal)))
    return done(request, message)
