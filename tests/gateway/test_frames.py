"""What a socket's client may send, and how each socket ends (W rows)."""

import struct
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress

import pytest

from tests.gateway.client import Client, masked
from tests.gateway.servers import Server, wait_for

Fresh = Callable[..., AbstractContextManager[Server]]
CLOSE_1000 = masked(struct.pack("!H", 1000), 0x88)


@pytest.mark.parametrize(
    ("payload", "first", "shown"),
    [
        ("", 0x81, b"text:0"),
        (" ", 0x81, b"text:1"),
        ("\n", 0x81, b"text:1"),
        (b"", 0x82, b"bytes:0"),
        (b"\xff\0", 0x82, b"bytes:2"),
    ],
)
def test_empty_and_binary_messages_reach_the_application(
    ours: Server, payload: bytes | str, first: int, shown: bytes
) -> None:
    with ours.connect() as client:
        client.open()
        client.say(payload, first)
        assert client.frame() == (1, shown)


def test_a_message_in_pieces_arrives_whole_with_a_ping_between(ours: Server) -> None:
    with ours.connect() as client:
        client.open()
        pieces = masked("ab", 0x01) + masked("p", 0x89) + masked("cd", 0x80)
        for byte in pieces:
            client.send(bytes([byte]))
        assert [client.frame(), client.frame()] == [(10, b"p"), (1, b"text:4")]


@pytest.mark.parametrize(
    "begun",
    [masked("never ended", 0x01), masked("x" * 100)[:50], b"\x81"],
    ids=["fragment", "frame", "header"],
)
def test_a_message_that_is_not_finished_is_ended_with_1008(
    ours: Server, begun: bytes
) -> None:
    with ours.connect() as client:
        client.open()
        client.send(begun)
        assert client.close_code() == 1008
        assert client.seconds_until_end(3) is not None


def test_pings_do_not_prolong_a_message_that_is_not_finished(ours: Server) -> None:
    with ours.connect() as client:
        client.open()
        client.send(masked("never ended", 0x01))
        opcodes = [ping(client) for _ in range(12)]
    assert opcodes[0] == 10
    assert 8 in opcodes


def ping(client: Client) -> int:
    """Pings, waits 0.2 s, and returns the opcode of the last frame that came."""
    opcode = 0
    with suppress(ConnectionError, EOFError, TimeoutError):
        client.socket.settimeout(0.2)
        client.send(masked("p", 0x89))
        while True:
            opcode, _ = client.frame()
    return opcode


def test_many_messages_in_one_write_all_arrive_in_order(ours: Server) -> None:
    """More than the inbox holds, in one piece of TCP."""
    sizes = [n % 50 for n in range(2_000)]
    with ours.connect() as client:
        client.open()
        client.send(b"".join(masked("x" * size) for size in sizes))
        shown = [client.frame()[1] for _ in sizes]
    assert shown == [f"text:{size}".encode() for size in sizes]


def test_data_after_close_is_ignored(ours: Server) -> None:
    with ours.connect() as client:
        client.open("/ws/echo?name=after-close")
        client.send(CLOSE_1000 + masked("too late"))
        assert client.close_code() == 1000
        assert client.seconds_until_end(2) is not None
    state = wait_for(lambda: ended(ours, "after-close"))
    assert state == {"code": 1000, "received": 0}


def ended(server: Server, name: str) -> dict[str, int] | None:
    state = server.state(name)
    if state.get("code") is None:
        return None
    return {"code": state["code"], "received": state["received"]}


def test_a_close_that_is_never_answered_ends_the_connection(ours: Server) -> None:
    with ours.connect() as client:
        client.open("/ws/echo?name=unanswered")
        ours.get("/command?name=unanswered&do=close&code=4003")
        assert client.close_code() == 4003
        ended_after = client.seconds_until_end(3)
    assert ended_after is not None
    assert ended_after < 2


def test_an_exception_is_1011_without_a_word(ours: Server) -> None:
    with ours.connect() as client:
        client.open()
        client.say("boom")
        assert client.frame() == (8, struct.pack("!H", 1011))
        assert client.seconds_until_end(3) is not None


def test_an_application_that_returns_ends_its_socket(ours: Server) -> None:
    with ours.connect() as client:
        client.open()
        client.say("return")
        assert client.close_code() == 1011


def test_a_client_that_vanished_is_noticed(fresh: Fresh) -> None:
    pings = {"GATEWAY_PING_INTERVAL_S": "0.4", "GATEWAY_PING_TIMEOUT_S": "0.4"}
    with fresh("ours", **pings) as server, server.connect() as client:
        client.open("/ws/echo?name=vanished")
        assert wait_for(lambda: ended(server, "vanished")) == {
            "code": 1006,
            "received": 0,
        }


def test_a_client_that_answers_pings_stays(fresh: Fresh) -> None:
    pings = {"GATEWAY_PING_INTERVAL_S": "0.2", "GATEWAY_PING_TIMEOUT_S": "2"}
    with fresh("ours", **pings) as server, server.connect() as client:
        client.open("/ws/echo?name=alive")
        for _ in range(5):
            opcode, payload = client.frame()
            assert opcode == 9
            client.say(payload, 0x8A)
        client.say("still here")
        while (found := client.frame())[0] == 9:
            client.say(found[1], 0x8A)
        assert found == (1, b"text:10")
