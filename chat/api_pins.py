"""The JSON API of a room's pins."""

from django.http import HttpResponse, JsonResponse
from django.views.decorators.http import require_GET, require_http_methods

from accounts.api import api
from accounts.http import UserRequest
from chat.access import require
from chat.api_parts import changes_room, visible
from chat.fields import number
from chat.message_fields import message_fields
from chat.pins import pins_of, set_pinned
from chat.reactions import named


@require_GET
@api
def pins(request: UserRequest, public_id: str) -> HttpResponse:
    """What is pinned in the room, the latest first."""
    found = visible(request.user, public_id)
    rows = named(pins_of(request.user, found))
    listed = [message_fields(one) for one in rows]
    return JsonResponse({"room": found.public_id, "messages": listed})


@require_http_methods(["PUT", "DELETE"])
@api
@changes_room
def pin(request: UserRequest, public_id: str, seq: int) -> HttpResponse:
    """Pin the message (PUT), or take it down (DELETE); a repeat changes nothing."""
    found = visible(request.user, public_id)
    require(request.user, "pin", found)
    is_on = request.method == "PUT"
    set_pinned(request.user, found, number("seq", seq), pinned=is_on)
    answer = {"room": found.public_id, "seq": seq, "pinned": is_on}
    return JsonResponse(answer)
