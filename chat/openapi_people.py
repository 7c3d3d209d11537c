"""The paths of people in the OpenAPI document (chat/openapi.py)."""

from accounts.availability import STATES
from accounts.profiles import LASTING
from chat.openapi_parts import (
    FLAG,
    TEXT,
    Schema,
    an_object,
    answer,
    body,
    errors,
    in_path,
)
from livechat.lib import limits

_MAYBE_MOMENT: Schema = {"type": ["string", "null"], "format": "date-time"}
_HOW_LONG: Schema = {"enum": [word for word, _ in LASTING]}
_STATE: Schema = {"enum": list(STATES)}
_STATUS: Schema = {
    "type": ["object", "null"],
    "properties": {"emoji": TEXT, "text": TEXT, "until": _MAYBE_MOMENT},
    "required": ["emoji", "text", "until"],
}
_PERSON = an_object(
    {
        "id": TEXT,
        "name": TEXT,
        "bot": FLAG,
        "role": {"enum": ["owner", "admin", "member", "guest"]},
        "pronouns": TEXT,
        "about": TEXT,
        "zone": TEXT,
        "local_time": _MAYBE_MOMENT,
        "status": _STATUS,
    }
)
_ME = an_object(
    {
        **_PERSON["properties"],
        "availability": _STATE,
        "available_until": _MAYBE_MOMENT,
    }
)
_CHANGES = an_object(
    {
        "pronouns": {"type": "string", "maxLength": limits.PRONOUNS_MAX_LENGTH},
        "about": {"type": "string", "maxLength": limits.ABOUT_MAX_LENGTH},
        "zone": TEXT,
        "status_emoji": TEXT,
        "status_text": {"type": "string", "maxLength": limits.STATUS_MAX_LENGTH},
        "status_for": _HOW_LONG,
        "availability": _STATE,
        "available_for": _HOW_LONG,
    },
    [],
)


def paths() -> Schema:
    """The paths, as JSON-able objects."""
    return {
        "/api/people/{user}": {
            "parameters": [in_path("user")],
            "get": {
                "summary": "Who somebody is",
                "responses": {
                    "200": answer("The person", _PERSON),
                    **errors("401", "404"),
                },
            },
        },
        "/api/me": {
            "get": {
                "summary": "Yourself, and how you are seen",
                "responses": {"200": answer("You", _ME), **errors("401")},
            },
            "patch": {
                "summary": "Change what others see of you",
                "requestBody": body(_CHANGES),
                "responses": {
                    "200": answer("Changed", _ME),
                    **errors("400", "401", "403", "429"),
                },
            },
        },
    }
