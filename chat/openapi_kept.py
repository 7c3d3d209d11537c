"""The paths of what is kept at hand, in the OpenAPI document (chat/openapi.py)."""

from chat.openapi_parts import (
    FLAG,
    MESSAGE,
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
    query,
)
from livechat.lib import limits

_MESSAGES: Schema = {"type": "array", "items": MESSAGE}
_PIN = an_object({"room": TEXT, "seq": NUMBER, "pinned": FLAG})
_SAVED = an_object({"room": TEXT, "saved_at": MOMENT, "message": MESSAGE})
_BEGINNING = an_object({"room": TEXT, "message": MESSAGE, "unread": NUMBER})
_KEPT = an_object({"room": TEXT, "seq": NUMBER, "saved": FLAG})
_THREAD = an_object({"room": TEXT, "root": MESSAGE, "messages": _MESSAGES})
_ID: Schema = {"type": ["string", "null"], "format": "uuid"}
_SEQ: Schema = {"type": ["integer", "null"]}
_BEGUN = an_object(
    {"room": TEXT, "body": TEXT, "client_id": _ID, "thread": _SEQ, "reply_to": _SEQ}
)
_BOX = [
    query("thread", "In the thread that begins with this seq", 2**53, low=1),
    query("reply_to", "As a reply to this seq", 2**53, low=1),
]
_BEGIN = an_object(
    {
        "body": {"type": "string", "maxLength": limits.DRAFT_MAX_LENGTH},
        "client_id": {"type": "string", "format": "uuid"},
    },
    ["body"],
)
_REFUSALS = ("400", "401", "403", "404", "409", "429")


def paths() -> Schema:
    """The paths, as JSON-able objects."""
    room, seq = in_path("room"), in_path("seq", NUMBER)
    return {
        "/api/rooms/{room}/pins": {
            "parameters": [room],
            "get": {
                "summary": "What is pinned in the room, the latest first",
                "responses": {
                    "200": answer(
                        "Messages", an_object({"room": TEXT, "messages": _MESSAGES})
                    ),
                    **errors("401", "404"),
                },
            },
        },
        "/api/rooms/{room}/messages/{seq}/thread": {
            "parameters": [room, seq],
            "get": {
                "summary": "The thread that a message belongs to, or begins",
                "parameters": [
                    query("before", "Replies below this seq", 2**53),
                    query("limit", "How many", limits.HISTORY_PAGE_MAX, low=1),
                ],
                "responses": {
                    "200": answer("Its first message, and a page of replies", _THREAD),
                    **errors("400", "401", "404"),
                },
            },
        },
        "/api/rooms/{room}/messages/{seq}/thread/read": {
            "parameters": [room, seq],
            "post": {
                "summary": "Mark the thread read to its end, on every device",
                "responses": {
                    "204": nothing("So it is"),
                    **errors("401", "404"),
                },
            },
        },
        "/api/rooms/{room}/draft": {"parameters": [room, *_BOX], **_draft()},
        "/api/threads": {
            "get": {
                "summary": "The threads that you follow, the latest reply first",
                "responses": {
                    "200": answer(
                        "Their first messages",
                        an_object({"threads": {"type": "array", "items": _BEGINNING}}),
                    ),
                    **errors("401"),
                },
            },
        },
        "/api/saved": {
            "get": {
                "summary": "What you keep for later, the latest first",
                "responses": {
                    "200": answer(
                        "Messages",
                        an_object({"saved": {"type": "array", "items": _SAVED}}),
                    ),
                    **errors("401"),
                },
            },
        },
        "/api/rooms/{room}/messages/{seq}/saved": {
            "parameters": [room, seq],
            "put": _switch("Keep a message for later", _KEPT),
            "delete": _switch("Keep it no longer", _KEPT),
        },
        "/api/rooms/{room}/messages/{seq}/pin": {
            "parameters": [room, seq],
            "put": _switch("Pin a message for everybody in the room", _PIN),
            "delete": _switch("Take a pinned message down", _PIN),
        },
    }


def _draft() -> Schema:
    return {
        "get": {
            "summary": "What you have begun to write there",
            "responses": {
                "200": answer("The text, or an empty one", _BEGUN),
                **errors("400", "401", "403", "404"),
            },
        },
        "put": {
            "summary": "Keep something else",
            "requestBody": body(_BEGIN),
            "responses": {"200": answer("Kept", _BEGUN), **errors(*_REFUSALS)},
        },
        "delete": {
            "summary": "Nothing is begun any more",
            "responses": {
                "204": nothing("So it is"),
                **errors("400", "401", "403", "404"),
            },
        },
    }


def _switch(text: str, schema: Schema) -> Schema:
    return {
        "summary": text,
        "responses": {
            "200": answer("So it is now", schema),
            **errors(*_REFUSALS),
        },
    }
