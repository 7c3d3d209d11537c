"""What clients may ask over the socket: each frame becomes a frozen intent.

The table is the contract of docs/protocol.md: an unknown type or field, a missing one
and a wrong type are refused with its codes, before anything else looks at the frame.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

from livechat.lib import limits
from livechat.lib.codec import FrameError

MAX_SEQ = 2**53
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


@dataclass(frozen=True, slots=True)
class Edit(Intent):
    """Give a message of one's own another text."""

    room: str
    seq: int
    body: str


@dataclass(frozen=True, slots=True)
class Delete(Intent):
    """Empty a message for everybody."""

    room: str
    seq: int


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


Read_ = Callable[[str, Any], Any]


def text(name: str, value: Any) -> str:
    """The value, if it is a text (else FrameError, as from the two below)."""
    if not isinstance(value, str):
        raise FrameError("bad_frame", f"{name}: expected a text, got {_kind(value)}.")
    return value


def _room(name: str, value: Any) -> str:
    room = text(name, value)
    if not 1 <= len(room) <= 32:
        raise FrameError("no_room", "There is no such room, or it is not yours.")
    return room


def number(name: str, value: Any) -> int:
    """The value, if it is a whole number from 0 to MAX_SEQ."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise FrameError("bad_seq", f"{name}: expected a number, got {_kind(value)}.")
    if not 0 <= value <= MAX_SEQ:
        raise FrameError("bad_seq", f"{name}: expected 0 to 2^53, got {value}.")
    return value


def _flag(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise FrameError("bad_frame", f"{name}: expected true or false.")
    return value


def uuid(name: str, value: Any) -> UUID:
    """The value, if it is a UUID in its one canonical spelling of 36 characters."""
    given = text(name, value)
    try:
        found = UUID(given)
    except ValueError:
        found = None
    if found is None or str(found) != given.lower():
        raise FrameError("bad_frame", f"{name}: expected a UUID like 8-4-4-4-12.")
    return found


def _state(name: str, value: Any) -> str:
    # The type first: asking a set for a list or an object raises.
    if not isinstance(value, str) or value not in Presence.STATES:
        allowed = ", ".join(sorted(Presence.STATES))
        raise FrameError("bad_frame", f"{name}: expected one of {allowed}.")
    return value


def _no_attachments(name: str, value: Any) -> None:
    if not isinstance(value, list):
        raise FrameError("bad_frame", f"{name}: expected a list of upload ids.")
    if value:
        raise FrameError("limit", "This server takes no attachments.")


@dataclass(frozen=True, slots=True)
class _Type:
    make: Callable[..., Intent]
    required: Mapping[str, Read_]
    optional: Mapping[str, Read_]


_TYPES: dict[str, _Type] = {
    "subscribe": _Type(Subscribe, {"room": _room}, {"after": number}),
    "unsubscribe": _Type(Unsubscribe, {"room": _room}, {}),
    "send": _Type(
        Send,
        {"room": _room, "client_id": uuid, "body": text},
        {"reply_to": number, "attachments": _no_attachments},
    ),
    "edit": _Type(Edit, {"room": _room, "seq": number, "body": text}, {}),
    "delete": _Type(Delete, {"room": _room, "seq": number}, {}),
    "read": _Type(Read, {"room": _room, "seq": number}, {}),
    "typing": _Type(Typing, {"room": _room, "on": _flag}, {}),
    "presence": _Type(Presence, {"state": _state}, {}),
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
    room = _room(name, value)
    # What is refused as a text may not come back in the refusal either.
    if not (room.isascii() and room.isprintable()):
        raise FrameError("no_room", "There is no such room, or it is not yours.")
    return room


_NAMES: dict[str, dict[str, Read_]] = {
    "send": {"room": _printable_room, "client_id": uuid},
    "edit": {"room": _printable_room, "seq": number},
    "delete": {"room": _printable_room, "seq": number},
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
    return values


def _kind(value: Any) -> str:
    names = {
        dict: "an object",
        list: "a list",
        bool: "true or false",
        type(None): "null",
    }
    return names.get(
        type(value), "a number" if isinstance(value, int | float) else "text"
    )
