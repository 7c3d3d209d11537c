"""The JSON API of notifications on devices: browsers, when and how much, how it went.

A browser subscribes with its session's cookie, since it ends with that; a program that
holds a token may list, remove and test.
"""

from typing import Any, cast

from django.conf import settings
from django.http import Http404, HttpResponse, JsonResponse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.agents import device_name
from accounts.api import api
from accounts.http import UserRequest
from chat.api_parts import Fields, body_of, flag, needed, one_of, refusal
from livechat.lib import webpush
from livechat.lib.codec import FrameError
from livechat.push import actions
from livechat.push.forms import PreferencesForm
from livechat.push.models import Delivery, Preferences, Subscription
from livechat.push.signals import remember
from livechat.push.views import devices_of, log_of, preferences_of


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise FrameError("bad_frame", f"{name}: expected a text.")
    return value


def _keys(name: str, value: Any) -> dict[str, str]:
    if not isinstance(value, dict) or not value.keys() >= {"p256dh", "auth"}:
        raise FrameError("bad_frame", f"{name}: expected p256dh and auth.")
    return {one: _text(f"{name}.{one}", value[one]) for one in ("p256dh", "auth")}


def _clock(name: str, value: Any) -> str | None:
    return None if value is None else _text(name, value)


# As `PushSubscription.toJSON()` of a browser has them.
SUBSCRIPTION: Fields = {
    "endpoint": _text,
    "keys": _keys,
    "expirationTime": lambda name, value: value,
}
PREFERENCES: Fields = {
    "shows_text": flag,
    "plays_sound": flag,
    "digest": one_of(*Preferences.Digest.values),
    "quiet_from": _clock,
    "quiet_to": _clock,
    "zone": _text,
}

PAUSE: Fields = {"pause": one_of(*actions.PAUSES_H, actions.TOMORROW)}


@require_http_methods(["GET", "POST"])
@api
def subscriptions(request: UserRequest) -> HttpResponse:
    """One's own browsers (GET), or this one from now on (POST, 201)."""
    if request.method == "GET":
        listed = [_subscription_fields(one) for one in devices_of(request.user)]
        key = webpush.public_key(settings.VAPID_PRIVATE_KEY)
        return JsonResponse({"public_key": key, "subscriptions": listed})
    if "Authorization" in request.headers:
        sentence = "A token may not subscribe: a browser does, by its session."
        return refusal("forbidden", sentence, 403)
    try:
        browser = _browser(request)
        session_key = cast(str, request.session.session_key)
        made = actions.subscribe(request.user, session_key, browser)
    except FrameError as error:
        return refusal(error.code, error.message, 400)
    except actions.NotSubscribed as reason:
        return refusal("bad_frame", str(reason), 400)
    remember(request, made)
    return JsonResponse(_subscription_fields(made), status=201)


def _browser(request: UserRequest) -> actions.Browser:
    given = body_of(request, SUBSCRIPTION)
    name = device_name(request.headers.get("User-Agent", ""))
    return actions.Browser(
        endpoint=needed(given, "endpoint"), name=name, **needed(given, "keys")
    )


@require_http_methods(["DELETE"])
@api
def subscription(request: UserRequest, subscription: str) -> HttpResponse:
    """Forget a browser of one's own (204); 404 for others'."""
    found = request.user.push_subscriptions.filter(public_id=subscription)
    if not found.delete()[0]:
        raise Http404("There is no such device, or it is not yours.")
    return HttpResponse(status=204)


@require_http_methods(["GET", "PATCH"])
@api
def preferences(request: UserRequest) -> HttpResponse:
    """When and how much one wants to be told (GET), changed (PATCH)."""
    stored = preferences_of(request.user)
    if request.method == "GET":
        return JsonResponse(_preference_fields(stored))
    try:
        given = body_of(request, PREFERENCES)
    except FrameError as error:
        return refusal(error.code, error.message, 400)
    form = PreferencesForm(_preference_fields(stored) | given, instance=stored)
    if not form.is_valid():
        name, problems = next(iter(form.errors.items()))
        return refusal("bad_frame", f"{name}: {problems[0]}", 400)
    stored.digest = given.get("digest", stored.digest)  # no field where no mail is sent
    form.save()
    return JsonResponse(_preference_fields(stored))


@require_http_methods(["POST", "DELETE"])
@api
def pause(request: UserRequest) -> HttpResponse:
    """Hold everything back for a while (POST), or go on (DELETE); until when."""
    choice = actions.RESUME
    if request.method == "POST":
        try:
            choice = needed(body_of(request, PAUSE), "pause")
        except FrameError as error:
            return refusal(error.code, error.message, 400)
    return JsonResponse({"paused_until": actions.pause(request.user, choice)})


@require_POST
@api
def tests(request: UserRequest) -> HttpResponse:
    """Tell all of one's own browsers that it works (200 with their number)."""
    try:
        count = actions.send_test(request.user)
    except actions.TooSoon as reason:
        return refusal("rate_limited", str(reason), 429, reason.retry_after_s)
    return JsonResponse({"devices": count})


@require_GET
@api
def deliveries(request: UserRequest) -> JsonResponse:
    """How the newest pushes to one's own browsers ended, the newest first."""
    listed = [_delivery_fields(one) for one in log_of(request.user)]
    return JsonResponse({"deliveries": listed})


def _subscription_fields(one: Subscription) -> dict[str, Any]:
    """Without its address, which is a secret of the browser."""
    return {
        "id": one.public_id,
        "name": one.name,
        "created_at": one.created_at,
        "last_success_at": one.last_success_at,
        "failures": one.failures,
    }


def _preference_fields(one: Preferences) -> dict[str, Any]:
    return {
        "shows_text": one.shows_text,
        "plays_sound": one.plays_sound,
        "digest": one.digest,
        "quiet_from": one.quiet_from and one.quiet_from.strftime("%H:%M"),
        "quiet_to": one.quiet_to and one.quiet_to.strftime("%H:%M"),
        "zone": one.zone,
        "paused_until": one.paused_until,
    }


def _delivery_fields(one: Delivery) -> dict[str, Any]:
    return {
        "device": one.device,
        "test": one.is_test,
        "outcome": one.outcome,
        "status": one.status,
        "at": one.at,
    }
