"""The state that a socket starts from, against the autobahn that is installed."""

from autobahn.twisted.websocket import WebSocketServerFactory, WebSocketServerProtocol
from hypothesis import given
from hypothesis import strategies as st

from livechat.gateway.upgrade import fixed_attributes, switching

UNUSED = {"factory", "is_open", "is_closed", "_transport_details"}
# Of autobahn's own log lines and events, which have no readers here.
EVENTS = {"_valid_events", "_results"}


def test_a_socket_starts_with_all_that_autobahn_would_have_set() -> None:
    factory = WebSocketServerFactory()
    theirs = WebSocketServerProtocol()
    theirs.factory = factory
    theirs.openHandshakeTimeout = 0
    theirs._connectionMade()
    ours = fixed_attributes(factory)
    theirs_set = {name: value for name, value in vars(theirs).items() if name in ours}
    assert vars(theirs).keys() - UNUSED - EVENTS <= ours.keys()
    for name in ours.keys() & theirs_set.keys() - {
        "trafficStats",
        "send_queue",
        "utf8validator",
        "openHandshakeTimeout",
    }:
        assert ours[name] == theirs_set[name], name


def test_the_answer_proves_that_the_key_was_read() -> None:
    answer = switching(b"dGhlIHNhbXBsZSBub25jZQ==", "json", [(b"x-one", b"1")])
    assert answer == (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\n"
        b"Connection: Upgrade\r\nx-one: 1\r\nSec-WebSocket-Protocol: json\r\n"
        b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
    )


@given(st.binary(max_size=20))
def test_no_header_of_the_application_becomes_two_lines(value: bytes) -> None:
    try:
        answer = switching(b"key", None, [(b"x-one", value)])
    except ValueError:
        assert b"\r" in value or b"\n" in value
    else:
        assert len(answer.split(b"\r\n")) == 7
