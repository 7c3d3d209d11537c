"""The OpenAPI 3.1 document of the JSON API, kept beside the views it describes."""

from chat import (
    openapi_kept,
    openapi_notices,
    openapi_people,
    openapi_push,
    openapi_reports,
    openapi_rooms,
)
from chat.openapi_parts import (
    CHANGED,
    HEALTH,
    NEW,
    NUMBER,
    PAGE,
    POSTED,
    TEXT,
    TEXT_OF_EDIT,
    Schema,
    an_object,
    answer,
    body,
    errors,
    in_path,
    query,
)
from livechat.lib import limits


def document() -> Schema:
    """The whole document, as JSON-able objects."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "livechat", "version": "1"},
        "security": [{"token": []}, {"session": []}],
        "components": {
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "session": {"type": "apiKey", "in": "cookie", "name": "sessionid"},
            }
        },
        "paths": _paths(),
    }


def _reactions() -> Schema:
    message = [in_path("room"), in_path("seq", NUMBER)]
    stored = {
        "200": answer("Stored, or it was so already", CHANGED),
        **errors("400", "401", "403", "404", "429", "500", "503", "507"),
    }
    return {
        "/api/rooms/{room}/messages/{seq}/reactions": {
            "parameters": message,
            "post": {
                "summary": "Give an emoji of yours to a message",
                "requestBody": body(an_object({"emoji": TEXT})),
                "responses": stored,
            },
        },
        "/api/rooms/{room}/messages/{seq}/reactions/{emoji}": {
            "parameters": [*message, in_path("emoji")],
            "delete": {"summary": "Take yours back", "responses": stored},
        },
    }


def _paths() -> Schema:
    highest = 2**53
    return {
        **openapi_rooms.paths(),
        **openapi_people.paths(),
        **openapi_push.paths(),
        **openapi_notices.paths(),
        **openapi_kept.paths(),
        **openapi_reports.paths(),
        **_reactions(),
        "/api/rooms/{room}/messages": {
            "parameters": [in_path("room")],
            "get": {
                "summary": "A page of the log, oldest first",
                "parameters": [
                    query("before", "Messages below this seq", highest),
                    query("after", "Messages above this seq", highest),
                    query("limit", "How many", limits.HISTORY_PAGE_MAX, low=1),
                ],
                "responses": {
                    "200": answer("Messages", PAGE),
                    **errors("400", "401", "404"),
                },
            },
            "post": {
                "summary": "Post a message; repeating a client_id is harmless",
                "requestBody": {
                    "required": True,
                    "content": {"application/json": {"schema": NEW}},
                },
                "responses": {
                    "201": answer("Stored", POSTED),
                    **errors("400", "401", "403", "404", "409", "429"),
                    **errors("500", "503", "507"),
                },
            },
        },
        "/api/rooms/{room}/messages/{seq}": {
            "parameters": [in_path("room"), in_path("seq", NUMBER)],
            "patch": {
                "summary": "Give a message of yours another text",
                "requestBody": body(TEXT_OF_EDIT),
                "responses": {
                    "200": answer("Stored, or it had that text", CHANGED),
                    **errors("400", "401", "403", "404", "429"),
                    **errors("500", "503", "507"),
                },
            },
            "delete": {
                "summary": "Empty a message of yours, or any as the room's admin",
                "responses": {
                    "200": answer("Deleted; a repeat changes nothing", CHANGED),
                    **errors("400", "401", "403", "404", "500", "503", "507"),
                },
            },
        },
        "/api/rooms/{room}/messages/{seq}/links": {
            "parameters": [in_path("room"), in_path("seq", NUMBER)],
            "delete": {
                "summary": "Take the previews of its links from a message of yours",
                "responses": {
                    "200": answer("Removed; a repeat changes nothing", CHANGED),
                    **errors("400", "401", "403", "404", "500", "503", "507"),
                },
            },
        },
        "/health": {
            "get": {
                "summary": "Whether every part answers",
                "security": [],
                "responses": {
                    "200": answer("All is well", HEALTH),
                    "503": answer("What is down", HEALTH),
                },
            }
        },
    }
