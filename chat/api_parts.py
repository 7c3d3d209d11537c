"""What the views of the JSON API share: rooms as JSON, bodies read, refusals told."""

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse

from accounts.http import UserRequest
from accounts.models import User
from chat import access
from chat.changes import NotPossible, TooManyChanges
from chat.inbox import Refused
from chat.models import Room
from chat.unread import numbers_of
from livechat.lib.codec import FrameError, decode
from livechat.lib.text import BadText, EmptyText, TextError, TooLong, normalise_name

P = ParamSpec("P")
View = Callable[Concatenate[UserRequest, P], HttpResponse]
Fields = dict[str, Callable[[str, Any], Any]]

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
_CODES: dict[type[TextError], str] = {
    EmptyText: "empty",
    TooLong: "too_long",
    BadText: "bad_text",
}


def refusal(
    code: str, sentence: str, status: int, retry_after_s: int | None = None
) -> JsonResponse:
    """An error that has one of the protocol's codes."""
    response = JsonResponse({"error": sentence, "code": code}, status=status)
    if retry_after_s is not None:
        response["Retry-After"] = str(retry_after_s)
    return response


def not_stored(why: Refused) -> JsonResponse:
    """What the room worker refused, or could not be asked."""
    wait_ms = why.retry_after_ms
    retry_after_s = None if wait_ms is None else -(-wait_ms // 1000)
    return refusal(why.code, why.message, STATUS.get(why.code, 400), retry_after_s)


def changes_room(view: View[P]) -> View[P]:
    """The view, with what a change may raise turned into answers."""

    @wraps(view)
    def wrapped(
        request: UserRequest, /, *args: P.args, **kwargs: P.kwargs
    ) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except FrameError as error:
            return refusal(error.code, error.message, 400)
        except NotPossible as reason:
            return refusal("conflict", str(reason), 409)
        except TooManyChanges as reason:
            return refusal("rate_limited", str(reason), 429, reason.retry_after_s)
        except PermissionDenied:
            return refusal("forbidden", "You may not do that in this room.", 403)

    return wrapped


def visible(user: User, public_id: str) -> Room:
    """The room, with `member_count`.

    Raises:
        Http404: it is not there, or not theirs.
    """
    try:
        return access.room_or_404(user, public_id)
    except Http404 as error:
        raise Http404("There is no such room, or it is not yours.") from error


def listed(user: User, rooms: Iterable[Room]) -> list[dict[str, Any]]:
    """The fields of the protocol's room, of each of them; two questions."""
    there = list(rooms)
    numbers = numbers_of(user, there)
    return [_room_fields(one, numbers.get(one.pk)) for one in there]


def _room_fields(room: Room, numbers: tuple[int, int] | None) -> dict[str, Any]:
    """Of a room whose unread messages and mentions are so many for a member."""
    unread, mentions = numbers or (None, None)
    return {
        "id": room.public_id,
        "kind": room.kind,
        "name": room.name,
        "description": room.description,
        "topic": room.topic,
        "private": room.is_private,
        "read_only": room.is_read_only,
        "members_pin": room.members_pin,
        "slow_mode_s": room.slow_mode_s,
        "archived": room.is_archived,
        "members": getattr(room, "member_count", None),
        "joined": numbers is not None,
        "last_seq": room.last_seq,
        "last_changed_seq": room.last_changed_seq,
        "unread": unread,
        "mentions": mentions,
    }


def one_room(user: User, public_id: str) -> dict[str, Any]:
    """The same of one room as it is now, with the asker's role."""
    found = visible(user, public_id)
    (fields,) = listed(user, [found])
    return {**fields, "role": access.role_in(user, found)}


def body_of(request: HttpRequest, fields: Fields) -> dict[str, Any]:
    """The body's fields, each read by its own reader; any of them may be missing.

    Raises:
        FrameError: it is no such object; the sentence says where.
    """
    given = decode(request.body)
    for name in given.keys() - fields.keys():
        text = f"{name[:50]}: not a field of this request."
        raise FrameError("unknown_field", text)
    return {name: fields[name](name, value) for name, value in given.items()}


def needed(given: dict[str, Any], name: str) -> Any:
    """The value of a field that must be there.

    Raises:
        FrameError: it is not.
    """
    if name not in given:
        raise FrameError("bad_frame", f"{name}: is missing.")
    return given[name]


def flag(name: str, value: Any) -> bool:
    """The value, if it is true or false (else FrameError, as from the two below)."""
    if not isinstance(value, bool):
        raise FrameError("bad_frame", f"{name}: expected true or false.")
    return value


def line(max_length: int, *, may_be_empty: bool = False) -> Callable[[str, Any], str]:
    """A reader of texts on one line."""

    def read(name: str, value: Any) -> str:
        if not isinstance(value, str):
            raise FrameError("bad_frame", f"{name}: expected a text.")
        if may_be_empty and not value:
            return ""
        try:
            return normalise_name(value, max_length=max_length)
        except TextError as error:
            raise FrameError(_CODES[type(error)], f"{name}: {error}") from error

    return read


def whole(low: int, high: int) -> Callable[[str, Any], int]:
    """A reader of whole numbers from `low` to `high`."""

    def read(name: str, value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise FrameError("bad_frame", f"{name}: expected a whole number.")
        if not low <= value <= high:
            raise FrameError("bad_frame", f"{name}: expected {low} to {high}.")
        return value

    return read


def one_of(*choices: str) -> Callable[[str, Any], str]:
    """A reader of one of a few words."""

    def read(name: str, value: Any) -> str:
        if not isinstance(value, str) or value not in choices:
            words = " or ".join(choices)
            raise FrameError("bad_frame", f"{name}: expected {words}.")
        return value

    return read


def number_in(request: HttpRequest, name: str, low: int, high: int) -> int | None:
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
