"""Who may call the JSON API: a bearer token, or a session cookie with CSRF.

The rule it guards: a bearer, even a bad one, wins over the cookie; what a browser
sends by itself (the cookie) changes nothing without the form's token.
"""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, cast

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import CsrfViewMiddleware
from django.views.decorators.csrf import csrf_exempt

from accounts.credentials import user_of_token
from accounts.http import UserRequest
from accounts.sessions import token_in

P = ParamSpec("P")
View = Callable[Concatenate[UserRequest, P], HttpResponse]


def api(view: View[P]) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """The view with `request.user` set; 401 without a user, 403 without CSRF."""

    @csrf_exempt
    @wraps(view)
    def wrapped(
        request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs
    ) -> HttpResponse:
        refusal = _refusal(request)
        return refusal or view(cast(UserRequest, request), *args, **kwargs)

    return wrapped


def _refusal(request: HttpRequest) -> HttpResponse | None:
    """None when `request.user` may go on."""
    authorization = request.headers.get("Authorization")
    if authorization is not None:
        user = user_of_token(token_in(authorization))
        if user is None:
            return _unauthorized("This token is not valid; make a new one.")
        request.user = user
        return None
    if not request.user.is_authenticated:
        return _unauthorized("Sign in, or send Authorization: Bearer <token>.")
    return _check_csrf(request)


def _unauthorized(sentence: str) -> HttpResponse:
    headers = {"WWW-Authenticate": "Bearer"}
    return JsonResponse({"error": sentence}, status=401, headers=headers)


def _check_csrf(request: HttpRequest) -> HttpResponse | None:
    """Django's own check, which the exemption (for tokens) has put off until here."""
    check = CsrfViewMiddleware(lambda _: HttpResponse())
    return check.process_view(request, _not_exempt, (), {})


def _not_exempt(request: HttpRequest) -> HttpResponse:
    return HttpResponse()
