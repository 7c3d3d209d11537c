"""The JSON API of people: who somebody is, and what one tells of oneself."""

from typing import Any

from django.http import Http404, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from accounts import availability
from accounts.api import api
from accounts.http import UserRequest
from accounts.models import User
from accounts.profiles import LASTING, Profile, end_of, profile_of
from accounts.rates import TooOften, pay
from chat.api_parts import Fields, body_of, changes_room, line, one_of, refusal
from chat.people import person_or_404
from livechat.lib import limits
from livechat.lib.codec import FrameError
from livechat.lib.emoji import emoji
from livechat.lib.text import EmptyText, TextError, normalise_text
from livechat.lib.zones import zone_called

HOW_LONG = tuple(word for word, _ in LASTING)


def _about(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise FrameError("bad_frame", f"{name}: expected a text.")
    try:
        return normalise_text(value, max_length=limits.ABOUT_MAX_LENGTH)
    except EmptyText:
        return ""
    except TextError as error:
        raise FrameError("bad_text", f"{name}: {error}") from error


def _zone(name: str, value: Any) -> str:
    found = zone_called(value) if isinstance(value, str) and value else value
    if not isinstance(found, str):
        raise FrameError("bad_frame", f"{name}: expected a time zone's name, or none.")
    return found


def _emoji(name: str, value: Any) -> str:
    found = emoji(value) if isinstance(value, str) else None
    if found is None and value != "":
        raise FrameError("bad_frame", f"{name}: expected one emoji, or none.")
    return found.text if found else ""


ABOUT: Fields = {
    "pronouns": line(limits.PRONOUNS_MAX_LENGTH, may_be_empty=True),
    "about": _about,
    "zone": _zone,
}
STATUS: Fields = {
    "status_emoji": _emoji,
    "status_text": line(limits.STATUS_MAX_LENGTH, may_be_empty=True),
    "status_for": one_of(*HOW_LONG),
}
SEEN: Fields = {
    "availability": one_of(*availability.STATES),
    "available_for": one_of(*HOW_LONG),
}


@require_GET
@api
def person(request: UserRequest, user: str) -> HttpResponse:
    """Somebody whose card the asker may see; 404 for all others."""
    try:
        found = person_or_404(request.user, user)
    except Http404 as error:
        raise Http404("There is nobody, or not for you to see.") from error
    return JsonResponse(_fields(found, profile_of(found)))


@require_http_methods(["GET", "PATCH"])
@api
@changes_room
def me(request: UserRequest) -> HttpResponse:
    """Oneself, and how one is seen (GET); changed, for one token (PATCH)."""
    user = request.user
    profile = profile_of(user)
    if request.method == "PATCH":
        given = body_of(request, {**ABOUT, **STATUS, **SEEN})
        try:
            pay(user)
        except TooOften as reason:
            return refusal("rate_limited", str(reason), 429, reason.retry_after_s)
        _change(user, profile, given)
    seen = {
        "availability": availability.of(user),
        "available_until": availability.end_of(user),
    }
    return JsonResponse({**_fields(user, profile), **seen})


def _change(user: User, profile: Profile, given: dict[str, Any]) -> None:
    now = timezone.now()
    if given.keys() & STATUS and profile.status is None:  # nothing of it comes back
        profile.status_emoji = profile.status_text = ""
        profile.status_until = None
    for name in given.keys() & {*ABOUT, "status_emoji", "status_text"}:
        setattr(profile, name, given[name])
    if "status_for" in given:
        profile.status_until = end_of(given["status_for"], profile, now)
    if given.keys() & {*ABOUT, *STATUS}:
        profile.save()
        availability.tell(user)
    if given.keys() & SEEN:
        state = given.get("availability", availability.of(user))
        lasting = "none" if state == "online" else given.get("available_for", "none")
        availability.choose(user, state, end_of(lasting, profile, now))


def _fields(user: User, profile: Profile) -> dict[str, Any]:
    status, time = profile.status, profile.local_time
    return {
        "id": user.public_id,
        "name": user.display_name,
        "bot": user.is_bot,
        "role": user.role,
        "pronouns": profile.pronouns,
        "about": profile.about,
        "zone": profile.zone,
        "local_time": time.isoformat(timespec="minutes") if time else None,
        "status": {"emoji": status.emoji, "text": status.text, "until": status.until}
        if status
        else None,
    }
