"""Where a form leads, and what it shows when a change is refused (chat/changes.py)."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, resolve_url

from accounts.http import UserRequest
from chat.changes import NotPossible, TooManyChanges
from livechat.lib.http import error_page
from livechat.lib.words import mark_of, marked

# Of what the room worker refused, as the API says it; all else is the text's own fault.
REFUSAL_STATUS = {
    "rate_limited": 429,
    "waiting": 503,
    "busy": 503,
    "storage_full": 507,
    "forbidden": 403,
    "no_message": 404,
}

P = ParamSpec("P")
View = Callable[Concatenate[UserRequest, P], HttpResponse]


def tells_refusals(view: View[P]) -> View[P]:
    """The view; what it may not change is a page that says why, and when again."""

    @wraps(view)
    def wrapped(
        request: UserRequest, /, *args: P.args, **kwargs: P.kwargs
    ) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except NotPossible as reason:
            return _told(request, 409, marked("That does not fit"), str(reason))
        except TooManyChanges as reason:
            response = _told(request, 429, marked("That was too often"), str(reason))
            response["Retry-After"] = str(reason.retry_after_s)
            return response

    return wrapped


def go(request: HttpRequest, to: str, *args: str) -> HttpResponse:
    """Redirect; htmx would follow by itself and put the page into a fragment."""
    if request.headers.get("HX-Request"):
        return HttpResponse(headers={"HX-Redirect": resolve_url(to, *args)})
    return redirect(to, *args)


def _told(request: UserRequest, status: int, title: str, sentence: str) -> HttpResponse:
    """A page; to htmx, which would put it into a fragment, the lobby with a notice."""
    if request.headers.get("HX-Request"):
        messages.error(request, mark_of(sentence))
        return HttpResponse(headers={"HX-Redirect": resolve_url("lobby")})
    return error_page(request, status, title, sentence)
