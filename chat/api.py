"""The JSON API of messages, for programs; the rules are the socket's."""

from typing import Any
from uuid import uuid4

from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_GET, require_http_methods

from accounts.api import api
from accounts.http import UserRequest
from chat import fields, health, openapi
from chat.api_parts import not_stored, number_in, refusal, visible
from chat.fields import MAX_SEQ
from chat.inbox import (
    Refused,
    delete_message,
    edit_message,
    post_message,
    remove_cards,
)
from chat.message_fields import message_fields
from chat.models import Message, Room
from livechat.lib import limits
from livechat.lib.codec import FrameError, decode

FIELDS = frozenset({"body", "client_id", "reply_to", "in_room"})


@require_http_methods(["GET", "POST"])
@api
def messages(request: UserRequest, public_id: str) -> JsonResponse:
    """A page of the log (GET), or a new message (POST, 201 with its numbers)."""
    found = visible(request.user, public_id)
    if request.method == "POST":
        return _post(request, found)
    try:
        before = number_in(request, "before", 0, MAX_SEQ)
        after = number_in(request, "after", 0, MAX_SEQ)
        limit = number_in(request, "limit", 1, limits.HISTORY_PAGE_MAX)
    except ValueError as error:
        return refusal("bad_seq", str(error), 400)
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


@require_http_methods(["PATCH", "DELETE"])
@api
def message(request: UserRequest, public_id: str, seq: int) -> JsonResponse:
    """Another text for a message (PATCH), or none (DELETE); 200 with its numbers."""
    found = visible(request.user, public_id)
    try:
        seq = fields.number("seq", seq)
        if request.method == "DELETE":
            changed = delete_message(request.user, found, seq)
        else:
            changed = edit_message(request.user, found, seq, _body(request.body))
    except FrameError as error:
        return refusal(error.code, error.message, 400)
    except Refused as why:
        return not_stored(why)
    numbers = {"seq": changed.seq, "changed_seq": changed.changed_seq}
    return JsonResponse({"room": found.public_id, **numbers})


@require_http_methods(["DELETE"])
@api
def message_links(request: UserRequest, public_id: str, seq: int) -> JsonResponse:
    """No cards of links under a message of one's own; 200 with its numbers."""
    found = visible(request.user, public_id)
    try:
        seq = fields.number("seq", seq)
        changed = remove_cards(request.user, found, seq)
    except FrameError as error:
        return refusal(error.code, error.message, 400)
    except Refused as why:
        return not_stored(why)
    numbers = {"seq": changed.seq, "changed_seq": changed.changed_seq}
    return JsonResponse({"room": found.public_id, **numbers})


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


def _post(request: UserRequest, room: Room) -> JsonResponse:
    try:
        fields = _fields(request.body)
    except FrameError as error:
        return refusal(error.code, error.message, 400)
    try:
        posted = post_message(request.user, room, **fields)
    except Refused as why:
        return not_stored(why)
    numbers = {"seq": posted.seq, "changed_seq": posted.changed_seq}
    client_id = str(fields["client_id"])
    return JsonResponse(
        {"room": room.public_id, "client_id": client_id, **numbers}, status=201
    )


def _body(body: bytes) -> str:
    """The one field of an edit."""
    given = decode(body)
    for name in given.keys() - {"body"}:
        raise FrameError("unknown_field", f"{name[:50]}: not a field of an edit.")
    if "body" not in given:
        raise FrameError("bad_frame", "body: is missing.")
    return fields.text("body", given["body"])


def _fields(body: bytes) -> dict[str, Any]:
    """The arguments of `post_message`; a missing client_id is made here."""
    given = decode(body)
    for name in given.keys() - FIELDS:
        raise FrameError("unknown_field", f"{name[:50]}: not a field of a message.")
    if "body" not in given:
        raise FrameError("bad_frame", "body: is missing.")
    reply_to = given.get("reply_to")
    return {
        "body": fields.text("body", given["body"]),
        "client_id": fields.uuid("client_id", given.get("client_id", str(uuid4()))),
        "reply_to": None if reply_to is None else fields.number("reply_to", reply_to),
        "in_room": fields.flag("in_room", given.get("in_room", True)),
    }
