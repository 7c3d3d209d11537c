"""The keyboard's ways through the site: the sheet of keys, the next unread room."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from accounts.http import UserRequest
from chat.forms import UnreadForm
from chat.models import Room
from livechat.lib import emoji, limits
from livechat.lib.http import error_page


@require_safe
@login_required
def shortcuts(request: UserRequest) -> HttpResponse:
    """Every key that does something."""
    return render(request, "chat/shortcuts.html")


@require_safe
@login_required
def emoji_pane(request: UserRequest) -> HttpResponse:
    """The fragment of emoji to write: those that `q` finds, else a common choice."""
    query = request.GET.get("q", "")[: limits.NAME_MAX_LENGTH]
    found = emoji.find(query, limits.EMOJI_SHOWN)
    return render(request, "chat/_emoji.html", {"found": found})


@require_safe
@login_required
def next_unread(request: UserRequest) -> HttpResponse:
    """To the next room (`way` up: the one before) with something unread after `room`.

    From the last on to the first. Where all is read: back, with a word.
    """
    form = UnreadForm(request.GET)
    if not form.is_valid():
        sentence = "way: expected up or down."
        return error_page(request, 422, gettext("That was not understood"), sentence)
    here, way = form.cleaned_data["room"], form.cleaned_data["way"]
    rooms = list(Room.objects.unread_by(request.user, here))
    if way == "up":
        rooms.reverse()
    at = next((n for n, one in enumerate(rooms) if one.public_id == here), -1)
    ahead = rooms[at + 1 :] + rooms[: max(at, 0)]
    if ahead:
        return redirect("room", ahead[0].public_id)
    messages.info(request, gettext("You have read everything."))
    return redirect("room", here) if at >= 0 else redirect("lobby")
