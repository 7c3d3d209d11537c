"""What one is to know of: the list, and the way from a line to what it is about."""

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from accounts.http import UserRequest
from chat import notice_list, notices, sidebar
from chat.forms_read import NoticesForm


@require_safe
@login_required
def notices_page(request: UserRequest) -> HttpResponse:
    """The newest of one's notifications, or (`before`: one of them) those below it.

    A `before` that is none of them any more leads to the newest.
    """
    form = NoticesForm(request.GET)
    form.is_valid()
    before = form.cleaned_data.get("before", "")
    found = notice_list.page(request.user, before)
    if found is None:
        return redirect("notices")
    context = {
        "entries": found.entries,
        "before": before,
        "further": found.further,
        **sidebar.context(request.user),
    }
    return render(request, "chat/notices.html", context)


@require_safe
@login_required
def notices_list(request: UserRequest) -> HttpResponse:
    """The fragment of the newest."""
    context = {"entries": notice_list.entries(request.user)}
    return render(request, "chat/_notices.html", context)


@require_safe
@login_required
def notice(request: UserRequest, public_id: str) -> HttpResponse:
    """To what it is about, which marks it read; 404 for others', or what is gone."""
    found = notice_list.one(request.user, public_id)
    if found is None:
        raise Http404("There is no such notification, or what it was about is gone.")
    if request.method == "GET":
        notices.mark_read(request.user, public_id)
    return redirect(found.url)
