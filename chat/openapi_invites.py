"""The paths of links into a room in the OpenAPI document (chat/openapi.py)."""

from chat.openapi_parts import (
    MOMENT,
    NUMBER,
    ONE_ROOM,
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

_LINK: Schema = {
    "id": NUMBER,
    "created_at": MOMENT,
    "expires_at": MOMENT,
    "uses": NUMBER,
    "max_uses": NUMBER,
}
_NEW: Schema = {
    "days": {"type": "integer", "minimum": 1, "maximum": limits.INVITE_MAX_DAYS},
    "uses": {"type": "integer", "minimum": 1, "maximum": limits.INVITE_MAX_USES},
}
_REFUSALS = ("400", "401", "403", "404", "409", "429")


def paths() -> Schema:
    """The paths, as JSON-able objects."""
    room = in_path("room")
    listed = an_object({"invites": {"type": "array", "items": an_object(_LINK)}})
    made = an_object({**_LINK, "code": TEXT, "link": TEXT})
    return {
        "/api/rooms/{room}/invites": {
            "parameters": [room],
            "get": {
                "summary": "The links into the room, the latest first",
                "responses": {
                    "200": answer("Links", listed),
                    **errors("401", "403", "404"),
                },
            },
            "post": {
                "summary": "Make a link; its code is told this once",
                "requestBody": body(an_object(_NEW, [])),
                "responses": {"201": answer("Made", made), **errors(*_REFUSALS)},
            },
        },
        "/api/rooms/{room}/invites/{id}": {
            "parameters": [room, in_path("id", NUMBER)],
            "delete": {
                "summary": "Revoke a link",
                "responses": {"204": nothing("Revoked"), **errors(*_REFUSALS)},
            },
        },
        "/api/join": {
            "post": {
                "summary": "Join a room by the code of a link",
                "requestBody": body(an_object({"code": TEXT})),
                "responses": {
                    "200": answer("The room", ONE_ROOM),
                    **errors("400", "401", "404", "429"),
                },
            }
        },
    }
