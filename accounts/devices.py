"""Where somebody is signed in: a row for each session, and when it was last used.

The rule it guards: nothing of a page waits for it or fails by it, and a visit is
written down once in DEVICE_SEEN_S at most.
"""

import logging
import time
from http import HTTPStatus
from typing import Final

from django.contrib.auth import SESSION_KEY
from django.db import DatabaseError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from accounts.agents import device_name
from accounts.models import Device, User
from livechat.lib import limits
from livechat.lib.http import Answer
from livechat.lib.languages import language_for

logger = logging.getLogger(__name__)

REMEMBERED_MAX: Final = 10_000  # sessions whose last note one process remembers

# By the session's key when this process noted it last (monotonic seconds).
_noted: dict[str, float] = {}


def note_devices(get_response: Answer) -> Answer:
    """Middleware: a signed-in request notes its device, after the answer is made."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return response  # the database is away, say: it is not waited for again
        if request.session.accessed and SESSION_KEY in request.session:
            note(request)
        return response

    return middleware


def note(request: HttpRequest) -> None:
    """Write down that the request's session is in use, unless that was just done."""
    key, now_s = request.session.session_key, time.monotonic()
    if not key or now_s - _noted.get(key, -limits.DEVICE_SEEN_S) < limits.DEVICE_SEEN_S:
        return
    if len(_noted) >= REMEMBERED_MAX:
        _noted.clear()
    _noted[key] = now_s
    try:
        _store(request, key)
    except DatabaseError as error:  # the session has just ended, or the disk is full
        logger.info("a device was not noted: %s", error)


def _store(request: HttpRequest, key: str) -> None:
    seen = {
        "name": device_name(request.headers.get("User-Agent", "")),
        "address": str(request.META.get("REMOTE_ADDR") or "")[:45],
        "language": language_for("", request.headers.get("Accept-Language", "")),
        "seen_at": timezone.now(),
    }
    if Device.objects.filter(session_id=key).update(**seen):
        return
    user_id = int(request.session[SESSION_KEY])
    Device.objects.bulk_create(
        [Device(user_id=user_id, session_id=key, **seen)], ignore_conflicts=True
    )


def language_of(user: User) -> str:
    """What the user is written to in: their choice, else their last browser's.

    One query at most.
    """
    if user.language:
        return language_for(user.language, "")
    known = user.devices.exclude(language="").order_by("-seen_at")
    return language_for(known.values_list("language", flat=True).first() or "", "")


def devices_of(user: User) -> QuerySet[Device]:
    """The user's devices that are signed in, the last used first."""
    alive = user.devices.filter(session__expire_date__gt=timezone.now())
    return alive.order_by("-seen_at", "-pk")[: limits.DEVICES_MAX]
