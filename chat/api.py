"""The JSON API: rooms and messages for programs; the rules are the socket's."""

from typing import Any
from uuid import uuid4

from django.http import Http404, HttpRequest, JsonResponse
from django.views.decorators.http import require_GET, require_http_methods

from accounts.api import api
from accounts.http import UserRequest
from accounts.models import User
from chat import access, health, intents, openapi
from chat.fanout import message_fields
from chat.inbox import Refused, post_message
from chat.intents import MAX_SEQ
from chat.models import Message, Room
from livechat.lib import limits
from livechat.lib.codec import FrameError, decode

# The status of a refusal, by the error codes of the socket.
STATUS = {
    "rate_limited": 429,
    "busy": 503,
    "waiting": 503,
    "storage_full": 507,
    "forbidden": 403,
    "no_room": 404,
    "no_message": 404,
    "key_reused": 409,
    "internal": 500,
}
FIELDS = frozenset({"body", "client_id", "reply_to"})


@require_GET
@api
def rooms(request: UserRequest) -> JsonResponse:
    """All rooms that the asker may see; one query."""
    found = Room.objects.visible_to(request.user).with_member_count()
    found = found.with_joined(request.user)
    return JsonResponse(
        {"rooms": [_room(one, getattr(one, "joined", False)) for one in found]}
    )


@require_GET
@api
def room(request: UserRequest, public_id: str) -> JsonResponse:
    """One room; 404 when it is not there or not theirs."""
    found = _visible(request.user, public_id)
    role = access.role_in(request.user, found)
    return JsonResponse({**_room(found, role is not None), "role": role})


@require_http_methods(["GET", "POST"])
@api
def messages(request: UserRequest, public_id: str) -> JsonResponse:
    """A page of the log (GET), or a new message (POST, 201 with its numbers)."""
    found = _visible(request.user, public_id)
    if request.method == "POST":
        return _post(request, found)
    try:
        before = _number(request, "before", 0, MAX_SEQ)
        after = _number(request, "after", 0, MAX_SEQ)
        limit = _number(request, "limit", 1, limits.HISTORY_PAGE_MAX)
    except ValueError as error:
        return _error("bad_seq", str(error), 400)
    rows = Message.objects.readable_by(request.user, found)
    size = limit or limits.PAGE_SIZE
    if after is not None:
        page = rows.page_after(after, size)
    else:
        page = rows.page_before(found.last_seq + 1 if before is None else before, size)
    return JsonResponse(
        {
            "room": found.public_id,
            "last_seq": found.last_seq,
            "last_changed_seq": found.last_changed_seq,
            "messages": [message_fields(row) for row in page],
        }
    )


@require_GET
def health_view(request: HttpRequest) -> JsonResponse:
    """200 with `{"status": "ok"}`, or 503 with what is down; for anybody."""
    down = health.what_is_down()
    if not down:
        return JsonResponse({"status": "ok"})
    return JsonResponse({"status": "down", "down": down}, status=503)


@require_GET
def openapi_view(request: HttpRequest) -> JsonResponse:
    """The OpenAPI document of what stands here."""
    return JsonResponse(openapi.document())


def _visible(user: User, public_id: str) -> Room:
    try:
        return access.room_or_404(user, public_id)
    except Http404 as error:
        raise Http404("There is no such room, or it is not yours.") from error


def _room(room: Room, joined: bool) -> dict[str, Any]:
    return {
        "id": room.public_id,
        "name": room.name,
        "description": room.description,
        "private": room.is_private,
        "members": getattr(room, "member_count", None),
        "joined": joined,
        "last_seq": room.last_seq,
        "last_changed_seq": room.last_changed_seq,
    }


def _post(request: UserRequest, room: Room) -> JsonResponse:
    try:
        fields = _fields(request.body)
    except FrameError as error:
        return _error(error.code, error.message, 400)
    try:
        posted = post_message(request.user, room, **fields)
    except Refused as refusal:
        return _refused(refusal)
    numbers = {"seq": posted.seq, "changed_seq": posted.changed_seq}
    client_id = str(fields["client_id"])
    return JsonResponse(
        {"room": room.public_id, "client_id": client_id, **numbers}, status=201
    )


def _fields(body: bytes) -> dict[str, Any]:
    """The arguments of `post_message`; a missing client_id is made here."""
    given = decode(body)
    for name in given.keys() - FIELDS:
        raise FrameError("unknown_field", f"{name[:50]}: not a field of a message.")
    if "body" not in given:
        raise FrameError("bad_frame", "body: is missing.")
    reply_to = given.get("reply_to")
    return {
        "body": intents.text("body", given["body"]),
        "client_id": intents.uuid("client_id", given.get("client_id", str(uuid4()))),
        "reply_to": None if reply_to is None else intents.number("reply_to", reply_to),
    }


def _refused(refusal: Refused) -> JsonResponse:
    response = _error(refusal.code, refusal.message, STATUS.get(refusal.code, 400))
    if refusal.retry_after_ms is not None:
        response["Retry-After"] = str(-(-refusal.retry_after_ms // 1000))
    return response


def _error(code: str, sentence: str, status: int) -> JsonResponse:
    return JsonResponse({"error": sentence, "code": code}, status=status)


def _number(request: HttpRequest, name: str, low: int, high: int) -> int | None:
    """A whole number of the query, None when it is not there.

    Raises:
        ValueError: it is there twice, no number, or out of range; says which.
    """
    values = request.GET.getlist(name)
    if not values:
        return None
    text = values[0]
    if len(values) > 1 or not (text.isascii() and text.isdigit() and len(text) < 17):
        raise ValueError(f"{name}: expected one whole number.")
    if not low <= int(text) <= high:
        raise ValueError(f"{name}: expected {low} to {high}.")
    return int(text)
