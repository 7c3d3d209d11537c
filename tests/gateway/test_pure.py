"""The parts without a network: origins, addresses, bounds."""

from urllib.parse import urlparse

import pytest
from channels.security.websocket import OriginValidator
from hypothesis import given
from hypothesis import strategies as st

from livechat.gateway.addresses import (
    ConnectionCounter,
    client_address,
    normal_address,
)
from livechat.gateway.bounds import BadBoundError, Bounds
from livechat.gateway.origin import origin_allowed
from livechat.gateway.outflow import check_transport
from livechat.lib import limits
from livechat.lib.frames import binary_frame

SITE = frozenset({"https://chat.example.org", "http://127.0.0.1:8000"})


@pytest.mark.parametrize(
    "origin", [b"https://chat.example.org", b"http://127.0.0.1:8000"]
)
def test_the_sites_own_origins_are_allowed(origin: bytes) -> None:
    assert origin_allowed([origin], SITE)


@pytest.mark.parametrize(
    "origins",
    [
        [],
        [b""],
        [b"null"],
        [b"https://chat.example.org", b"https://chat.example.org"],
        [b"https://chat.example.org\t"],
        [b" https://chat.example.org"],
        [b"HTTPS://chat.example.org"],
        [b"https://Chat.example.org"],
        [b"https://chat.example.org:443"],
        [b"https://chat.example.org/"],
        [b"http://chat.example.org"],
        [b"https://chat.example.org.evil.test"],
        [b"https://chat.example.org,https://chat.example.org"],
        [b"https://ch\xe4t.example.org"],
    ],
)
def test_everything_else_is_not(origins: list[bytes]) -> None:
    assert not origin_allowed(origins, SITE)


@pytest.mark.parametrize(
    "origin", ["http://127.0.0.1:9999", "ftp://127.0.0.1", "//127.0.0.1"]
)
def test_the_stock_validator_looks_at_the_host_only(origin: str) -> None:
    """0.9: what a list of allowed hosts lets in, and ours does not."""

    async def nothing(*_: object) -> None:
        """The application behind the validator; it is not called."""

    stock = OriginValidator(nothing, ["127.0.0.1"])
    assert stock.valid_origin(urlparse(origin))
    assert not origin_allowed([origin.encode()], SITE)


@given(st.binary())
def test_no_origin_raises(origin: bytes) -> None:
    assert origin_allowed([origin], SITE) == (origin.decode("latin-1") in SITE)


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("1.2.3.4", "1.2.3.4"),
        (" ::ffff:1.2.3.4 ", "1.2.3.4"),
        ("[2001:DB8::1]", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("unknown", None),
        ("", None),
    ],
)
def test_an_address_has_one_spelling(text: str, normal: str | None) -> None:
    assert normal_address(text) == normal


@pytest.mark.parametrize(
    ("forwarded", "proxies", "address"),
    [
        ([], 0, "9.9.9.9"),
        ([b"1.1.1.1"], 0, "9.9.9.9"),
        ([b"1.1.1.1"], 1, "1.1.1.1"),
        ([b"6.6.6.6, 1.1.1.1"], 1, "1.1.1.1"),
        ([b"6.6.6.6", b"1.1.1.1"], 1, "1.1.1.1"),
        ([b"6.6.6.6, 1.1.1.1, 10.0.0.1"], 2, "1.1.1.1"),
        ([b"1.1.1.1"], 2, "9.9.9.9"),
        ([b"nonsense"], 1, "9.9.9.9"),
        ([], 1, "9.9.9.9"),
    ],
)
def test_only_trusted_proxies_are_believed(
    forwarded: list[bytes], proxies: int, address: str
) -> None:
    assert client_address("9.9.9.9", forwarded, proxies) == address


def test_addresses_of_one_ipv6_network_share_their_places() -> None:
    counter = ConnectionCounter(max_per_address=2, max_total=10)
    assert counter.admit("2001:db8::1")
    assert counter.admit("2001:db8::2")
    assert not counter.admit("2001:db8::3")
    assert counter.admit("2001:db8:0:1::3")
    counter.release("2001:db8::1")
    assert counter.admit("2001:db8::3")


def test_a_full_house_admits_nobody() -> None:
    counter = ConnectionCounter(max_per_address=2, max_total=2)
    assert [counter.admit(f"1.1.1.{n}") for n in range(3)] == [True, True, False]


def test_bounds_come_from_the_limits_or_the_environment() -> None:
    assert Bounds.from_env({}) == Bounds()
    assert Bounds().max_per_address == limits.GATEWAY_MAX_PER_ADDRESS
    changed = Bounds.from_env({"GATEWAY_MAX_PER_ADDRESS": "5", "GATEWAY_STALL_S": ".5"})
    assert (changed.max_per_address, changed.stall_s) == (5, 0.5)


@pytest.mark.parametrize("text", ["many", "-1", "1.5", "nan", "inf"])
def test_a_bound_that_is_no_number_is_named(text: str) -> None:
    with pytest.raises(
        BadBoundError, match="GATEWAY_MAX_PER_ADDRESS: expected a whole"
    ):
        Bounds.from_env({"GATEWAY_MAX_PER_ADDRESS": text})


def test_every_limit_of_the_gateway_is_a_bound() -> None:
    names = {name for name in vars(limits) if name.startswith("GATEWAY_")}
    assert names == {
        f"GATEWAY_{field.upper()}"
        for field in Bounds.__dataclass_fields__
        if field != "trusted_proxies"
    }


def test_the_installed_twisted_is_known() -> None:
    check_transport()


@pytest.mark.parametrize(
    ("size", "header"),
    [
        (0, b"\x82\x00"),
        (125, b"\x82\x7d"),
        (126, b"\x82\x7e\x00\x7e"),
        (65_535, b"\x82\x7e\xff\xff"),
        (65_536, b"\x82\x7f\0\0\0\0\0\1\0\0"),
    ],
)
def test_a_frame_has_the_shortest_header(size: int, header: bytes) -> None:
    assert binary_frame(b"x" * size) == header + b"x" * size
