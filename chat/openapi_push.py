"""The paths of notifications on devices in the OpenAPI document (chat/openapi.py)."""

from chat.openapi_parts import (
    FLAG,
    MAYBE_MOMENT,
    MAYBE_NUMBER,
    MOMENT,
    NUMBER,
    TEXT,
    Schema,
    an_object,
    answer,
    body,
    errors,
    in_path,
    nothing,
)
from livechat.lib import limits
from livechat.push.actions import PAUSES_H, TOMORROW
from livechat.push.models import Preferences

_CLOCK: Schema = {"type": ["string", "null"], "pattern": "^[0-2][0-9]:[0-5][0-9]$"}
_SUBSCRIPTION = an_object(
    {
        "id": TEXT,
        "name": TEXT,
        "created_at": MOMENT,
        "last_success_at": MAYBE_MOMENT,
        "failures": NUMBER,
    }
)
_LISTED = an_object(
    {"public_key": TEXT, "subscriptions": {"type": "array", "items": _SUBSCRIPTION}}
)
_BROWSER = an_object(
    {
        "endpoint": {"type": "string", "maxLength": limits.PUSH_ENDPOINT_MAX_LENGTH},
        "keys": an_object({"p256dh": TEXT, "auth": TEXT}),
        "expirationTime": {"type": ["number", "null"]},
    },
    ["endpoint", "keys"],
)
_PREFERENCES: Schema = {
    "shows_text": FLAG,
    "plays_sound": FLAG,
    "digest": {"type": "string", "enum": list(Preferences.Digest.values)},
    "quiet_from": _CLOCK,
    "quiet_to": _CLOCK,
    "zone": TEXT,
}
_DELIVERY = an_object(
    {
        "device": TEXT,
        "test": FLAG,
        "outcome": TEXT,
        "status": MAYBE_NUMBER,
        "at": MOMENT,
    }
)
_DELIVERIES = an_object({"deliveries": {"type": "array", "items": _DELIVERY}})


def paths() -> Schema:
    """The paths, as JSON-able objects."""
    return {
        "/api/push/subscriptions": _subscriptions(),
        "/api/push/subscriptions/{subscription}": {
            "parameters": [in_path("subscription")],
            "delete": {
                "summary": "Forget one of your browsers, by its id",
                "responses": {"204": nothing("Forgotten"), **errors("401", "404")},
            },
        },
        "/api/push/preferences": _preferences(),
        "/api/push/pause": _pause(),
        "/api/push/tests": {
            "post": {
                "summary": "Tell all of your browsers, to see whether they show it",
                "responses": {
                    "200": answer("On its way", an_object({"devices": NUMBER})),
                    **errors("401", "403", "429"),
                },
            }
        },
        "/api/push/deliveries": {
            "get": {
                "summary": "How the last deliveries ended, the newest first",
                "responses": {"200": answer("Ends", _DELIVERIES), **errors("401")},
            }
        },
    }


def _subscriptions() -> Schema:
    return {
        "get": {
            "summary": "Your browsers that are told, and the key to subscribe with",
            "responses": {"200": answer("Browsers", _LISTED), **errors("401")},
        },
        "post": {
            "summary": "Tell this browser; by a session only, with which it ends",
            "requestBody": body(_BROWSER),
            "responses": {
                "201": answer("It is told from now on", _SUBSCRIPTION),
                **errors("400", "401", "403"),
            },
        },
    }


def _pause() -> Schema:
    choices = [*PAUSES_H, TOMORROW]
    until = answer("Until when", an_object({"paused_until": MAYBE_MOMENT}))
    return {
        "post": {
            "summary": "Hold everything back for a while",
            "requestBody": body(an_object({"pause": {"enum": choices}})),
            "responses": {"200": until, **errors("400", "401", "403")},
        },
        "delete": {
            "summary": "Go on",
            "responses": {"200": until, **errors("401", "403")},
        },
    }


def _preferences() -> Schema:
    stored = an_object({**_PREFERENCES, "paused_until": MAYBE_MOMENT})
    return {
        "get": {
            "summary": "How much a notification shows, and the hours without any",
            "responses": {"200": answer("As it is", stored), **errors("401")},
        },
        "patch": {
            "summary": "Change any of it",
            "requestBody": body(an_object(_PREFERENCES, [])),
            "responses": {
                "200": answer("Changed", stored),
                **errors("400", "401", "403"),
            },
        },
    }
