"""The JSON API of rooms: list, make, change, delete, join and leave."""

from django.http import HttpResponse, JsonResponse
from django.views.decorators.http import require_http_methods

from accounts.api import api
from accounts.http import UserRequest
from chat import access, actions, room_settings
from chat.api_parts import (
    Fields,
    body_of,
    changes_room,
    flag,
    line,
    listed,
    needed,
    one_room,
    visible,
    whole,
)
from chat.models import Room
from livechat.lib import limits

FIELDS: Fields = {
    "name": line(limits.NAME_MAX_LENGTH),
    "description": line(limits.DESCRIPTION_MAX_LENGTH, may_be_empty=True),
    "private": flag,
}
SETTINGS: Fields = {
    **FIELDS,
    "topic": line(limits.TOPIC_MAX_LENGTH, may_be_empty=True),
    "read_only": flag,
    "members_pin": flag,
    "slow_mode_s": whole(0, limits.SLOW_MODE_MAX_S),
    "archived": flag,
}


@require_http_methods(["GET", "POST"])
@api
@changes_room
def rooms(request: UserRequest) -> HttpResponse:
    """All rooms that the asker may see (GET, 3 queries), or a new one (POST, 201)."""
    if request.method == "POST":
        return _make(request)
    found = Room.objects.visible_to(request.user).without_directs()
    return JsonResponse({"rooms": listed(request.user, found.with_member_count())})


def _make(request: UserRequest) -> HttpResponse:
    given = body_of(request, FIELDS)
    made = actions.create_room(
        request.user,
        name=needed(given, "name"),
        description=given.get("description", ""),
        is_private=given.get("private", False),
    )
    return JsonResponse(one_room(request.user, made.public_id), status=201)


@require_http_methods(["GET", "PATCH", "DELETE"])
@api
@changes_room
def room(request: UserRequest, public_id: str) -> HttpResponse:
    """One room (GET), changed (PATCH) or deleted (DELETE, 204)."""
    if request.method == "GET":
        return JsonResponse(one_room(request.user, public_id))
    found = visible(request.user, public_id)
    if request.method == "DELETE":
        actions.delete_room(request.user, found)
        return HttpResponse(status=204)
    access.require(request.user, "edit_room", found)
    given = body_of(request, SETTINGS)
    room_settings.update_room(
        request.user,
        found,
        name=given.get("name"),
        description=given.get("description"),
        topic=given.get("topic"),
        is_private=given.get("private"),
        is_read_only=given.get("read_only"),
        members_pin=given.get("members_pin"),
        slow_mode_s=given.get("slow_mode_s"),
        is_archived=given.get("archived"),
    )
    return JsonResponse(one_room(request.user, public_id))


@require_http_methods(["POST", "DELETE"])
@api
@changes_room
def membership(request: UserRequest, public_id: str) -> HttpResponse:
    """Join (POST, the room) or leave (DELETE, 204); a repeat changes nothing."""
    found = visible(request.user, public_id)
    if request.method == "DELETE":
        actions.leave_room(request.user, found)
        return HttpResponse(status=204)
    actions.join_room(request.user, found)
    return JsonResponse(one_room(request.user, public_id))
