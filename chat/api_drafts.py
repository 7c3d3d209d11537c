"""The JSON API of what one has begun to write in a room."""

from typing import Any
from uuid import uuid4

from django.http import HttpResponse, JsonResponse
from django.views.decorators.http import require_http_methods

from accounts.api import api
from accounts.http import UserRequest
from chat import fields
from chat.access import require
from chat.api_parts import (
    Fields,
    body_of,
    changes_room,
    needed,
    number_in,
    refusal,
    visible,
)
from chat.begun import Begun, draft_of
from chat.drafts import keep_draft
from chat.fields import MAX_SEQ, text
from chat.own_tables import Box
from livechat.lib import limits
from livechat.lib.codec import FrameError
from livechat.lib.text import TextError, TooLong, checked_piece


def _body(name: str, value: Any) -> str:
    try:
        return checked_piece(text(name, value), max_length=limits.DRAFT_MAX_LENGTH)
    except TextError as error:
        code = "too_long" if isinstance(error, TooLong) else "bad_text"
        raise FrameError(code, f"{name}: {error}") from error


FIELDS: Fields = {"body": _body, "client_id": fields.uuid}


@require_http_methods(["GET", "PUT", "DELETE"])
@api
@changes_room
def draft(request: UserRequest, public_id: str) -> HttpResponse:
    """What was begun (GET), something else (PUT), nothing any more (DELETE, 204).

    In the room's own box, or in that of `thread` or of `reply_to`.
    """
    room = visible(request.user, public_id)
    require(request.user, "keep_draft", room)
    try:
        numbers = [
            number_in(request, one, 1, MAX_SEQ) for one in ("thread", "reply_to")
        ]
    except ValueError as error:
        return refusal("bad_seq", str(error), 400)
    box = Box(*(one or 0 for one in numbers))
    if request.method == "DELETE":
        keep_draft(request.user, room, "", uuid4(), box)
        return HttpResponse(status=204)
    if request.method == "PUT":
        given = body_of(request, FIELDS)
        key = given.get("client_id") or uuid4()
        keep_draft(request.user, room, needed(given, "body"), key, box)
    return JsonResponse(
        {"room": room.public_id, **_told(draft_of(request.user, room, box))}
    )


def _told(draft: Begun) -> dict[str, Any]:
    key, box = draft.client_id, draft.box
    return {
        "body": draft.body,
        "client_id": str(key) if key else None,
        "thread": box.thread or None,
        "reply_to": box.reply_to or None,
    }
