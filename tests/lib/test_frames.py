"""Frames built by us are read as they should be by another implementation."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode
from websockets.protocol import CLIENT, Protocol

from livechat.lib.frames import text_frame


def _read(data: bytes) -> list[bytes]:
    """The payloads of whole text frames, as the websockets library reads them."""
    protocol = Protocol(CLIENT, max_size=None)
    protocol.receive_data(data)
    frames = [one for one in protocol.events_received() if isinstance(one, Frame)]
    assert all(one.opcode is Opcode.TEXT and one.fin for one in frames)
    return [bytes(one.data) for one in frames]


@pytest.mark.parametrize(
    ("size", "head"),
    [(0, 2), (1, 2), (125, 2), (126, 4), (127, 4), (65_535, 4), (65_536, 10)],
)
def test_a_frame_has_the_shortest_head_and_is_read_by_others(
    size: int, head: int
) -> None:
    payload = b"x" * size
    frame = text_frame(payload)
    assert len(frame) == size + head
    assert _read(frame) == [payload]


@given(st.lists(st.text(max_size=300), max_size=8))
def test_frames_that_are_written_together_are_read_apart(texts: list[str]) -> None:
    payloads = [text.encode() for text in texts]
    assert _read(b"".join(map(text_frame, payloads))) == payloads
