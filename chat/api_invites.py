"""The JSON API of links into a room: made, listed, revoked, and used."""

from typing import Any

from django.http import HttpResponse, JsonResponse
from django.shortcuts import resolve_url
from django.views.decorators.http import require_http_methods

from accounts.api import api
from accounts.http import UserRequest
from chat.access import require
from chat.api_parts import (
    Fields,
    body_of,
    changes_room,
    needed,
    one_room,
    refusal,
    visible,
    whole,
)
from chat.fields import text
from chat.moderation_tables import RoomInvite
from chat.room_invites import NoSuchLink, make_link, revoke_link, use_link
from livechat.lib import limits

FIELDS: Fields = {
    "days": whole(1, limits.INVITE_MAX_DAYS),
    "uses": whole(1, limits.INVITE_MAX_USES),
}
CODE: Fields = {"code": text}


@require_http_methods(["GET", "POST"])
@api
@changes_room
def invites(request: UserRequest, public_id: str) -> HttpResponse:
    """The links into the room, the latest first (GET), or one more (POST, 201)."""
    room = visible(request.user, public_id)
    require(request.user, "invite", room)
    if request.method == "GET":
        rows = room.invites.order_by("-pk")[: limits.ROOM_INVITES_MAX]
        return JsonResponse({"invites": [_fields(row) for row in rows]})
    given = body_of(request, FIELDS)
    made, code = make_link(
        request.user, room, days=given.get("days", 7), uses=given.get("uses", 1)
    )
    link = request.build_absolute_uri(resolve_url("join", code))
    return JsonResponse({**_fields(made), "code": code, "link": link}, status=201)


@require_http_methods(["DELETE"])
@api
@changes_room
def invite(request: UserRequest, public_id: str, pk: int) -> HttpResponse:
    """Revoke a link (204); a repeat changes nothing."""
    room = visible(request.user, public_id)
    revoke_link(request.user, room, pk)
    return HttpResponse(status=204)


@require_http_methods(["POST"])
@api
@changes_room
def join(request: UserRequest) -> HttpResponse:
    """Join a room by the code of a link (the room)."""
    code = needed(body_of(request, CODE), "code")
    try:
        room = use_link(request.user, code)
    except NoSuchLink:
        return refusal("no_link", "This link does not work.", 404)
    return JsonResponse(one_room(request.user, room.public_id))


def _fields(row: RoomInvite) -> dict[str, Any]:
    return {
        "id": row.pk,
        "created_at": row.created_at.isoformat(),
        "expires_at": row.expires_at.isoformat(),
        "uses": row.uses,
        "max_uses": row.max_uses,
    }
