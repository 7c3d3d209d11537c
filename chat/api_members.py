"""The JSON API of a room's people: who is in it, and what its admins do with them."""

from typing import Any

from django.http import HttpResponse, JsonResponse
from django.views.decorators.http import require_http_methods

from accounts.api import api
from accounts.http import UserRequest
from accounts.models import User
from chat import members as people
from chat.access import require
from chat.api_parts import (
    Fields,
    body_of,
    changes_room,
    flag,
    needed,
    number_in,
    one_of,
    refusal,
    visible,
)
from chat.changes import NotPossible
from chat.fields import MAX_SEQ, text
from chat.models import Membership, Room
from livechat.lib import limits
from livechat.lib.codec import FrameError

WHO: Fields = {"user": text}
STANDING: Fields = {"role": one_of(*Membership.Role.values), "muted": flag}


@require_http_methods(["GET", "POST"])
@api
@changes_room
def members(request: UserRequest, public_id: str) -> HttpResponse:
    """Who belongs to the room, by name (GET), or one more (POST, 201)."""
    room = visible(request.user, public_id)
    if request.method == "GET":
        require(request.user, "see_members", room)
        rows = room.memberships.by_name()
        page, more = _page(request, rows)
        listed = [member_fields(row) for row in page]
        return JsonResponse({"members": listed, "more": more})
    require(request.user, "add_member", room)
    user = _user(needed(body_of(request, WHO), "user"))
    if user is None:
        return _nobody()
    people.add_member(request.user, room, user)
    return JsonResponse(_member(room, user), status=201)


@require_http_methods(["PATCH", "DELETE"])
@api
@changes_room
def member(request: UserRequest, public_id: str, user: str) -> HttpResponse:
    """Give a member another role, mute them or not (PATCH), or remove them (204)."""
    room = visible(request.user, public_id)
    require(request.user, "remove_member", room)
    found = User.objects.filter(public_id=user, memberships__room=room).first()
    if found is None:
        return _nobody()
    if request.method == "DELETE":
        people.remove_member(request.user, room, found)
        return HttpResponse(status=204)
    given = body_of(request, STANDING)
    if given.get("role") == Membership.Role.ADMIN and given.get("muted"):
        # Said before the first of the two is done: who is refused changes nothing.
        raise NotPossible("An admin cannot be muted. Ask for one of the two.")
    if "role" in given:
        people.set_role(request.user, room, found, given["role"])
    if "muted" in given:
        people.set_muted(request.user, room, found, muted=given["muted"])
    return JsonResponse(_member(room, found))


@require_http_methods(["GET", "POST"])
@api
@changes_room
def bans(request: UserRequest, public_id: str) -> HttpResponse:
    """Who is banned, the latest first (GET), or one more (POST, 201)."""
    room = visible(request.user, public_id)
    require(request.user, "see_bans", room)
    if request.method == "GET":
        page, more = _page(request, room.bans.latest_first())
        listed = [_ban(row.user, row.created_at.isoformat()) for row in page]
        return JsonResponse({"bans": listed, "more": more})
    user = _user(needed(body_of(request, WHO), "user"))
    if user is None:
        return _nobody()
    people.ban(request.user, room, user)
    made = room.bans.get(user=user)
    return JsonResponse(_ban(user, made.created_at.isoformat()), status=201)


@require_http_methods(["DELETE"])
@api
@changes_room
def ban(request: UserRequest, public_id: str, user: str) -> HttpResponse:
    """Lift a ban (204)."""
    room = visible(request.user, public_id)
    require(request.user, "ban", room)
    found = User.objects.filter(public_id=user).first()
    if found is None or not room.bans.filter(user=found).exists():
        return _nobody()
    people.unban(request.user, room, found)
    return HttpResponse(status=204)


def member_fields(row: Membership) -> dict[str, Any]:
    """The fields of the protocol's member; `user` must be loaded."""
    return {
        "user": _person(row.user),
        "role": row.role,
        "owner": row.is_owner,
        "muted": row.is_muted,
        "joined_at": row.joined_at.isoformat(),
    }


def _person(user: User) -> dict[str, Any]:
    return {"id": user.public_id, "name": user.display_name, "bot": user.is_bot}


def _ban(user: User, created_at: str) -> dict[str, Any]:
    return {"user": _person(user), "created_at": created_at}


def _member(room: Room, user: User) -> dict[str, Any]:
    row = room.memberships.select_related("user").filter(user=user).first()
    if row is None:
        raise NotPossible(f"{user} has left meanwhile.")
    return member_fields(row)


def _user(public_id: str) -> User | None:
    return User.objects.filter(public_id=public_id, is_active=True).first()


def _nobody() -> JsonResponse:
    return refusal("no_user", "There is no such person here.", 404)


def _page(request: UserRequest, rows: Any) -> tuple[list[Any], bool]:
    """A page of rows by `offset` and `limit`, and whether there are more."""
    try:
        offset = number_in(request, "offset", 0, MAX_SEQ) or 0
        limit = number_in(request, "limit", 1, limits.HISTORY_PAGE_MAX)
    except ValueError as error:
        raise FrameError("bad_seq", str(error)) from error
    size = limit or limits.PAGE_SIZE
    found = list(rows[offset : offset + size + 1])
    return found[:size], len(found) > size
