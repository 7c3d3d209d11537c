"""Frames become intents: the table of the protocol, without a socket."""

from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat import intents
from livechat.lib.codec import FrameError

ID = UUID(int=3)

GOOD: list[tuple[dict[str, Any], intents.Intent]] = [
    ({"type": "subscribe", "room": "r"}, intents.Subscribe(None, "r", None)),
    ({"type": "subscribe", "room": "r", "after": 0}, intents.Subscribe(None, "r", 0)),
    ({"type": "unsubscribe", "room": "r"}, intents.Unsubscribe(None, "r")),
    (
        {"type": "send", "room": "r", "client_id": str(ID), "body": "b"},
        intents.Send(None, "r", ID, "b", None),
    ),
    (
        {
            "type": "send",
            "room": "r",
            "client_id": str(ID).upper(),
            "body": "",
            "reply_to": 2**53,
            "attachments": [],
            "ref": "x",
        },
        intents.Send("x", "r", ID, "", 2**53),
    ),
    (
        {"type": "stream", "room": "r", "client_id": str(ID), "reply_to": 4},
        intents.Stream(None, "r", ID, 4),
    ),
    (
        {"type": "append", "room": "r", "seq": 5, "offset": 0, "text": ""},
        intents.Append(None, "r", 5, 0, ""),
    ),
    (
        {"type": "finish", "room": "r", "seq": 5},
        intents.Finish(None, "r", 5, None, None),
    ),
    (
        {
            "type": "finish",
            "room": "r",
            "seq": 5,
            "body": "b",
            "reason": "interrupted",
        },
        intents.Finish(None, "r", 5, "b", "interrupted"),
    ),
    ({"type": "read", "room": "r", "seq": 5}, intents.Read(None, "r", 5)),
    ({"type": "typing", "room": "r", "on": False}, intents.Typing(None, "r", False)),
    ({"type": "presence", "state": "idle"}, intents.Presence(None, "idle")),
    ({"type": "ping", "ref": "", "HEADERS": {}}, intents.Ping("")),
]


@pytest.mark.parametrize(
    ("frame", "intent"),
    GOOD,
    ids=[f"{n}-{one['type']}" for n, (one, _) in enumerate(GOOD)],
)
def test_a_right_frame_is_its_intent(
    frame: dict[str, Any], intent: intents.Intent
) -> None:
    assert intents.parse(frame) == intent


@pytest.mark.parametrize("frame", [one for one, _ in GOOD], ids=str)
def test_every_field_but_the_optional_ones_is_needed_and_named(
    frame: dict[str, Any],
) -> None:
    optional = {"after", "reply_to", "attachments", "ref", "HEADERS"}
    if frame["type"] == "finish":
        optional |= {"body", "reason"}
    for name in frame.keys() - optional - {"type"}:
        rest = {key: one for key, one in frame.items() if key != name}
        with pytest.raises(FrameError, match=f"^{name}: ") as caught:
            intents.parse(rest)
        assert caught.value.code == "bad_frame"


@pytest.mark.parametrize("frame", [one for one, _ in GOOD], ids=str)
def test_a_field_too_many_is_refused(frame: dict[str, Any]) -> None:
    with pytest.raises(FrameError) as caught:
        intents.parse({**frame, "is_admin": True})
    assert caught.value.code == "unknown_field"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
NAMES = ["room", "after", "client_id", "body", "reply_to", "attachments", "seq", "on"]
NAMES += ["offset", "text", "reason", "in_room", "commands"]
KINDS = ["subscribe", "send", "stream", "append", "finish", "read", "react", "typing"]


@given(
    kind=st.sampled_from([*KINDS, "presence", "ping"]),
    fields=st.dictionaries(st.sampled_from([*NAMES, "state", "ref"]), JSON),
)
def test_whatever_comes_is_an_intent_or_a_refusal(
    kind: str, fields: dict[str, Any]
) -> None:
    for frame in ({**fields, "type": kind}, fields):
        try:
            found = intents.parse(intents.from_form(frame))
        except FrameError as error:
            assert error.code and error.message
        else:
            assert isinstance(found, intents.Intent)


def test_a_forms_numbers_are_read_and_its_token_is_dropped() -> None:
    form = {
        "type": "send",
        "room": "r",
        "client_id": str(ID),
        "body": "7",
        "reply_to": "12",
        "csrfmiddlewaretoken": "t",
        "HEADERS": {"HX-Request": "true"},
    }
    assert intents.parse(intents.from_form(form)) == intents.Send(
        None, "r", ID, "7", 12, commands=True
    )
    empty = intents.from_form({**form, "reply_to": ""})
    assert intents.parse(empty) == intents.Send(None, "r", ID, "7", None, commands=True)


@pytest.mark.parametrize("value", ["-1", "1.5", "٣", "9" * 30, "x", " 1"])
def test_a_forms_bad_number_is_refused(value: str) -> None:
    form = {"type": "read", "room": "r", "seq": value}
    with pytest.raises(FrameError) as caught:
        intents.parse(intents.from_form(form))
    assert caught.value.code == "bad_seq"


@pytest.mark.parametrize("ref", ["r" * 65, 1, {}, [], True])
def test_a_ref_is_a_short_text(ref: Any) -> None:
    with pytest.raises(FrameError) as caught:
        intents.ref_of({"ref": ref})
    assert caught.value.code == "bad_frame"
    assert intents.ref_of({"ref": "r" * 64}) == "r" * 64
    assert intents.ref_of({"ref": None}) is None
