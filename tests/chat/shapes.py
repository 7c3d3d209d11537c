"""Exact shapes of frames and answers: every field, its type, and no other field."""

from typing import Any

Shape = Any  # a type, a tuple of types, a dict of shapes, or a list of one shape

NUMBER, TEXT, FLAG = int, str, bool
MAYBE_TEXT = (str, type(None))
MAYBE_NUMBER = (int, type(None))

USER = {"id": TEXT, "name": TEXT}
MESSAGE_FIELDS = {
    "seq": NUMBER,
    "changed_seq": NUMBER,
    "kind": TEXT,
    "author": {"id": TEXT, "name": TEXT, "bot": FLAG},
    "client_id": TEXT,
    "body": TEXT,
    "html": TEXT,
    "event": (dict, type(None)),
    "reply_to": MAYBE_NUMBER,
    "thread": MAYBE_NUMBER,
    "in_room": FLAG,
    "attachments": [],
    "links": [{"url": TEXT, "title": TEXT, "description": TEXT, "site": TEXT}],
    "created_at": TEXT,
}
CHANGED_FIELDS = {
    "edited_at": MAYBE_TEXT,
    "deleted": FLAG,
    "reactions": dict,
    "pinned": FLAG,
}
META = {"ref": TEXT, "state": TEXT, "typing": FLAG, "joined_at": TEXT, "device": TEXT}
PERSON = {"name": TEXT, "avatar_url": MAYBE_TEXT, "metas": [META]}
LOBBY = {
    "type": TEXT,
    "room": TEXT,
    "kind": TEXT,
    "name": TEXT,
    "description": TEXT,
    "topic": TEXT,
    "members": NUMBER,
}

FRAMES: dict[str, Shape] = {
    "hello": {
        "type": TEXT,
        "v": NUMBER,
        "user": USER,
        "server_time": TEXT,
        "heartbeat_s": NUMBER,
    },
    "subscribed": {
        "type": TEXT,
        "ref": MAYBE_TEXT,
        "room": TEXT,
        "last_seq": NUMBER,
        "last_changed_seq": NUMBER,
        "read_seq": NUMBER,
        "role": MAYBE_TEXT,
    },
    "unsubscribed": {"type": TEXT, "ref": MAYBE_TEXT, "room": TEXT},
    "message": {"type": TEXT, "room": TEXT, **MESSAGE_FIELDS},
    "changed": {"type": TEXT, "room": TEXT, **MESSAGE_FIELDS, **CHANGED_FIELDS},
    "reset": {
        "type": TEXT,
        "room": TEXT,
        "last_seq": NUMBER,
        "last_changed_seq": NUMBER,
        "reason": TEXT,
    },
    "user_typing": {"type": TEXT, "room": TEXT, "user": USER},
    "user_stopped_typing": {"type": TEXT, "room": TEXT, "user": USER},
    "room_created": LOBBY,
    "room_updated": LOBBY,
    "room_deleted": {"type": TEXT, "room": TEXT},
    "room_removed": {"type": TEXT, "room": TEXT, "reason": TEXT},
    "ack": {
        "type": TEXT,
        "ref": MAYBE_TEXT,
        "client_id": TEXT,
        "room": TEXT,
        "seq": NUMBER,
        "changed_seq": NUMBER,
    },
    "notification": {
        "type": TEXT,
        "id": TEXT,
        "kind": TEXT,
        "room": MAYBE_TEXT,
        "seq": MAYBE_NUMBER,
        "from": USER,
        "text": TEXT,
        "at": TEXT,
    },
    "pong": {"type": TEXT, "ref": MAYBE_TEXT},
}


def check(value: Any, shape: Shape, where: str = "") -> None:
    """Fail, naming the place, unless the value has exactly this shape."""
    if isinstance(shape, dict):
        assert isinstance(value, dict), where
        assert value.keys() == shape.keys(), f"{where}: {value.keys() ^ shape.keys()}"
        for name, inner in shape.items():
            check(value[name], inner, f"{where}.{name}")
    elif isinstance(shape, list):
        assert isinstance(value, list), where
        assert not value or shape, f"{where}: not empty"
        for item in value:
            check(item, shape[0], f"{where}[]")
    else:
        # A bool is an int to Python, and is not to anybody who reads JSON.
        assert isinstance(value, shape), f"{where}: {value!r} is no {shape}"
        assert shape is bool or not isinstance(value, bool), where


def check_frame(frame: dict[str, Any]) -> None:
    """Fail unless the frame has exactly its type's fields (docs/protocol.md)."""
    check(frame, FRAMES[frame["type"]], frame["type"])


def check_presence(frame: dict[str, Any]) -> None:
    """Fail unless a presence frame and everybody in it have the protocol's fields."""
    groups = {"presence_state": ["users"], "presence_diff": ["joins", "leaves"]}
    names = groups[frame["type"]]
    assert frame.keys() == {"type", "room", "count", *names}
    assert type(frame["count"]) is int and frame["count"] >= 0
    for name in names:
        for public_id, entry in frame[name].items():
            check(public_id, TEXT, name)
            check(entry, PERSON, f"{name}.{public_id}")
