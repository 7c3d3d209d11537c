"""The JSON API of one's reminders."""

from datetime import datetime
from typing import Any

from django.http import Http404, HttpResponse, JsonResponse
from django.views.decorators.http import require_http_methods

from accounts.api import api
from accounts.http import UserRequest
from chat import reminders
from chat.api_parts import Fields, body_of, changes_room, line, needed
from chat.reminder_tables import Reminder
from livechat.lib import limits
from livechat.lib.codec import FrameError


def _moment(name: str, value: Any) -> datetime:
    expected = f"{name}: expected a time with its zone, as 2030-01-31T09:00:00Z."
    try:
        found = datetime.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise FrameError("bad_frame", expected) from error
    if found.tzinfo is None:
        raise FrameError("bad_frame", expected)
    return found


NEW: Fields = {"text": line(limits.REMINDER_MAX_LENGTH), "at": _moment}


@require_http_methods(["GET", "POST"])
@api
@changes_room
def listed(request: UserRequest) -> HttpResponse:
    """Those that are to come, the next one first (GET); one more (POST, 201)."""
    if request.method == "GET":
        found = [_fields(one) for one in reminders.listed(request.user)]
        return JsonResponse({"reminders": found})
    given = body_of(request, NEW)
    text, due_at = needed(given, "text"), needed(given, "at")
    made = reminders.set_reminder(request.user, text, due_at)
    return JsonResponse(_fields(made), status=201)


@require_http_methods(["DELETE"])
@api
def reminder(request: UserRequest, reminder: str) -> HttpResponse:
    """Forget one of one's own (204); 404 for others'."""
    if not reminders.cancel(request.user, reminder):
        raise Http404("There is no such reminder, or it was told by now.")
    return HttpResponse(status=204)


def _fields(one: Reminder) -> dict[str, Any]:
    return {"id": one.public_id, "text": one.text, "at": one.due_at}
