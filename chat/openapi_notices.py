"""The paths of notifications and reminders in the OpenAPI document."""

from chat.notice_tables import Notice
from chat.openapi_parts import (
    FLAG,
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

_MAYBE_TEXT: Schema = {"type": ["string", "null"]}
_FROM: Schema = {**an_object({"id": TEXT, "name": TEXT}), "type": ["object", "null"]}
_NOTICE = an_object(
    {
        "id": TEXT,
        "kind": {"type": "string", "enum": list(Notice.Kind)},
        "room": _MAYBE_TEXT,
        "seq": MAYBE_NUMBER,
        "from": _FROM,
        "text": TEXT,
        "at": MOMENT,
        "read": FLAG,
    }
)
_LISTED = an_object(
    {
        "unread": NUMBER,
        "notifications": {"type": "array", "items": _NOTICE},
        "further": _MAYBE_TEXT,
    }
)
_REMINDER = an_object({"id": TEXT, "text": TEXT, "at": MOMENT})
_REMINDERS = an_object({"reminders": {"type": "array", "items": _REMINDER}})


def paths() -> Schema:
    """The paths, as JSON-able objects."""
    return {
        "/api/reminders": {
            "get": {
                "summary": "What you will be reminded of, the next one first",
                "responses": {"200": answer("Yours", _REMINDERS), **errors("401")},
            },
            "post": {
                "summary": "Be reminded of a text at a time",
                "requestBody": body(an_object({"text": TEXT, "at": MOMENT})),
                "responses": {
                    "201": answer("Set", _REMINDER),
                    **errors("400", "401", "403", "409", "429"),
                },
            },
        },
        "/api/reminders/{reminder}": {
            "parameters": [in_path("reminder")],
            "delete": {
                "summary": "Cancel one",
                "responses": {"204": nothing("Cancelled"), **errors("401", "404")},
            },
        },
        "/api/notifications": {
            "get": {
                "summary": "What you are to know of, the newest first, 30 at a time",
                "parameters": [
                    {
                        "name": "before",
                        "in": "query",
                        "description": "`further` of the page before: those below it",
                        "schema": TEXT,
                    }
                ],
                "responses": {
                    "200": answer("A page", _LISTED),
                    **errors("401", "404"),
                },
            }
        },
        "/api/notifications/read": {
            "post": {
                "summary": "Mark one read, or without an id all that is unread",
                "requestBody": body(an_object({"id": TEXT}, [])),
                "responses": {
                    "204": nothing("Read"),
                    **errors("400", "401", "403", "404"),
                },
            }
        },
    }
