"""The page on which one chooses whom to write to; it needs no script."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from accounts.http import UserRequest
from chat.access import require_site
from chat.changes import NotPossible
from chat.directs import begin_direct
from chat.forms import PeopleForm
from chat.people import findable
from chat.refusals import tells_refusals
from livechat.lib import limits


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@tells_refusals
def direct_new(request: UserRequest) -> HttpResponse:
    """Search for people by name and choose some (GET, POST with `find`); or write.

    The same people lead to the same room, which is made if there is none. No guest of
    the site begins one.
    """
    require_site(request.user, "begin_direct")
    begins = request.method == "POST" and "find" not in request.POST
    form = PeopleForm(request.POST if request.method == "POST" else request.GET)
    if not form.is_valid():
        sentence = gettext(
            "One of these people has no account here any more. Choose again."
        )
        return _page(request, "", [], refused=sentence)
    part, chosen = form.cleaned_data["q"], list(form.cleaned_data["user"])
    if not begins:
        return _page(request, part, chosen)
    try:
        room, _ = begin_direct(request.user, chosen)
    except NotPossible as reason:
        return _page(request, part, chosen, refused=str(reason))
    return redirect("room", room.public_id)


def _page(
    request: HttpRequest, part: str, chosen: list[Any], refused: str = ""
) -> HttpResponse:
    found = findable(request.user, part, chosen)  # type: ignore[arg-type] # signed in
    context = {
        "q": part,
        "chosen": chosen,
        "found": found,
        "more": len(found) == limits.PEOPLE_FOUND_MAX,
        "most": limits.DIRECT_MAX_PEOPLE - 1,
        "refused": refused,
    }
    status = 422 if refused else 200
    return render(request, "chat/direct_new.html", context, status=status)
