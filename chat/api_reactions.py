"""The JSON API of reactions to a message; the rules are the socket's."""

from django.http import HttpResponse, JsonResponse
from django.views.decorators.http import require_http_methods, require_POST

from accounts.api import api
from accounts.http import UserRequest
from chat import fields
from chat.api_parts import Fields, body_of, changes_room, needed, not_stored, visible
from chat.inbox import Refused, react

FIELDS: Fields = {"emoji": fields.emoji}


@require_POST
@api
@changes_room
def reactions(request: UserRequest, public_id: str, seq: int) -> HttpResponse:
    """Give an emoji of one's own to a message; a repeat changes nothing."""
    visible(request.user, public_id)
    emoji = needed(body_of(request, FIELDS), "emoji")
    return _reacted(request, public_id, seq, emoji, on=True)


@require_http_methods(["DELETE"])
@api
@changes_room
def reaction(
    request: UserRequest, public_id: str, seq: int, emoji: str
) -> HttpResponse:
    """Take one's own emoji back; what is not there stays away."""
    visible(request.user, public_id)
    found = fields.emoji("emoji", emoji)
    return _reacted(request, public_id, seq, found, on=False)


def _reacted(
    request: UserRequest, public_id: str, seq: int, emoji: str, *, on: bool
) -> HttpResponse:
    """200 with the message's numbers, or why nothing is stored."""
    room = visible(request.user, public_id)
    try:
        changed = react(request.user, room, fields.number("seq", seq), emoji, on=on)
    except Refused as why:
        return not_stored(why)
    numbers = {"seq": changed.seq, "changed_seq": changed.changed_seq}
    return JsonResponse({"room": public_id, **numbers})
