"""The JSON API of reports: made, looked at by those who moderate, and settled."""

from typing import Any

from django.http import HttpResponse, JsonResponse
from django.views.decorators.http import require_GET, require_POST

from accounts.api import api
from accounts.http import UserRequest
from chat import fields
from chat.access import require
from chat.api_parts import (
    Fields,
    body_of,
    changes_room,
    line,
    needed,
    one_of,
    refusal,
    visible,
)
from chat.message_fields import message_fields
from chat.models import Room
from chat.moderation_tables import Report
from chat.reports import open_reports, report, settle
from livechat.lib import limits

REPORT: Fields = {
    "reason": one_of(*Report.Reason.values),
    "note": line(limits.REPORT_NOTE_MAX_LENGTH, may_be_empty=True),
}
OUTCOME: Fields = {"outcome": one_of(*Report.Outcome.values)}
OF_REPORTED = ("author", "body", "html", "created_at")  # in the queue of the site


@require_POST
@api
@changes_room
def message_reports(request: UserRequest, public_id: str, seq: int) -> HttpResponse:
    """Ask for a look at somebody else's message (201); a repeat gives the same."""
    room = visible(request.user, public_id)
    require(request.user, "report", room)
    given = body_of(request, REPORT)
    made = report(
        request.user,
        room,
        fields.number("seq", seq),
        reason=needed(given, "reason"),
        note=given.get("note", ""),
    )
    return JsonResponse(_own_fields(made), status=201)


@require_GET
@api
def own_reports(request: UserRequest) -> HttpResponse:
    """What one has reported, the latest first, and what came of it."""
    rows = request.user.reports.select_related("room", "message").order_by("-pk")
    listed = [_own_fields(one) for one in rows[: limits.PAGE_SIZE]]
    return JsonResponse({"reports": listed})


@require_GET
@api
@changes_room
def room_reports(request: UserRequest, public_id: str) -> HttpResponse:
    """The open reports of a room, the oldest first, for those who moderate it."""
    room = visible(request.user, public_id)
    require(request.user, "see_reports", room)
    return _queue(request, room)


@require_POST
@api
@changes_room
def room_report(request: UserRequest, public_id: str, pk: int) -> HttpResponse:
    """Settle a report of a room (204); one that is settled stays as it is."""
    room = visible(request.user, public_id)
    require(request.user, "see_reports", room)
    return _settled(request, room, pk)


@require_GET
@api
def site_reports(request: UserRequest) -> HttpResponse:
    """The open reports of all rooms, the oldest first, for the site's admins."""
    return _queue(request, None) if request.user.is_staff else _not_staff()


@require_POST
@api
@changes_room
def site_report(request: UserRequest, pk: int) -> HttpResponse:
    """Settle a report wherever the message is (204)."""
    return _settled(request, None, pk) if request.user.is_staff else _not_staff()


def _queue(request: UserRequest, room: Room | None) -> HttpResponse:
    rows = open_reports(request.user, room)[: limits.PAGE_SIZE]
    fields = _site_fields if room is None else _open_fields
    return JsonResponse({"reports": [fields(one) for one in rows]})


def _settled(request: UserRequest, room: Room | None, pk: int) -> HttpResponse:
    outcome = needed(body_of(request, OUTCOME), "outcome")
    settle(request.user, pk, room, outcome)
    return HttpResponse(status=204)


def _not_staff() -> HttpResponse:
    sentence = "You may not look at the reports of the whole site."
    return refusal("forbidden", sentence, 403)


def _fields(one: Report) -> dict[str, Any]:
    return {
        "id": one.pk,
        "room": one.room.public_id,
        "reason": one.reason,
        "note": one.note,
        "created_at": one.created_at.isoformat(),
    }


def _open_fields(one: Report) -> dict[str, Any]:
    """With the message as it is; who reported it is told to nobody."""
    return {**_fields(one), "message": message_fields(one.message)}


def _site_fields(one: Report) -> dict[str, Any]:
    """For who may see no more of the room than the page shows: the reported words."""
    message = message_fields(one.message)
    shown = {name: message[name] for name in OF_REPORTED}
    shown["deleted"] = one.message.deleted_at is not None
    room = None if one.room.is_direct else one.room.public_id
    return {**_fields(one), "room": room, "message": shown}


def _own_fields(one: Report) -> dict[str, Any]:
    """For who made it: without the message, which may be theirs to read no more."""
    return {
        **_fields(one),
        "seq": one.message.seq,
        "outcome": one.outcome or None,
        "resolved_at": one.resolved_at and one.resolved_at.isoformat(),
    }
