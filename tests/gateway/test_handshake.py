"""The way into a WebSocket: who gets in, who does not, and how soon (W15, W17)."""

import pytest

from tests.gateway.client import KEY, Client, handshake, masked
from tests.gateway.servers import Server, wait_for

PLAIN = handshake()


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (handshake(Sec_WebSocket_Version="8"), 426),
        (handshake(Sec_WebSocket_Version="99"), 426),
        (handshake(Sec_WebSocket_Version=""), 426),
        (handshake(Sec_WebSocket_Key=""), 400),
        (handshake(Sec_WebSocket_Key="AAAAAAAAAAAAAAAAAAAA"), 400),
        (PLAIN[:-2] + f"Sec-WebSocket-Key: {KEY}\r\n\r\n".encode(), 400),
        (handshake(Connection="close, Upgrade"), 400),
        (handshake(Connection="keep-alive"), 400),
        (handshake(Connection=""), 400),
        (handshake(Upgrade="websocket, h2c"), 400),
        (PLAIN.replace(b"HTTP/1.1", b"HTTP/1.0"), 400),
        (PLAIN.replace(b"GET", b"POST"), 400),
        (handshake(Content_Length="8") + masked("hi"), 400),
        (handshake(Transfer_Encoding="chunked") + b"0\r\n\r\n", 400),
        (PLAIN + masked("hi"), 400),
        (PLAIN + PLAIN, 400),
        (handshake("//evil/ws/echo"), 404),
        (handshake(Host=""), 400),
        (PLAIN[:-2] + b"Host: two\r\n\r\n", 400),
        (handshake(Cookie="sessionid=a; sessionid=b"), 400),
    ],
)
def test_a_bad_handshake_is_refused_and_its_body_is_never_read_as_frames(
    ours: Server, request_bytes: bytes, status: int
) -> None:
    with ours.connect() as client:
        answer = client.ask(request_bytes)
        assert answer.status == status
        assert answer.headers["connection"] == "close"
        assert client.seconds_until_end(3) is not None
        assert not client.received


def test_another_version_is_told_ours(ours: Server) -> None:
    with ours.connect() as client:
        answer = client.open(Sec_WebSocket_Version="8")
    assert answer.headers["sec-websocket-version"] == "13"


def test_a_good_handshake_names_no_software_and_no_compression(ours: Server) -> None:
    with ours.connect() as client:
        answer = client.open(Sec_WebSocket_Extensions="permessage-deflate")
    assert answer.status == 101
    assert answer.headers["sec-websocket-accept"] == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
    assert not {"server", "sec-websocket-extensions"} & set(answer.headers)


def test_the_application_chooses_among_the_offered_subprotocols(ours: Server) -> None:
    with ours.connect() as client:
        answer = client.open(Sec_WebSocket_Protocol="json, html")
    assert answer.headers["sec-websocket-protocol"] == "json"


def test_the_application_adds_headers_to_its_yes(ours: Server) -> None:
    with ours.connect() as client:
        client.send(PLAIN)
        answer = client.take_until(b"\r\n\r\n")
    assert b"x-one: 1\r\nx-one: 2\r\n" in answer


def test_a_handshake_that_stops_half_way_is_ended(ours: Server) -> None:
    """Sooner than another head, which our test server gives 1.4 s."""
    with ours.connect() as client:
        client.send(PLAIN[:-2])
        ended_after = client.seconds_until_end()
    assert ended_after is not None
    assert ended_after < 1.3


def test_an_application_that_does_not_say_yes_in_time_is_overruled(
    ours: Server,
) -> None:
    with ours.connect() as client:
        assert client.open("/ws/never?name=never").status == 503
        assert client.seconds_until_end(3) is not None
    assert wait_for(lambda: ours.state("never")["code"]) == 1006


def test_a_second_request_while_the_first_waits_opens_nothing(ours: Server) -> None:
    with ours.connect() as client:
        client.send(handshake("/ws/never?name=one"))
        wait_for(lambda: ours.state("one"))
        client.send(handshake("/ws/echo?name=two"))
        assert client.answer().status == 503
    assert not ours.state("two")


def test_what_a_hasty_client_sends_before_the_yes_is_read_after_it(
    ours: Server,
) -> None:
    with ours.connect() as client:
        client.send(handshake("/ws/late?name=late"))
        wait_for(lambda: ours.state("late"))
        client.send(masked("early") + masked("bird"))
        ours.get("/command?name=late&do=open")
        assert client.answer(bodiless=True).status == 101
        assert [client.frame()[1] for _ in range(2)] == [b"text:5", b"text:4"]
        client.say("worm!!")
        assert client.frame()[1] == b"text:6"


def test_a_rejected_client_reads_a_page(ours: Server) -> None:
    with ours.connect() as client:
        answer = client.open("/ws/reject")
    assert answer.status == 403
    assert "sign in" in answer.body.decode()


def test_an_exception_before_the_yes_is_a_page_with_an_error_id(ours: Server) -> None:
    with ours.connect() as client:
        answer = client.open("/ws/boom")
    assert answer.status == 500
    assert "report error" in answer.body.decode()
    assert "secret" not in answer.body.decode()


def is_let_in(client: Client, port: int, origin: str) -> bool:
    answer = client.open("/ws/guarded", Host=f"127.0.0.1:{port}", Origin=origin)
    return answer.status == 101


@pytest.mark.parametrize(
    "origin",
    [
        "http://127.0.0.1:9999",
        "http://127.0.0.1",
        "https://127.0.0.1:{port}",
        "ftp://127.0.0.1:{port}",
        "//127.0.0.1:{port}",
        "HTTP://127.0.0.1:{port}",
        "http://127.0.0.1:{port}/",
        "http://127.0.0.1:{port}.evil.test",
        "http://user@127.0.0.1:{port}",
        "null",
        "",
    ],
)
def test_another_origin_does_not_get_in(ours: Server, origin: str) -> None:
    with ours.connect() as client:
        assert not is_let_in(client, ours.port, origin.format(port=ours.port))


def test_the_own_origin_gets_in(ours: Server) -> None:
    with ours.connect() as client:
        assert is_let_in(client, ours.port, f"http://127.0.0.1:{ours.port}")


def test_two_origins_do_not_get_in(ours: Server) -> None:
    own = f"http://127.0.0.1:{ours.port}"
    with ours.connect() as client:
        twice = handshake("/ws/guarded", Host=own[7:], Origin=own)[:-2]
        assert client.ask(twice + f"Origin: {own}\r\n\r\n".encode()).status == 403
