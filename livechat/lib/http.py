"""What every HTTP answer shares: security headers and pages for errors."""

import logging
import secrets
import sys
from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import DisallowedHost
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    JsonResponse,
    QueryDict,
)
from django.shortcuts import render
from django.utils.translation import get_language, gettext

from livechat.lib import limits, words
from livechat.lib.storage import DatabaseAway, disk_is_full

logger = logging.getLogger(__name__)

Answer = Callable[[HttpRequest], HttpResponse]


def security_headers(get_response: Answer) -> Answer:
    """Middleware: the content security policy and its companions on every answer."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.setdefault("Content-Security-Policy", settings.CONTENT_SECURITY_POLICY)
        response.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        response.setdefault(
            "Permissions-Policy", "camera=(), geolocation=(), microphone=()"
        )
        if not request.path.startswith(settings.STATIC_URL):
            response.setdefault("Cache-Control", "private, no-store")
        return response

    return middleware


def words_in_pages(get_response: Answer) -> Answer:
    """Middleware: what is marked in a page (livechat/lib/words.py) in its language.

    An address marks nothing in a page that repeats it: it may be a stranger's link.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        if any(words.MARKS.search(one) for _, one in _asked(request)):
            _take_out_marks(request)
        response = get_response(request)
        is_page = response.get("Content-Type", "").startswith("text/html")
        if is_page and not response.streaming:
            content = words.put(response.content, get_language() or words.DEFAULT)
            if content is not response.content:
                response.content = content
        return response

    return middleware


def _asked(request: HttpRequest) -> Iterator[tuple[str, str]]:
    if request.META.get("QUERY_STRING"):
        for name, given in request.GET.lists():
            yield from ((name, str(one)) for one in given)


def _take_out_marks(request: HttpRequest) -> None:
    asked = QueryDict(mutable=True)
    for name, one in _asked(request):
        asked.appendlist(name, words.MARKS.sub("", one))
    request.GET = asked  # type: ignore[assignment] # nobody changes it from here on


def known_host(get_response: Answer) -> Answer:
    """Middleware: 400 for a Host that is not this site's; a line for the log, no more.

    Whoever scans the net for open sites sends such requests by the thousand; Django
    writes a traceback for each.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        try:
            request.get_host()
        except DisallowedHost:
            host = request.META.get("HTTP_HOST", "")
            logger.warning("refused a request for the host %.100r (see SITE_URL)", host)
            return error_page(
                request,
                400,
                gettext("This site has another address"),
                gettext(
                    "Use the address that its owner gave you. If you run this site, "
                    "name this one in SITE_URL."
                ),
            )
        return get_response(request)

    return middleware


def no_nul(get_response: Answer) -> Answer:
    """Middleware: 404 for a public id with NUL, and no cookie that has one.

    Nothing of ours has that character, and PostgreSQL cannot even be asked for it.
    """

    def process_view(
        request: HttpRequest, view: Any, args: Any, parts: dict[str, Any]
    ) -> None:
        if "\0" in parts.get("public_id", ""):
            raise Http404

    def middleware(request: HttpRequest) -> HttpResponse:
        for name in [name for name, value in request.COOKIES.items() if "\0" in value]:
            del request.COOKIES[name]
        return get_response(request)

    middleware.process_view = process_view  # type: ignore[attr-defined] # Django's hook
    return middleware


def wants_json(request: HttpRequest) -> bool:
    """Whether the asker is a program: the JSON API or an Accept header that says so."""
    return request.path.startswith("/api/") or request.accepts("text/html") is False


def storage_away(get_response: Answer) -> Answer:
    """Middleware: what a view could not store or read is told as that, and not as 500.

    What another middleware could not comes to `server_error`.
    """

    def process_exception(
        request: HttpRequest, exception: Exception
    ) -> HttpResponse | None:
        if isinstance(exception, DatabaseAway):
            return _storage_page(request, exception)
        return None

    def middleware(request: HttpRequest) -> HttpResponse:
        return get_response(request)

    middleware.process_exception = process_exception  # type: ignore[attr-defined] # Django's hook
    return middleware


def other_method(get_response: Answer) -> Answer:
    """Middleware: a program that used the wrong method is told so, in JSON."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        is_refused = response.status_code == HTTPStatus.METHOD_NOT_ALLOWED
        if not is_refused or response.content or not wants_json(request):
            return response
        allowed = response.headers.get("Allow", "")
        sentence = f"{request.method} does nothing here. Use {allowed}."
        told = error_page(request, 405, "Another method", sentence)
        told["Allow"] = allowed
        return told

    return middleware


def _storage_page(request: HttpRequest, error: Exception) -> HttpResponse:
    """507 when the disk is full; else 503, and when to come again."""
    logger.warning("nothing could be stored at %s: %r", request.path, error)
    request.user = AnonymousUser()  # it may be the very question that has no answer
    if disk_is_full(error):
        sentence = gettext(
            "Nothing was stored, as the server's disk is full. Tell its owner."
        )
        return error_page(
            request, 507, gettext("The disk is full"), sentence, "storage_full"
        )
    sentence = gettext("Nothing was stored. Wait a few seconds, then send it again.")
    page = error_page(request, 503, gettext("The server is busy"), sentence, "waiting")
    page["Retry-After"] = str(limits.STORAGE_RETRY_S)
    return page


def error_page(
    request: HttpRequest, status: int, title: str, sentence: str, code: str = ""
) -> HttpResponse:
    """A page, or a JSON object for programs, that says what to do next.

    `code` is the protocol's word for it, for programs.
    """
    if wants_json(request):
        told = {"error": sentence, "code": code} if code else {"error": sentence}
        return JsonResponse(told, status=status)
    context = {"status": status, "title": title, "sentence": sentence}
    return render(request, "error.html", context, status=status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400: the request could not be understood."""
    return error_page(
        request,
        400,
        gettext("That request was not understood"),
        gettext("Go back, reload the page and try again."),
    )


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403: known, but not allowed."""
    return error_page(
        request,
        403,
        gettext("That is not allowed"),
        gettext("Ask an owner or admin if you should be able to do this."),
    )


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404: not there, or not yours; the two look the same on purpose."""
    if request.path.startswith("/api/rooms/"):
        sentence = "There is no such room, message or address, or it is not yours."
        return error_page(request, 404, "Nothing here", sentence, "no_room")
    return error_page(
        request,
        404,
        gettext("Nothing here"),
        gettext("This page does not exist, or it is not yours to see."),
    )


def too_many(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """429: allauth's limits of log-ins, sign-ups and mails."""
    return error_page(
        request,
        429,
        gettext("That was too often"),
        gettext("Wait a few minutes, then try again."),
    )


def server_error(request: HttpRequest) -> HttpResponse:
    """500: our fault, with an id that the log repeats; never a traceback.

    503 or 507 when the database is away, as `storage_away` has it.
    """
    error = sys.exc_info()[1]
    if isinstance(error, DatabaseAway):
        return _storage_page(request, error)
    error_id = secrets.token_hex(4)
    logger.error("error %s at %s", error_id, request.path)
    return error_page(
        request,
        500,
        gettext("Something broke on our side"),
        gettext(
            "Nothing you wrote is lost. Try again; if it stays, report error {error}."
        ).format(error=error_id),
    )


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403 for a form that is too old or came from elsewhere."""
    return error_page(
        request,
        403,
        gettext("This form has expired"),
        gettext("Go back, reload the page and send it again."),
    )
