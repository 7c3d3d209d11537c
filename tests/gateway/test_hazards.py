"""Each hazard of stock Daphne, by one probe that both servers undergo.

A probe returns True when the hazard is there. Stock must have it (else the test would
prove nothing about ours), ours must not.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, suppress

import pytest

from tests.gateway.client import GET, header, masked
from tests.gateway.servers import Server, wait_for

KIB, MIB = 1024, 1024 * 1024
Fresh = Callable[..., AbstractContextManager[Server]]
Probe = Callable[[Server], bool]


def stores_a_body_that_nobody_asked_for(server: Server) -> bool:
    """0.1: sends half of a body of 8 MiB and looks for it on the disk."""
    with server.connect() as client:
        head = b"POST /stored HTTP/1.1\r\nHost: test\r\nContent-Length: %d\r\n\r\n"
        client.send(head % (8 * MIB))
        client.send_until_blocked(b"x" * MIB, 4 * MIB, quiet_s=0.3)
        with suppress(TimeoutError):
            wait_for(lambda: server.temporary_bytes() > 3 * MIB, 1.0)
        return server.temporary_bytes() > 64 * KIB


def parses_a_form_in_memory(server: Server) -> bool:
    """0.2: posts a form of 8 MiB; stock holds it about ten times over."""
    before = server.peak_kib()
    part = b'--b\r\nContent-Disposition: form-data; name="f"\r\n\r\n'
    body = part + b"x" * 8 * MIB + b"\r\n--b--\r\n"
    head = (
        b"POST /form HTTP/1.1\r\nHost: test\r\nContent-Length: %d\r\n"
        b"Content-Type: multipart/form-data; boundary=b\r\n\r\n"
    )
    with server.connect() as client:
        client.send(head % len(body))
        client.send_until_blocked(body, len(body), quiet_s=0.3)
        client.answer()
    return server.peak_kib() - before > 16 * KIB


def queues_what_the_application_does_not_take(server: Server) -> bool:
    """0.3: floods a consumer that takes nothing."""
    with server.connect() as client:
        client.open("/ws/deaf")
        before = server.peak_kib()
        client.send_until_blocked(masked("x" * 60 * KIB) * 20, 48 * MIB)
        return server.peak_kib() - before > 12 * KIB


def queues_what_the_client_does_not_take(server: Server) -> bool:
    """0.4: an application sends 40 MiB to a client that reads nothing."""
    with server.connect(receive_buffer=4 * KIB) as client:
        before = server.peak_kib()
        client.open("/ws/talker?name=deaf-client&count=640&size=65536")
        with suppress(TimeoutError):
            wait_for(lambda: server.state("deaf-client")["sent"] == 40 * MIB, 1.5)
        return server.peak_kib() - before > 12 * KIB


@pytest.mark.parametrize("kind", ["ours", "stock"])
@pytest.mark.parametrize(
    "probe",
    [
        stores_a_body_that_nobody_asked_for,
        parses_a_form_in_memory,
        queues_what_the_application_does_not_take,
        queues_what_the_client_does_not_take,
    ],
)
def test_a_client_costs_no_memory_and_no_disk(
    fresh: Fresh, kind: str, probe: Probe
) -> None:
    with fresh(kind) as server:
        assert probe(server) is not server.is_ours


def cannot_be_closed_while_it_works(server: Server) -> bool:
    """0.7: closes a socket from outside while its handler is busy for 1.5 s."""
    with server.connect() as client:
        client.open("/ws/blocked?name=busy&seconds=1.5")
        client.say("work")
        wait_for(lambda: "busy" in server.state()["sockets"])
        server.get("/command?name=busy&do=close&code=4003")
        client.socket.settimeout(0.7)
        try:
            return client.close_code() != 4003
        except TimeoutError:
            return True


def believes_a_root_path(server: Server) -> bool:
    """0.10: HTTP and WebSocket with a header that only a proxy may send."""
    evil = b"Daphne-Root-Path: /evil\r\n\r\n"
    answer = server.ask(b"GET / HTTP/1.1\r\nHost: test\r\n" + evil)
    with server.connect() as client:
        client.open("/ws/echo?name=root", Daphne_Root_Path="/evil")
    found = {answer.json["root_path"], server.state("root")["root_path"]}
    assert len(found) == 1
    return found == {"/evil"}


def waits_for_a_slow_head(server: Server) -> bool:
    """0.11: a byte each 0.2 s; our test server gives a head 1.4 s."""
    with server.connect() as client:
        client.socket.settimeout(0.2)
        for byte in (b"GET / HTTP/1.1\r\nHost: test\r\nX-Slow: " + b"x" * 99)[:10]:
            with suppress(ConnectionError):
                client.send(bytes([byte]))
            with suppress(TimeoutError):
                if not client.more() or client.received:
                    return False
    return True


def lets_in(request: bytes) -> Probe:
    """0.11: True when the application answers a request that it should not see."""

    def is_let_in(server: Server) -> bool:
        return server.ask(request).status == 200

    return is_let_in


def wants_99_gigabytes(server: Server) -> bool:
    """0.11: Expect: 100-continue with a length that no server should want."""
    head = b"POST / HTTP/1.1\r\nHost: test\r\nExpect: 100-continue\r\n"
    status = server.ask(head + b"Content-Length: 99000000000\r\n\r\n").status
    assert status in {100, 413}
    return status == 100


@pytest.mark.parametrize(
    "probe",
    [
        cannot_be_closed_while_it_works,
        believes_a_root_path,
        waits_for_a_slow_head,
        wants_99_gigabytes,
        lets_in(b"GET / HTTP/1.1\r\nHost: test\r\nHost: evil\r\n\r\n"),
        lets_in(b"GET / HTTP/1.1\r\n\r\n"),
        lets_in(b"TRACE / HTTP/1.1\r\nHost: test\r\n\r\n"),
        lets_in(b"FOO / HTTP/1.1\r\nHost: test\r\n\r\n"),
    ],
)
def test_a_client_cannot_do_what_stock_lets_it_do(either: Server, probe: Probe) -> None:
    assert probe(either) is not either.is_ours


TARGET = b"POST /smuggled HTTP/1.1\r\nHost: test\r\n"
CHUNKED = TARGET + b"Transfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    "request_bytes",
    [
        TARGET + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        TARGET + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
        TARGET + b"Content-Length: +4\r\n\r\nabcd",
        TARGET + b"Content-Length: 4_0\r\n\r\nabcd",
        TARGET + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        CHUNKED + b"0x4\r\nabcd\r\n0\r\n\r\n",
        TARGET + b"X-A: a\0b\r\n\r\n",
        TARGET + b"X-A: a\x0bb\r\n\r\n",
        TARGET + b"X-A : b\r\n\r\n",
        TARGET + b"".join(b"X-%d: y\r\n" % n for n in range(501)) + b"\r\n",
        TARGET + b"X-A: " + b"y" * 20_000 + b"\r\n\r\n",
        b"GET /" + b"y" * 17_000 + b" HTTP/1.1\r\nHost: test\r\n\r\n",
    ],
)
def test_a_smuggler_is_cut_off_by_both(either: Server, request_bytes: bytes) -> None:
    """0.12 is good news about stock, kept as a regression test."""
    with either.connect() as client:
        client.send(request_bytes)
        status = 400
        with suppress(EOFError):
            status = client.answer().status
        assert 400 <= status < 500
        assert b"HTTP/1.1 200" not in client.received
    assert "/smuggled" not in either.state()["calls"]


@pytest.mark.parametrize(
    ("frames", "code"),
    [
        (b"\xc1\x80" + b"\0" * 4, 1002),  # RSV1
        (b"\xa1\x80" + b"\0" * 4, 1002),  # RSV2
        (b"\x91\x80" + b"\0" * 4, 1002),  # RSV3
        (b"\x83\x80" + b"\0" * 4, 1002),  # opcode 3
        (b"\x87\x80" + b"\0" * 4, 1002),
        (b"\x8b\x80" + b"\0" * 4, 1002),  # opcode 11
        (b"\x8f\x80" + b"\0" * 4, 1002),
        (b"\x80\x80" + b"\0" * 4, 1002),  # continuation of nothing
        (masked("a", 0x01) + masked("b", 0x01), 1002),  # text inside a fragment
        (b"\x81\xfe\x00\x05" + b"\0" * 9, 1002),  # not the shortest length
        (b"\x81\xff" + (5).to_bytes(8, "big") + b"\0" * 9, 1002),
        (b"\x81\xff" + (2**63 + 5).to_bytes(8, "big") + b"\0" * 9, 1002),
        (b"\x81\x05hello", 1002),  # not masked
        (b"\x09\x80" + b"\0" * 4, 1002),  # a ping in pieces
        (masked(b"p" * 126, 0x89), 1002),  # a ping too long
        (masked(b"\xff\xfe"), 1007),  # not UTF-8
        (masked(b"\x03\xed", 0x88), 1002),  # Close with 1005
        (masked(b"\x03\xe8\xff", 0x88), 1007),  # Close with a bad reason
        (masked(b"\x03", 0x88), 1002),
    ],
)
def test_a_violation_is_answered_with_its_code(
    either: Server, frames: bytes, code: int
) -> None:
    """0.13: stock cuts the connection without a word."""
    with either.connect() as client:
        client.open()
        client.send(frames)
        assert client.close_code() == (code if either.is_ours else None)


def test_a_message_above_the_cap_is_answered_with_1009(ours: Server) -> None:
    with ours.connect() as client:
        client.open()
        client.say("x" * 64 * KIB)
        assert client.frame() == (1, b"text:65536")
        client.say("x" * (64 * KIB + 1))
        assert client.close_code() == 1009


def test_fragments_above_the_cap_together_are_answered_with_1009(ours: Server) -> None:
    with ours.connect() as client:
        client.open()
        client.say("x" * 40 * KIB, 0x01)
        client.say("x" * 40 * KIB, 0x80)
        assert client.close_code() == 1009


def test_an_announced_giant_costs_nothing(ours: Server) -> None:
    with ours.connect() as client:
        client.open()
        before = ours.rss_kib()
        client.send(header(2**62) + b"\0" * 4)
        assert client.close_code() == 1009
        assert ours.rss_kib() - before <= 128


def test_pipelined_requests_are_answered_in_order(either: Server) -> None:
    """H23: the first is slow, and each answer is its own request's."""
    with either.connect() as client:
        slow = b"GET /slow?seconds=0.3 HTTP/1.1\r\nHost: test\r\n\r\n"
        client.send(
            slow + GET.replace(b"/ ", b"/two ") + GET.replace(b"/ ", b"/three ")
        )
        paths = [client.answer().json["path"] for _ in range(3)]
    assert paths == ["/slow", "/two", "/three"]
