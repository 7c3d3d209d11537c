"""Behind a reverse proxy: its word counts, and only as far as it goes (R3)."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.gateway.servers import Server, running


@pytest.fixture(scope="module")
def proxied(folder: Path) -> Iterator[Server]:
    """A gateway that trusts one proxy and grants two sockets to an address."""
    environment = {"GATEWAY_TRUSTED_PROXIES": "1", "GATEWAY_MAX_PER_ADDRESS": "2"}
    with running("ours", folder, **environment) as server:
        yield server


def test_the_last_forwarded_address_is_the_clients(proxied: Server) -> None:
    found = proxied.ask(
        b"GET / HTTP/1.1\r\nHost: test\r\n"
        b"X-Forwarded-For: 6.6.6.6, 1.2.3.4\r\nX-Forwarded-Proto: https\r\n"
        b"X-Forwarded-Host: evil\r\nX-Real-IP: 6.6.6.6\r\n\r\n"
    ).json
    assert found["client"] == ["1.2.3.4", 0]
    assert found["scheme"] == "https"
    assert found["headers"] == [
        ["host", "test"],
        ["x-forwarded-for", "1.2.3.4"],
        ["x-forwarded-proto", "https"],
    ]


def test_without_the_header_the_proxy_itself_is_the_client(proxied: Server) -> None:
    found = proxied.get("/").json
    assert found["client"][0] == "127.0.0.1"
    assert found["scheme"] == "http"


def test_sockets_are_counted_by_forwarded_address(proxied: Server) -> None:
    with (
        proxied.connect() as one,
        proxied.connect() as two,
        proxied.connect() as three,
        proxied.connect() as other,
    ):
        same = {"X_Forwarded_For": "1.2.3.4"}
        assert one.open("/ws/echo?name=one", **same).status == 101
        assert two.open("/ws/echo?name=two", **same).status == 101
        refused = three.open("/ws/echo?name=three", **same)
        assert refused.status == 503
        assert "close some" in refused.body.decode()
        assert other.open(X_Forwarded_For="1.2.3.5").status == 101
        assert proxied.state("one")["address"] == "1.2.3.4"
