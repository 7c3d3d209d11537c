"""Requests to addresses of strangers: none goes inwards, none is waited for long."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from livechat.lib import outbound
from livechat.lib.outbound import NoAnswer, NotAllowed, checked, is_global, post
from tests.push.service import push_service

NOBODY: frozenset[str] = frozenset()


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254",
        "100.64.0.1", "0.0.0.1", "255.255.255.255", "224.0.0.1", "192.0.2.1",
        "198.18.0.1", "::1", "::", "fe80::1", "fc00::1", "ff02::1", "::ffff:127.0.0.1",
        "::ffff:169.254.169.254", "2002:7f00:1::", "64:ff9b::7f00:1",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:db8::1",
    ],
)  # fmt: skip
def test_what_is_not_one_machine_on_the_internet_is_not_called(address: str) -> None:
    from ipaddress import ip_address

    assert not is_global(ip_address(address))
    host = f"[{address}]" if ":" in address else address
    with pytest.raises(NotAllowed):
        checked(f"https://{host}/", NOBODY)


@pytest.mark.parametrize(
    "url",
    [
        "", "x", "http://push.example/", "ftp://push.example/", "https://",
        "https://push.example:8443/", "https://push.example:99999/",
        "https://user@push.example/", "https://u:p@push.example/", "//push.example/",
        "https://push.example/\r\nX: y", "https://push.example/ a", "https://[::1/",
        "https://püsh.example/", "javascript:alert(1)", "file:///etc/passwd",
        "https://push.example\\@127.0.0.1/", "gopher://127.0.0.1:6379/_FLUSHALL",
    ],
)  # fmt: skip
def test_what_is_no_https_address_is_not_called(url: str) -> None:
    with pytest.raises(NotAllowed):
        checked(url, NOBODY)


def test_a_trusted_origin_may_be_inside_and_only_that_one() -> None:
    trusted = frozenset({"http://127.0.0.1:8080"})
    assert checked("http://127.0.0.1:8080/x", trusted).port == 8080
    for other in ("http://127.0.0.1:8081/x", "http://127.0.0.2:8080/", "http://[::1]/"):
        with pytest.raises(NotAllowed):
            checked(other, trusted)


@pytest.mark.parametrize(
    "found", [["127.0.0.1"], ["93.184.216.34", "10.0.0.1"], ["::1"], ["fe80::1%eth0"]]
)
async def test_a_name_that_leads_inside_is_not_called(
    monkeypatch: pytest.MonkeyPatch, found: list[str]
) -> None:
    async def getaddrinfo(*args: Any, **kwargs: Any) -> list[Any]:
        return [(socket.AF_INET, 1, 6, "", (one, 443)) for one in found]

    loop = asyncio.get_running_loop()
    monkeypatch.setattr(loop, "getaddrinfo", getaddrinfo)
    with pytest.raises(NotAllowed):
        await sent("https://rebind.example/x")


async def sent(url: str, *trusted: str, timeout_s: float = 5.0) -> outbound.Answer:
    return await post(
        url, {"TTL": "5"}, b"body", trusted=frozenset(trusted), timeout_s=timeout_s
    )


async def test_the_answer_is_the_services_and_a_redirect_is_not_followed() -> None:
    with push_service() as service:
        service.answers = [(201, {}), (302, {"Location": service.url + "/elsewhere"})]
        assert (await sent(service.url + "/a?b=c", service.url)).status == 201
        assert (await sent(service.url + "/a", service.url)).status == 302
        assert [one.path for one in service.taken] == ["/a?b=c", "/a"]
        assert service.taken[0].body == b"body"
        assert service.taken[0].headers["ttl"] == "5"


@pytest.mark.parametrize(
    ("value", "low", "high"),
    [
        ("7", 7, 7),
        ("", 0, 0),
        ("soon", 0, 0),
        ("-5", 0, 0),
        ("9" * 40, 1, 1e9),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0, 0),
        ("Wed, 21 Oct 2099 07:28:00 GMT", 1e8, 1e11),
    ],
)
async def test_retry_after_is_read_as_seconds_or_a_date(
    value: str, low: float, high: float
) -> None:
    with push_service() as service:
        service.answers = [(429, {"Retry-After": value})]
        answer = await sent(service.url, service.url)
    assert low <= answer.retry_after_s <= high


@contextmanager
def saying(*pieces: bytes) -> Iterator[str]:
    """A server that says this to whoever comes, and then nothing for ever."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(5)
        loop = asyncio.get_running_loop()

        def answer() -> None:
            connection, _ = server.accept()
            with connection:
                for piece in pieces:
                    connection.sendall(piece)
                connection.settimeout(5)
                while connection.recv(4096):
                    pass

        loop.run_in_executor(None, answer)
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


@pytest.mark.parametrize(
    "pieces",
    [
        (),
        (b"HTTP/1.1 201",),
        (b"SSH-2.0-OpenSSH\r\n\r\n",),
        (b"HTTP/1.1 abc x\r\n\r\n",),
        (b"HTTP/1.1 200 OK\r\n", b"X: " + b"a" * 40_000),
        (b"\xff" * 100 + b"\r\n\r\n",),
    ],
)
async def test_who_does_not_answer_in_http_and_in_time_has_not_answered(
    pieces: tuple[bytes, ...],
) -> None:
    with saying(*pieces) as url, pytest.raises(NoAnswer):
        await sent(url, url, timeout_s=0.3)


async def test_nobody_there_is_no_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
    with pytest.raises(NoAnswer):
        await sent(url, url)
