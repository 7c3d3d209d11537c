"""The paths of rooms and their people in the OpenAPI document (chat/openapi.py)."""

from chat import openapi_invites
from chat.openapi_parts import (
    AUTHOR,
    FLAG,
    MOMENT,
    ONE_ROOM,
    ROLE,
    ROOM,
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

_TEXTS: Schema = {
    "name": {"type": "string", "maxLength": limits.NAME_MAX_LENGTH},
    "description": {"type": "string", "maxLength": limits.DESCRIPTION_MAX_LENGTH},
    "private": FLAG,
}
_SETTINGS: Schema = {
    **_TEXTS,
    "topic": {"type": "string", "maxLength": limits.TOPIC_MAX_LENGTH},
    "read_only": FLAG,
    "members_pin": FLAG,
    "slow_mode_s": {"type": "integer", "minimum": 0, "maximum": limits.SLOW_MODE_MAX_S},
    "archived": FLAG,
}
_MEMBER = an_object(
    {
        "user": AUTHOR,
        "role": ROLE,
        "owner": FLAG,
        "muted": FLAG,
        "joined_at": MOMENT,
    }
)
_BAN = an_object({"user": AUTHOR, "created_at": MOMENT})
_WHO = an_object({"user": TEXT})
_STANDING = an_object({"role": ROLE, "muted": FLAG}, [])
_REFUSALS = ("400", "401", "403", "404", "409", "429")


def paths() -> Schema:
    """The paths, as JSON-able objects."""
    room, user = in_path("room"), in_path("user")
    return {
        "/api/rooms": _rooms(),
        "/api/directs": _directs(),
        **openapi_invites.paths(),
        "/api/rooms/{room}": {"parameters": [room], **_room()},
        "/api/rooms/{room}/membership": {"parameters": [room], **_membership()},
        "/api/rooms/{room}/members": {"parameters": [room], **_members()},
        "/api/rooms/{room}/members/{user}": {"parameters": [room, user], **_member()},
        "/api/rooms/{room}/bans": {"parameters": [room], **_bans()},
        "/api/rooms/{room}/bans/{user}": {
            "parameters": [room, user],
            "delete": {
                "summary": "Lift a ban",
                "responses": {"204": nothing("Lifted"), **errors(*_REFUSALS)},
            },
        },
    }


def _rooms() -> Schema:
    listed = an_object({"rooms": {"type": "array", "items": ROOM}})
    return {
        "get": {
            "summary": "The rooms that you may see",
            "responses": {"200": answer("Rooms by name", listed), **errors("401")},
        },
        "post": {
            "summary": "Make a room; you are its admin",
            "requestBody": body(an_object(_TEXTS, ["name"])),
            "responses": {
                "201": answer("Made", ONE_ROOM),
                **errors("400", "401", "403", "409", "429"),
            },
        },
    }


def _directs() -> Schema:
    listed = an_object({"rooms": {"type": "array", "items": ROOM}})
    most = limits.DIRECT_MAX_PEOPLE
    users: Schema = {"type": "array", "items": TEXT, "maxItems": most}
    return {
        "get": {
            "summary": "Your direct and group messages",
            "responses": {"200": answer("The latest first", listed), **errors("401")},
        },
        "post": {
            "summary": "The direct or group message with exactly these people",
            "requestBody": body(an_object({"users": users})),
            "responses": {
                "200": answer("There already", ONE_ROOM),
                "201": answer("Begun", ONE_ROOM),
                **errors(*_REFUSALS),
            },
        },
    }


def _room() -> Schema:
    return {
        "get": {
            "summary": "One room",
            "responses": {"200": answer("The room", ONE_ROOM), **errors("401", "404")},
        },
        "patch": {
            "summary": "Change what it is called and for, who sees it and who writes",
            "requestBody": body(an_object(_SETTINGS, [])),
            "responses": {"200": answer("Changed", ONE_ROOM), **errors(*_REFUSALS)},
        },
        "delete": {
            "summary": "Delete it with all that was written in it",
            "responses": {"204": nothing("Deleted"), **errors(*_REFUSALS)},
        },
    }


def _membership() -> Schema:
    return {
        "post": {
            "summary": "Join",
            "responses": {"200": answer("The room", ONE_ROOM), **errors(*_REFUSALS)},
        },
        "delete": {
            "summary": "Leave",
            "responses": {"204": nothing("You are out"), **errors(*_REFUSALS)},
        },
    }


def _members() -> Schema:
    return {
        "get": _list("Who belongs to it, by name", "members", _MEMBER),
        "post": {
            "summary": "Add somebody",
            "requestBody": body(_WHO),
            "responses": {"201": answer("Added", _MEMBER), **errors(*_REFUSALS)},
        },
    }


def _member() -> Schema:
    return {
        "patch": {
            "summary": "Give another role, mute or unmute",
            "requestBody": body(_STANDING),
            "responses": {"200": answer("Changed", _MEMBER), **errors(*_REFUSALS)},
        },
        "delete": {
            "summary": "Remove somebody",
            "responses": {"204": nothing("Removed"), **errors(*_REFUSALS)},
        },
    }


def _bans() -> Schema:
    return {
        "get": _list("Who is banned, the latest first", "bans", _BAN),
        "post": {
            "summary": "Ban somebody; for them the room is not there any more",
            "requestBody": body(_WHO),
            "responses": {"201": answer("Banned", _BAN), **errors(*_REFUSALS)},
        },
    }


def _list(text: str, name: str, item: Schema) -> Schema:
    schema = an_object({name: {"type": "array", "items": item}, "more": FLAG})
    return {
        "summary": text,
        "parameters": [
            query("offset", "How many to pass over", 2**53),
            query("limit", "How many", limits.HISTORY_PAGE_MAX, low=1),
        ],
        "responses": {
            "200": answer(text, schema),
            **errors("400", "401", "403", "404"),
        },
    }
