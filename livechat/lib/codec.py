"""Strict JSON: what is read here is safe for every sink behind it.

The rule it guards: no frame recurses, lies about its keys, or carries a number or a
text that the database, the log or another client could choke on.
"""

import json
import math
import re
from functools import lru_cache, partial
from itertools import accumulate
from typing import NoReturn, TypeAlias

import msgspec

from livechat.lib.limits import FRAME_MAX_DEPTH, FRAME_MAX_KEYS
from livechat.lib.words import Words

JSONValue: TypeAlias = (
    None | bool | int | float | str | list["JSONValue"] | dict[str, "JSONValue"]
)

INTEGER_MAX = 2**53  # beyond it JavaScript rounds (RFC 8259, section 6)
INTEGER_MAX_DIGITS = len(str(INTEGER_MAX))

BAD_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]")
SURROGATE = re.compile("[\ud800-\udfff]")
# Possessive, so that a hostile text is walked once; an open string swallows the rest.
STRING = re.compile(r'"(?:[^"\\]++|\\.)*+(?:"|\Z|\\\Z)', re.DOTALL)
NOT_A_BRACKET = re.compile(r"[^\[\]{}]++")
NESTING = {"[": 1, "{": 1, "]": -1, "}": -1}


def _text_of(value: object) -> str:
    """What msgspec does not know; a sentence is told in English."""
    if isinstance(value, Words):
        return value[:]
    raise TypeError(f"Expected what JSON can hold, got {type(value).__name__}.")


_encoder = msgspec.json.Encoder(enc_hook=_text_of)


class FrameError(ValueError):
    """A frame that is refused; `code` is one of the error codes of the protocol."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.frame: dict[str, JSONValue] = {}  # that was read, when it was JSON


def decode(
    data: str | bytes,
    *,
    max_depth: int = FRAME_MAX_DEPTH,
    max_keys: int = FRAME_MAX_KEYS,
) -> dict[str, JSONValue]:
    """The object in one text frame; bytes must be UTF-8.

    Every text in it is free of lone surrogates and of C0 controls but tab and line
    ends; every integer is within ±2^53 and every float finite. The standard library's
    parser does the work because msgspec keeps the last of two equal keys unseen.

    Raises: FrameError with `bad_json` (not JSON, a key twice, NaN or infinity, too
    deep, too many keys), `bad_frame` (not an object, an integer out of range) or
    `bad_text`.
    """
    text = _text(data)
    _refuse_depth(text, max_depth)
    try:
        value: JSONValue = _decoder(max_keys).decode(text)
    except json.JSONDecodeError as error:
        sentence = f"This is not JSON: {error.msg} (character {error.pos})."
        raise FrameError("bad_json", sentence) from None
    if not isinstance(value, dict):
        raise FrameError("bad_frame", "A frame is one JSON object, {…}.")
    try:
        _refuse_bad_text(value)
    except FrameError as error:
        error.frame = value
        raise
    return value


def encode(obj: object) -> bytes:
    """Compact UTF-8 JSON; dataclasses, datetimes (ISO 8601) and UUIDs are known.

    Raises: UnicodeEncodeError for a lone surrogate, TypeError for an unknown type.
    """
    return _encoder.encode(obj)


def _text(data: str | bytes) -> str:
    if isinstance(data, bytes):
        try:
            return data.decode()
        except UnicodeDecodeError:
            raise FrameError("bad_text", "A frame must be valid UTF-8.") from None
    if not data.isascii() and SURROGATE.search(data):
        raise FrameError("bad_text", "A text must not hold half a surrogate pair.")
    return data


def _refuse_depth(text: str, max_depth: int) -> None:
    # The parser recurses; so the depth is known before it starts. Few brackets cannot
    # be deep, and then the strings need not be cut out.
    if text.count("[") + text.count("{") <= max_depth:
        return
    brackets = NOT_A_BRACKET.sub("", STRING.sub("", text))
    if max(accumulate(map(NESTING.__getitem__, brackets)), default=0) > max_depth:
        sentence = f"This is nested more than {max_depth} levels deep."
        raise FrameError("bad_json", sentence)


@lru_cache(maxsize=8)
def _decoder(max_keys: int) -> json.JSONDecoder:
    return json.JSONDecoder(
        object_pairs_hook=partial(_object, max_keys),
        parse_int=_integer,
        parse_float=_float,
        parse_constant=_refuse_constant,
    )


def _object(max_keys: int, pairs: list[tuple[str, JSONValue]]) -> dict[str, JSONValue]:
    if len(pairs) > max_keys:
        sentence = f"An object has more than {max_keys} keys."
        raise FrameError("bad_json", sentence)
    found = dict(pairs)
    if len(found) < len(pairs):
        raise FrameError("bad_json", "An object has the same key twice.")
    return found


def _integer(digits: str) -> int:
    # The length first: int() is quadratic in it, and refuses above 4,300 digits.
    if len(digits) > INTEGER_MAX_DIGITS + 1 or abs(int(digits)) > INTEGER_MAX:
        raise FrameError("bad_frame", "An integer is out of range, ±2^53.")
    return int(digits)


def _float(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise FrameError("bad_json", "A number is too large.")
    return number


def _refuse_constant(name: str) -> NoReturn:
    raise FrameError("bad_json", f"{name} is not JSON.")


def _refuse_bad_text(value: JSONValue) -> None:
    if isinstance(value, str):
        if BAD_TEXT.search(value):
            sentence = "A text holds a control character or half a surrogate pair."
            raise FrameError("bad_text", sentence)
    elif isinstance(value, dict):
        for key, item in value.items():
            _refuse_bad_text(key)
            _refuse_bad_text(item)
    elif isinstance(value, list):
        for item in value:
            _refuse_bad_text(item)
