"""What clients may ask over the socket: each frame becomes a frozen intent.

The table is the contract of docs/protocol.md: an unknown type or field, a missing one
and a wrong type are refused with its codes, before anything else looks at the frame.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

from chat import fields
from livechat.lib import limits
from livechat.lib.codec import FrameError

# htmx adds these to every frame of a form; they are dropped, never trusted.
DROPPED = frozenset({"headers", "HEADERS"})


@dataclass(frozen=True, slots=True)
class Intent:
    """Anything that a client asks for; `ref` comes back in the answer."""

    ref: str | None


@dataclass(frozen=True, slots=True)
class Subscribe(Intent):
    """Follow a room; `after` is the last change seen, None when none is wanted."""

    room: str
    after: int | None


@dataclass(frozen=True, slots=True)
class Unsubscribe(Intent):
    """Follow a room no longer."""

    room: str


@dataclass(frozen=True, slots=True)
class Send(Intent):
    """Post a message; the body is checked by the worker's rules, not here."""

    room: str
    client_id: UUID
    body: str
    reply_to: int | None
    commands: bool | None = None  # whether a slash at the beginning is one
    in_room: bool | None = None  # False: a reply for its thread alone

    @property
    def is_command(self) -> bool:
        """Whether it may be for us alone (chat/commands.py), and no message."""
        return bool(self.commands) and self.body.startswith("/")


@dataclass(frozen=True, slots=True)
class Edit(Intent):
    """Give a message of one's own another text."""

    room: str
    seq: int
    body: str
    client_id: UUID | None  # of the edit; a repeat of it is harmless, however late


@dataclass(frozen=True, slots=True)
class Delete(Intent):
    """Empty a message for everybody."""

    room: str
    seq: int


@dataclass(frozen=True, slots=True)
class React(Intent):
    """Put an emoji of one's own to a message, or take it back."""

    room: str
    seq: int
    emoji: str
    on: bool


@dataclass(frozen=True, slots=True)
class Stream(Intent):
    """Post a message whose text comes piece by piece."""

    room: str
    client_id: UUID
    reply_to: int | None


@dataclass(frozen=True, slots=True)
class Append(Intent):
    """The next piece of such a text; `offset` is where it begins."""

    room: str
    seq: int
    offset: int
    text: str


@dataclass(frozen=True, slots=True)
class Finish(Intent):
    """The end of such a text; `body` is the whole of it, None: what came."""

    REASONS: ClassVar[frozenset[str]] = frozenset({"done", "interrupted", "stopped"})

    room: str
    seq: int
    body: str | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class Read(Intent):
    """Everything up to `seq` is read; a lower number marks unread."""

    room: str
    seq: int


@dataclass(frozen=True, slots=True)
class Typing(Intent):
    """The person types in the room, or stopped."""

    room: str
    on: bool


@dataclass(frozen=True, slots=True)
class Presence(Intent):
    """The state that others see."""

    STATES: ClassVar[frozenset[str]] = frozenset({"online", "idle", "dnd", "invisible"})

    state: str


@dataclass(frozen=True, slots=True)
class Ping(Intent):
    """Asks for a pong."""


@dataclass(frozen=True, slots=True)
class _Type:
    make: Callable[..., Intent]
    required: Mapping[str, fields.Read]
    optional: Mapping[str, fields.Read]


_TYPES: dict[str, _Type] = {
    "subscribe": _Type(Subscribe, {"room": fields.room}, {"after": fields.number}),
    "unsubscribe": _Type(Unsubscribe, {"room": fields.room}, {}),
    "send": _Type(
        Send,
        {"room": fields.room, "client_id": fields.uuid, "body": fields.text},
        {
            "reply_to": fields.number,
            "attachments": fields.no_attachments,
            "commands": fields.flag,
            "in_room": fields.flag,
        },
    ),
    "edit": _Type(
        Edit,
        {"room": fields.room, "seq": fields.number, "body": fields.text},
        {"client_id": fields.uuid},
    ),
    "delete": _Type(Delete, {"room": fields.room, "seq": fields.number}, {}),
    "react": _Type(
        React,
        {
            "room": fields.room,
            "seq": fields.number,
            "emoji": fields.emoji,
            "on": fields.flag,
        },
        {},
    ),
    "stream": _Type(
        Stream,
        {"room": fields.room, "client_id": fields.uuid},
        {"reply_to": fields.number},
    ),
    "append": _Type(
        Append,
        {
            "room": fields.room,
            "seq": fields.number,
            "offset": fields.number,
            "text": fields.text,
        },
        {},
    ),
    "finish": _Type(
        Finish,
        {"room": fields.room, "seq": fields.number},
        {"body": fields.text, "reason": fields.one_of(Finish.REASONS)},
    ),
    "read": _Type(Read, {"room": fields.room, "seq": fields.number}, {}),
    "typing": _Type(Typing, {"room": fields.room, "on": fields.flag}, {}),
    "presence": _Type(Presence, {"state": fields.one_of(Presence.STATES)}, {}),
    "ping": _Type(Ping, {}, {}),
}


def ref_of(frame: Mapping[str, Any]) -> str | None:
    """The frame's `ref`, or None when it has none.

    Raises:
        FrameError: it is not a text of at most REF_MAX_LENGTH characters.
    """
    ref = frame.get("ref")
    if ref is None:
        return None
    if not isinstance(ref, str) or len(ref) > limits.REF_MAX_LENGTH:
        raise FrameError(
            "bad_frame", f"ref: expected at most {limits.REF_MAX_LENGTH} characters."
        )
    return ref


def parse(frame: Mapping[str, Any]) -> Intent:
    """The intent of one decoded frame.

    Raises:
        FrameError: unknown_type, unknown_field, bad_frame, bad_seq, no_room or limit.
    """
    kind = frame.get("type")
    spec = _TYPES.get(kind) if isinstance(kind, str) else None
    if spec is None:
        known = ", ".join(_TYPES)
        raise FrameError("unknown_type", f"type: expected one of {known}.")
    values: dict[str, Any] = {"ref": ref_of(frame)}
    for name in frame.keys() - DROPPED - {"type", "ref"}:
        read = spec.required.get(name) or spec.optional.get(name)
        if read is None:
            raise FrameError("unknown_field", f"{name[:50]}: not a field of {kind}.")
        values[name] = read(name, frame[name])
    for name in spec.required:
        if name not in values:
            raise FrameError("bad_frame", f"{name}: is missing in {kind}.")
    values.pop("attachments", None)
    for name in spec.optional:
        if name != "attachments":
            values.setdefault(name, None)
    return spec.make(**values)


def named(frame: Mapping[str, Any]) -> dict[str, str | int]:
    """What a refused frame was about, as far as it says so well; to be told back."""
    names: dict[str, str | int] = {}
    for name, read in _NAMES.get(str(frame.get("type")), {}).items():
        with suppress(FrameError, KeyError):
            value = read(name, frame[name])
            names[name] = value if isinstance(value, int) else str(value)
    return names


def _printable_room(name: str, value: Any) -> str:
    room = fields.room(name, value)
    # What is refused as a text may not come back in the refusal either.
    if not (room.isascii() and room.isprintable()):
        raise FrameError("no_room", fields.NO_ROOM)
    return room


_NAMES: dict[str, dict[str, fields.Read]] = {
    "send": {"room": _printable_room, "client_id": fields.uuid},
    "edit": {"room": _printable_room, "seq": fields.number},
    "delete": {"room": _printable_room, "seq": fields.number},
    "react": {"room": _printable_room, "seq": fields.number},
    "stream": {"room": _printable_room, "client_id": fields.uuid},
    "append": {"room": _printable_room, "seq": fields.number},
    "finish": {"room": _printable_room, "seq": fields.number},
}


def from_form(frame: Mapping[str, Any]) -> dict[str, Any]:
    """A browser's form as a frame: its fields are texts, numbers are read from them."""
    values = {name: value for name, value in frame.items() if name not in DROPPED}
    for name in ("after", "seq", "reply_to"):
        value = values.get(name)
        if value == "":
            del values[name]
        elif isinstance(value, str) and value.isascii() and value.isdigit():
            values[name] = int(value[:17])
    # The form that also works without JavaScript carries Django's token; the socket's
    # own check is the Origin of its handshake.
    values.pop("csrfmiddlewaretoken", None)
    if values.get("type") == "send":  # a person wrote it, who may give commands
        values["commands"] = True
    return values
