"""The OpenAPI 3.1 document of the JSON API, kept beside the views it describes."""

from typing import Any

from livechat.lib import limits

Schema = dict[str, Any]

_TEXT: Schema = {"type": "string"}
_NUMBER: Schema = {"type": "integer", "minimum": 0}
_MAYBE_NUMBER: Schema = {"type": ["integer", "null"], "minimum": 0}


def _object(properties: Schema, required: list[str] | None = None) -> Schema:
    names = list(properties) if required is None else required
    return {"type": "object", "properties": properties, "required": names}


_ROOM = _object(
    {
        "id": _TEXT,
        "name": _TEXT,
        "description": _TEXT,
        "private": {"type": "boolean"},
        "members": _NUMBER,
        "joined": {"type": "boolean"},
        "last_seq": _NUMBER,
        "last_changed_seq": _NUMBER,
    }
)
_ONE_ROOM = _object(
    {**_ROOM["properties"], "role": {"enum": ["admin", "member", None]}}
)
_AUTHOR = _object({"id": _TEXT, "name": _TEXT, "bot": {"type": "boolean"}})
_MESSAGE = _object(
    {
        "seq": _NUMBER,
        "changed_seq": _NUMBER,
        "kind": {"enum": ["text", "system"]},
        "author": _AUTHOR,
        "client_id": {"type": "string", "format": "uuid"},
        "body": _TEXT,
        "html": _TEXT,
        "event": {"type": ["object", "null"]},
        "reply_to": _MAYBE_NUMBER,
        "attachments": {"type": "array", "maxItems": 0},
        "created_at": {"type": "string", "format": "date-time"},
    }
)
_PAGE = _object(
    {
        "room": _TEXT,
        "last_seq": _NUMBER,
        "last_changed_seq": _NUMBER,
        "messages": {"type": "array", "items": _MESSAGE},
    }
)
_NEW = _object(
    {
        "body": {"type": "string", "maxLength": limits.MESSAGE_MAX_LENGTH},
        "client_id": {"type": "string", "format": "uuid"},
        "reply_to": _MAYBE_NUMBER,
    },
    ["body"],
)
_POSTED = _object(
    {"room": _TEXT, "client_id": _TEXT, "seq": _NUMBER, "changed_seq": _NUMBER}
)
_ERROR = _object({"error": _TEXT, "code": _TEXT}, ["error"])
_HEALTH = _object(
    {"status": {"enum": ["ok", "down"]}, "down": {"type": "array", "items": _TEXT}},
    ["status"],
)


def _answer(text: str, schema: Schema) -> Schema:
    return {"description": text, "content": {"application/json": {"schema": schema}}}


def _errors(*statuses: str) -> Schema:
    texts = {
        "400": "The request is malformed; the sentence says where.",
        "401": "No valid token and no session.",
        "403": "Known, but not allowed.",
        "404": "Not there, or not yours.",
        "409": "This client_id was used for another text.",
        "429": "Too fast; Retry-After says how many seconds to wait.",
        "500": "Something broke here; the sentence holds an id for the operator.",
        "503": "Something is away; send the same client_id again.",
        "507": "The server's disk is full.",
    }
    return {status: _answer(texts[status], _ERROR) for status in statuses}


def _query(name: str, text: str, high: int, low: int = 0) -> Schema:
    schema = {"type": "integer", "minimum": low, "maximum": high}
    return {"name": name, "in": "query", "description": text, "schema": schema}


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


def _paths() -> Schema:
    room_id = {"name": "room", "in": "path", "required": True, "schema": _TEXT}
    highest = 2**53
    return {
        "/api/rooms": {
            "get": {
                "summary": "The rooms that you may see",
                "responses": {
                    "200": _answer(
                        "Rooms by name",
                        _object({"rooms": {"type": "array", "items": _ROOM}}),
                    ),
                    **_errors("401"),
                },
            }
        },
        "/api/rooms/{room}": {
            "parameters": [room_id],
            "get": {
                "summary": "One room",
                "responses": {
                    "200": _answer("The room", _ONE_ROOM),
                    **_errors("401", "404"),
                },
            },
        },
        "/api/rooms/{room}/messages": {
            "parameters": [room_id],
            "get": {
                "summary": "A page of the log, oldest first",
                "parameters": [
                    _query("before", "Messages below this seq", highest),
                    _query("after", "Messages above this seq", highest),
                    _query("limit", "How many", limits.HISTORY_PAGE_MAX, low=1),
                ],
                "responses": {
                    "200": _answer("Messages", _PAGE),
                    **_errors("400", "401", "404"),
                },
            },
            "post": {
                "summary": "Post a message; repeating a client_id is harmless",
                "requestBody": {
                    "required": True,
                    "content": {"application/json": {"schema": _NEW}},
                },
                "responses": {
                    "201": _answer("Stored", _POSTED),
                    **_errors("400", "401", "403", "404", "409", "429"),
                    **_errors("500", "503", "507"),
                },
            },
        },
        "/health": {
            "get": {
                "summary": "Whether every part answers",
                "security": [],
                "responses": {
                    "200": _answer("All is well", _HEALTH),
                    "503": _answer("What is down", _HEALTH),
                },
            }
        },
    }
