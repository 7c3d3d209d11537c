"""The lobby: the rooms that one may see, searched, sorted and page by page."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from accounts.http import JUST_ARRIVED, UserRequest
from chat import sidebar
from chat.forms import LobbyForm, RoomForm
from chat.models import Room
from livechat.lib import limits


@require_safe
@login_required
def lobby(request: UserRequest) -> HttpResponse:
    """A page of the rooms that one may see; a newcomer goes on to the first of theirs.

    What is asked for and makes no sense is as if it was not asked for.
    """
    if request.session.pop(JUST_ARRIVED, False):
        first = Room.objects.joined_by(request.user).order_by("name", "pk").first()
        if first is not None:
            return redirect("room", first.public_id)
    form = LobbyForm(request.GET)
    form.is_valid()
    wanted: dict[str, Any] = {**LobbyForm.DEFAULTS, **form.wanted()}
    context = {
        "page": "lobby",
        "form": RoomForm(),
        "sorts": LobbyForm.SORTS,
        **sidebar.context(request.user),
        **wanted,
        **_rooms(request, wanted),
    }
    return render(request, "chat/lobby.html", context)


def _rooms(request: UserRequest, wanted: dict[str, Any]) -> dict[str, Any]:
    """The rooms of the page, and the queries of the pages before and after it."""
    found = (
        Room.objects.visible_to(request.user)
        .without_directs()
        .filter(is_archived=wanted["archived"])
        .matching(wanted["q"])
        .with_member_count()
        .with_joined(request.user)
        .sorted_by(wanted["sort"])
    )
    size, number = limits.LOBBY_PAGE_SIZE, wanted["number"]
    start = (number - 1) * size
    rooms = list(found[start : start + size + 1])
    query = request.GET.copy()
    links = {}
    for name, other, there in (
        ("newer", number - 1, number > 1),
        ("further", number + 1, len(rooms) > size),
    ):
        query["number"] = str(other)
        links[name] = f"?{query.urlencode()}" if there else ""
    # New rooms come live, but only to where all of them are listed.
    is_filtered = number > 1 or bool(wanted["q"]) or wanted["archived"]
    return {"rooms": rooms[:size], "is_filtered": is_filtered, **links}
