"""The JSON API of what one keeps for later."""

from typing import Any

from django.http import HttpResponse, JsonResponse
from django.views.decorators.http import require_GET, require_http_methods

from accounts.api import api
from accounts.http import UserRequest
from chat.api_parts import changes_room, visible
from chat.fields import number
from chat.message_fields import message_fields
from chat.models import Message
from chat.saving import saved_by, set_saved


@require_GET
@api
def saved(request: UserRequest) -> HttpResponse:
    """What one keeps and may read, the latest first."""
    return JsonResponse({"saved": [_fields(one) for one in saved_by(request.user)]})


@require_http_methods(["PUT", "DELETE"])
@api
@changes_room
def message_saved(request: UserRequest, public_id: str, seq: int) -> HttpResponse:
    """Keep the message (PUT), or no longer (DELETE); a repeat changes nothing."""
    found = visible(request.user, public_id)
    is_on = request.method == "PUT"
    set_saved(request.user, found, number("seq", seq), saved=is_on)
    return JsonResponse({"room": found.public_id, "seq": seq, "saved": is_on})


def _fields(message: Message) -> dict[str, Any]:
    return {
        "room": message.room.public_id,
        "saved_at": getattr(message, "saved_at").isoformat(),  # noqa: B009 - annotated
        "message": message_fields(message),
    }
