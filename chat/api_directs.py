"""The JSON API of direct and group messages: one's own, and that with some people."""

from typing import Any

from django.http import HttpResponse, JsonResponse
from django.views.decorators.http import require_http_methods

from accounts.api import api
from accounts.http import UserRequest
from accounts.models import User
from chat.api_parts import (
    Fields,
    body_of,
    changes_room,
    listed,
    needed,
    one_room,
    refusal,
)
from chat.directs import begin_direct
from chat.fields import text
from chat.models import Room
from chat.titles import entitle
from livechat.lib import limits
from livechat.lib.codec import FrameError


def _ids(name: str, value: Any) -> list[str]:
    """The value, if it is a list of ids, no more than a group has people."""
    if not isinstance(value, list) or len(value) > limits.DIRECT_MAX_PEOPLE:
        most = limits.DIRECT_MAX_PEOPLE
        raise FrameError("bad_frame", f"{name}: expected a list of {most} ids at most.")
    return [text(name, one) for one in value]


FIELDS: Fields = {"users": _ids}


@require_http_methods(["GET", "POST"])
@api
@changes_room
def directs(request: UserRequest) -> HttpResponse:
    """One's own, the latest word first (GET), or that with some people (POST).

    201 when it is new, 200 when these people have one already.
    """
    if request.method == "GET":
        rooms = list(Room.objects.directs_of(request.user).with_member_count())
        entitle(rooms, request.user)
        return JsonResponse({"rooms": listed(request.user, rooms)})
    ids = needed(body_of(request, FIELDS), "users")
    people = list(User.objects.filter(public_id__in=ids, is_active=True))
    if len(people) < len(set(ids)):
        return refusal("no_user", "One of these people is not here.", 404)
    room, made = begin_direct(request.user, people)
    fields = one_room(request.user, room.public_id)
    return JsonResponse(fields, status=201 if made else 200)
