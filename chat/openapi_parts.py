"""Schemas and parts of answers of the OpenAPI document (chat/openapi.py)."""

from typing import Any

from livechat.lib import limits

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
NUMBER: Schema = {"type": "integer", "minimum": 0}
FLAG: Schema = {"type": "boolean"}
MOMENT: Schema = {"type": "string", "format": "date-time"}
ROLE: Schema = {"enum": ["admin", "moderator", "member"]}
MAYBE_MOMENT: Schema = {"type": ["string", "null"], "format": "date-time"}
MAYBE_NUMBER: Schema = {"type": ["integer", "null"], "minimum": 0}


def an_object(properties: Schema, required: list[str] | None = None) -> Schema:
    names = list(properties) if required is None else required
    return {"type": "object", "properties": properties, "required": names}


ROOM = an_object(
    {
        "id": TEXT,
        "kind": {"enum": ["room", "direct", "group"]},
        "name": TEXT,
        "description": TEXT,
        "topic": TEXT,
        "private": FLAG,
        "read_only": FLAG,
        "members_pin": FLAG,
        "slow_mode_s": NUMBER,
        "archived": FLAG,
        "members": NUMBER,
        "joined": FLAG,
        "last_seq": NUMBER,
        "last_changed_seq": NUMBER,
        "unread": MAYBE_NUMBER,
        "mentions": MAYBE_NUMBER,
    }
)
ONE_ROOM = an_object({**ROOM["properties"], "role": {"enum": [*ROLE["enum"], None]}})
AUTHOR = an_object({"id": TEXT, "name": TEXT, "bot": FLAG})
EVENT: Schema = {
    "type": ["object", "null"],
    "properties": {
        "type": TEXT,
        "user": TEXT,
        "role": ROLE,
        "hidden": FLAG,
        "name": TEXT,
        "topic": TEXT,
        "seconds": NUMBER,
        "message": NUMBER,
    },
    "required": ["type"],
}
LINK = an_object({"url": TEXT, "title": TEXT, "description": TEXT, "site": TEXT})
MESSAGE = an_object(
    {
        "seq": NUMBER,
        "changed_seq": NUMBER,
        "kind": {"enum": ["text", "system", "ai"]},
        "author": AUTHOR,
        "client_id": {"type": "string", "format": "uuid"},
        "body": TEXT,
        "html": TEXT,
        "event": EVENT,
        "reply_to": MAYBE_NUMBER,
        "thread": MAYBE_NUMBER,
        "in_room": FLAG,
        "attachments": {"type": "array", "maxItems": 0},
        "links": {"type": "array", "items": LINK, "maxItems": limits.LINKS_PER_MESSAGE},
        "created_at": MOMENT,
    }
)
# Of a message whose text came piece by piece, and of one that has changed.
MESSAGE["properties"] |= {
    "stream": {"enum": ["open", "done", "interrupted", "stopped"]},
    "edited_at": {"type": ["string", "null"], "format": "date-time"},
    "deleted": FLAG,
    "reactions": {
        "type": "object",
        "additionalProperties": {"type": "array", "items": {"type": "string"}},
    },
    "pinned": FLAG,
    "replies": an_object(
        {
            "count": NUMBER,
            "last_at": {"type": ["string", "null"], "format": "date-time"},
        }
    ),
}
PAGE = an_object(
    {
        "room": TEXT,
        "last_seq": NUMBER,
        "last_changed_seq": NUMBER,
        "messages": {"type": "array", "items": MESSAGE},
    }
)
NEW = an_object(
    {
        "body": {"type": "string", "maxLength": limits.MESSAGE_MAX_LENGTH},
        "client_id": {"type": "string", "format": "uuid"},
        "reply_to": MAYBE_NUMBER,
        "in_room": FLAG,
    },
    ["body"],
)
TEXT_OF_EDIT = an_object({"body": NEW["properties"]["body"]})
CHANGED = an_object({"room": TEXT, "seq": NUMBER, "changed_seq": NUMBER})
POSTED = an_object(
    {"room": TEXT, "client_id": TEXT, "seq": NUMBER, "changed_seq": NUMBER}
)
ERROR = an_object({"error": TEXT, "code": TEXT}, ["error"])
HEALTH = an_object(
    {"status": {"enum": ["ok", "down"]}, "down": {"type": "array", "items": TEXT}},
    ["status"],
)


def answer(text: str, schema: Schema) -> Schema:
    return {"description": text, "content": {"application/json": {"schema": schema}}}


def errors(*statuses: str) -> Schema:
    texts = {
        "400": "The request is malformed; the sentence says where.",
        "401": "No valid token and no session.",
        "403": "Known, but not allowed.",
        "404": "Not there, or not yours.",
        "409": "It does not fit with what is there; the sentence says why.",
        "429": "Too fast; Retry-After says how many seconds to wait.",
        "500": "Something broke here; the sentence holds an id for the operator.",
        "503": "Something is away; send the same client_id again.",
        "507": "The server's disk is full.",
    }
    return {status: answer(texts[status], ERROR) for status in statuses}


def query(name: str, text: str, high: int, low: int = 0) -> Schema:
    schema = {"type": "integer", "minimum": low, "maximum": high}
    return {"name": name, "in": "query", "description": text, "schema": schema}


def in_path(name: str, schema: Schema = TEXT) -> Schema:
    """A part of the address."""
    return {"name": name, "in": "path", "required": True, "schema": schema}


def body(schema: Schema) -> Schema:
    """What has to be sent."""
    content = {"application/json": {"schema": schema}}
    return {"required": True, "content": content}


def nothing(text: str) -> Schema:
    """An answer without a body."""
    return {"description": text}
