"""What accounts adds to every request: the first visit, and the community's name."""

from functools import partial
from typing import Any

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.functional import SimpleLazyObject

from accounts.links import invite_of
from accounts.models import Community, User
from livechat.lib.http import Answer
from livechat.lib.languages import in_language_of

# In the session of somebody who has just made their account: take them to a room.
JUST_ARRIVED = "just_arrived"

OPEN_WHILE_EMPTY = ("/setup/", "/static/", "/health", "/api/")


class UserRequest(HttpRequest):
    """A request of somebody who is signed in."""

    user: User
    session: SessionBase


def first_run(get_response: Answer) -> Answer:
    """Middleware: a site without people leads every visitor to its set-up."""
    inhabited = False  # never false again once true, so the question is asked once

    def middleware(request: HttpRequest) -> HttpResponse:
        nonlocal inhabited
        if inhabited or request.path.startswith(OPEN_WHILE_EMPTY):
            return get_response(request)
        inhabited = User.objects.exists()
        return get_response(request) if inhabited else redirect("set_up")

    return middleware


def in_own_language(get_response: Answer) -> Answer:
    """Middleware: pages in the language that the person chose, else the browser's."""

    def middleware(request: HttpRequest) -> HttpResponse:
        return in_language_of(request, _own_language(request), get_response)

    return middleware


def _own_language(request: HttpRequest) -> str:
    # Who asks is not known while the database is away; the view will say so.
    try:
        return getattr(request.user, "language", "")
    except DatabaseError:
        return ""


def community(request: HttpRequest) -> dict[str, Any]:
    """Context of every page: the community, and who invited; asked for when used.

    `has_mail`: whether a mail that a page promises can arrive.
    """
    return {
        "has_mail": bool(settings.EMAIL_URL),
        "community": SimpleLazyObject(_community),
        "inviter": partial(_inviter, request),
    }


def _community() -> Community:
    # The page that says that the database is away shows the name as well.
    try:
        return Community.current()
    except DatabaseError:
        return Community()


def _inviter(request: HttpRequest) -> str | None:
    invite = invite_of(request)
    return invite.created_by.display_name if invite else None
