"""What an HTTP client may send, and what it is told when it sends more (H rows)."""

import re
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress

import pytest

from tests.gateway.client import GET, Answer
from tests.gateway.servers import Server, wait_for

KIB = 1024
CAP = 64 * KIB
Fresh = Callable[..., AbstractContextManager[Server]]
HOST = b"Host: test\r\n"


def head_of(path: str, *lines: str, method: str = "GET") -> bytes:
    text = "\r\n".join([f"{method} {path} HTTP/1.1", "Host: test", *lines, "", ""])
    return text.encode("latin-1")


def post(path: str, body: bytes, *lines: str) -> bytes:
    return head_of(path, f"Content-Length: {len(body)}", *lines, method="POST") + body


def chunked(path: str, *chunks: bytes) -> bytes:
    parts = [b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks]
    return head_of(path, "Transfer-Encoding: chunked", method="POST") + b"".join(parts)


def refused(server: Server, request: bytes) -> Answer:
    """The answer, after checks of what every refusal has in common."""
    with server.connect() as client:
        client.send(request)
        answer = client.answer(bodiless=request.startswith(b"HEAD"))
        assert answer.headers["connection"] == "close"
        assert "location" not in answer.headers
        assert client.seconds_until_end(3) is not None
        assert not client.received
    said = repr(answer).lower()
    assert not any(name in said for name in ("daphne", "twisted", "autobahn", "python"))
    assert "server" not in answer.headers
    return answer


# Bodies -----------------------------------------------------------------------------


def test_a_body_at_the_cap_arrives_and_one_above_is_refused(ours: Server) -> None:
    assert ours.ask(post("/at-cap", b"x" * CAP)).json["body_bytes"] == CAP
    assert refused(ours, post("/above-cap", b"x" * (CAP + 1))).status == 413
    assert "/above-cap" not in ours.state()["calls"]


def test_a_refused_client_cannot_go_on_sending(ours: Server) -> None:
    """What it sends meanwhile is read a little, so that it sees the answer."""
    with ours.connect() as client:
        client.send(head_of("/giant", "Content-Length: 99999999", method="POST"))
        sent = client.send_until_blocked(b"x" * 65_536, 99_999_999, quiet_s=3)
        assert sent < 20_000_000
        assert client.answer().status == 413


def test_a_chunked_body_is_counted_as_it_comes(ours: Server) -> None:
    at_cap = chunked("/at-cap", b"x" * 40 * KIB, b"x" * 24 * KIB, b"")
    assert ours.ask(at_cap).json["body_bytes"] == CAP
    assert refused(ours, chunked("/endless", *[b"x" * 1000] * 80)).status == 413
    assert "/endless" not in ours.state()["calls"]


def test_a_giant_chunk_is_refused_before_its_bytes_come(ours: Server) -> None:
    head = head_of("/chunk", "Transfer-Encoding: chunked", method="POST")
    assert refused(ours, head + b"fffff\r\nx").status == 413
    assert refused(ours, head + b"F" * 17 + b"\r\nx").status == 400
    assert "/chunk" not in ours.state()["calls"]


@pytest.mark.parametrize("digits", [12, 30, 5000])
def test_a_giant_length_is_refused_before_its_bytes_come(
    ours: Server, digits: int
) -> None:
    length = "Content-Length: " + "9" * digits
    answer = refused(ours, head_of("/giant", length, method="POST"))
    assert answer.status == 413
    assert "64 KiB" in answer.body.decode()


def test_a_body_that_stops_coming_is_ended(ours: Server) -> None:
    with ours.connect() as client:
        client.send(head_of("/half", "Content-Length: 100", method="POST") + b"12345")
        assert client.answer().status == 408
    assert "/half" not in ours.state()["calls"]


def test_a_body_that_drips_is_ended(ours: Server) -> None:
    with ours.connect() as client:
        client.send(head_of("/drip", "Content-Length: 100", method="POST"))
        client.socket.settimeout(0.3)
        for _ in range(15):
            with suppress(ConnectionError):
                client.send(b"x")
            with suppress(TimeoutError):
                client.more()
            if client.received:
                break
        assert client.answer().status == 408


def test_an_expectation_is_met_when_the_body_is_small_enough(ours: Server) -> None:
    expects = "Expect: 100-continue"
    with ours.connect() as client:
        client.send(head_of("/", expects, "Content-Length: 3", method="POST"))
        assert client.answer().status == 100
        client.send(b"abc")
        assert client.answer().json["body_bytes"] == 3
    assert refused(ours, head_of("/", "Expect: a miracle")).status == 417


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "GZIP, gzip"])
def test_a_compressed_body_is_refused(ours: Server, coding: str) -> None:
    request = post("/bomb", b"\x1f\x8b", f"Content-Encoding: {coding}")
    assert refused(ours, request).status == 415


def test_a_ticket_lifts_the_cap_and_the_body_waits_on_the_disk(ours: Server) -> None:
    body = b"x" * 1_000_000
    assert ours.ask(post("/", body, "X-Test-Ticket: 1")).json["body_bytes"] == len(body)
    assert ours.temporary_bytes() == 0


# Heads ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (head_of("/", method="TRACE"), 405),
        (head_of("/", method="CONNECT"), 405),
        (head_of("/", method="FOO"), 501),
        (head_of("/", method="get"), 501),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.0\r\n\r\n", 400),
        (head_of("/", "Host: test"), 400),
        (b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost:\r\n\r\n", 400),
        (b"GET / HTTP/2.0\r\n" + HOST + b"\r\n", 400),
        (b"GET /\n" + HOST + b"\r\n", 400),
        (b"GET / HTTP/1.1\nHost: test\n\n", 400),
        (head_of("/", "X-A: 1\n2"), 400),
        (head_of("/", "X-A: 1", " folded"), 400),
        (head_of("/", "X A: 1"), 400),
        (head_of("/", "X-A : 1"), 400),
        (head_of("/", "X-A: a\0b"), 400),
        (head_of("/", "Transfer-Encoding: identity"), 400),
        (head_of("/", "Transfer-Encoding: chunked, chunked"), 400),
        (head_of("/", *["X-A: 1"] * 101), 400),
        (head_of("/", "X-A: " + "y" * 17_000), 431),
        (head_of("/", *["X-A: " + "y" * 4_000] * 5), 431),
        (head_of("/" + "y" * 17_000), 414),
        (head_of("/" + "y" * 9_000), 414),
    ],
)
def test_a_bad_head_is_refused(ours: Server, request_bytes: bytes, status: int) -> None:
    assert refused(ours, request_bytes).status == status


@pytest.mark.parametrize(
    "target",
    [
        "http://evil.test/x",
        "//evil.test/..%2f",
        "/%2fevil.test",
        "/\\evil.test",
        "/%5cevil.test",
        "*",
        "evil.test:80",
    ],
)
def test_an_address_that_names_another_site_leads_nowhere(
    ours: Server, target: str
) -> None:
    assert refused(ours, head_of(target)).status == 404


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("&".join(f"a{n}=1" for n in range(10_000)), 414),
        ("&".join(f"a{n}=1" for n in range(201)), 400),
        ("a=%ff%fe", 400),
        ("a=%00", 400),
        ("a" * 9_000 + "=1", 414),
        ("a" * 1_000_000 + "=1", 414),
    ],
)
def test_a_query_beyond_the_bounds_is_refused(
    ours: Server, query: str, status: int
) -> None:
    assert refused(ours, head_of(f"/?{query}")).status == status


def test_200_parameters_are_not_too_many(ours: Server) -> None:
    assert ours.get("/?" + "&".join(f"a{n}=1" for n in range(200))).status == 200


@pytest.mark.parametrize(
    "lines",
    [
        ["Cookie: sessionid=alice; sessionid=bob"],
        ["Cookie: sessionid=alice", "Cookie: sessionid=bob"],
        ["Cookie: a=1; __Host-sessionid=alice; __Host-sessionid=bob"],
    ],
)
def test_two_session_cookies_are_nobody(ours: Server, lines: list[str]) -> None:
    assert refused(ours, head_of("/", *lines)).status == 400


def test_a_cookie_of_the_time_before_https_does_no_harm(ours: Server) -> None:
    both = "Cookie: sessionid=old; __Host-sessionid=new"
    assert ours.ask(head_of("/", both)).status == 200


def test_a_hundred_large_cookies_are_refused(ours: Server) -> None:
    cookies = "Cookie: " + "; ".join(f"c{n}=" + "y" * 4_000 for n in range(100))
    assert refused(ours, head_of("/", cookies)).status == 431


def test_a_refusal_of_head_has_no_body(ours: Server) -> None:
    assert refused(ours, head_of("/", "Host: two", method="HEAD")).status == 400


PROXY_LINES = [
    "X_Forwarded_For: 1.1.1.1",
    "X_CSRFToken: x",
    "X-Forwarded-For: 1.1.1.1",
    "X-Forwarded-Host: evil",
    "X-Forwarded-Proto: https",
    "Forwarded: for=1.1.1.1",
    "X-Real-IP: 1.1.1.1",
    "X-Original-URL: /admin",
    "X-HTTP-Method-Override: DELETE",
]


def test_what_only_a_proxy_may_say_is_not_heard_from_a_client(ours: Server) -> None:
    found = ours.ask(post("/", b"_method=DELETE", *PROXY_LINES)).json
    assert sorted(name for name, _ in found["headers"]) == ["content-length", "host"]
    assert found["method"] == "POST"
    assert found["scheme"] == "http"
    assert found["client"][0] == "127.0.0.1"


# Connections ------------------------------------------------------------------------


def test_a_silent_connection_is_ended(ours: Server) -> None:
    with ours.connect() as client:
        assert client.seconds_until_end() is not None
        assert not client.received


def test_an_idle_connection_serves_again_and_is_ended_later(ours: Server) -> None:
    with ours.connect() as client:
        assert client.ask(GET).status == 200
        assert client.ask(GET).status == 200
        ended_after = client.seconds_until_end()
        assert ended_after is not None
        assert ended_after > 1


def test_one_address_has_its_share_and_others_are_served(fresh: Fresh) -> None:
    with fresh("ours", GATEWAY_MAX_PER_ADDRESS="4") as server:
        with server.connect(source="127.0.0.2") as first:
            three = [server.connect(source="127.0.0.2") for _ in range(3)]
            assert first.ask(GET).status == 200
            with server.connect(source="127.0.0.2") as fifth:
                ended_after = fifth.seconds_until_end(1)
            assert ended_after is not None
            assert server.get("/").status == 200
            for client in three:
                client.socket.close()
        wait_for(lambda: is_served(server, "127.0.0.2"))


def is_served(server: Server, source: str) -> bool:
    with server.connect(source=source) as client, suppress(EOFError, ConnectionError):
        return client.ask(GET).status == 200
    return False


def test_there_is_an_end_to_all_connections_together(fresh: Fresh) -> None:
    with (
        fresh("ours", GATEWAY_MAX_CONNECTIONS="2") as server,
        server.connect() as first,
        server.connect(source="127.0.0.2") as second,
    ):
        assert [first.ask(GET).status, second.ask(GET).status] == [200, 200]
        with server.connect(source="127.0.0.3") as third:
            assert third.seconds_until_end(1) is not None


# Answers ----------------------------------------------------------------------------


def test_an_exception_becomes_a_page_with_the_id_that_is_logged(ours: Server) -> None:
    answer = ours.get("/boom")
    assert answer.status == 500
    error_id = re.search(r"report error ([0-9a-f]{8})", answer.body.decode())
    assert error_id is not None
    assert "secret" not in answer.body.decode()
    assert f"Error {error_id[1]}" in ours.log


def test_an_exception_in_the_middle_of_an_answer_cuts_it_off(ours: Server) -> None:
    with ours.connect() as client:
        client.send(head_of("/late-boom"))
        assert client.seconds_until_end(2) is not None
        assert b"0\r\n\r\n" not in client.received


def test_an_application_that_takes_too_long_is_given_up(fresh: Fresh) -> None:
    with fresh("ours", GATEWAY_ANSWER_DEADLINE_S="0.4") as server:
        answer = server.get("/slow?seconds=30")
        assert answer.status == 503
        assert "try again" in answer.body.decode()


def test_a_reader_that_stalls_holds_little_and_is_ended(fresh: Fresh) -> None:
    size = 1600 * 65536
    with fresh("ours") as server, server.connect(receive_buffer=4 * KIB) as client:
        before = server.peak_kib()
        client.send(head_of("/stream?chunks=1600&size=65536"))
        # Only when the connection has ended does the application get to its end.
        wait_for(lambda: server.state("stream").get("sent") == size)
        assert server.peak_kib() - before < 4 * KIB
        assert client.seconds_until_end() is not None
        assert len(client.received) < size / 4


def test_a_thousand_answers_are_not_made_ahead(fresh: Fresh) -> None:
    with fresh("ours") as server, server.connect(receive_buffer=4 * KIB) as client:
        before = server.peak_kib()
        client.send(head_of("/stream?chunks=1&size=1000000") * 100)
        assert client.take(100_000)
        assert server.peak_kib() - before < 8 * KIB


def test_it_runs_on_uvloop_and_needs_no_framework(ours: Server) -> None:
    state = ours.state()
    assert state["loop"] == "uvloop"
    assert state["django"] is False
