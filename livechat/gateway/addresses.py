"""Who is at the other end, and how many connections they may have (rule D1)."""

import ipaddress
from collections import Counter
from collections.abc import Sequence

IPV6_NETWORK_BITS = 64  # one household or server; it may pick any address inside


def normal_address(text: str) -> str | None:
    """The address in its one spelling, IPv4 in IPv6 as IPv4; None if it is none."""
    try:
        address = ipaddress.ip_address(text.strip().strip("[]").partition("%")[0])
    except ValueError:
        return None
    mapped = getattr(address, "ipv4_mapped", None)
    return str(mapped or address)


def client_address(peer: str, forwarded_for: Sequence[bytes], proxies: int) -> str:
    """The client's address: the one that the outermost of our `proxies` saw.

    `forwarded_for` are the values of the X-Forwarded-For headers. Each proxy appends
    the address that it saw, so only the last `proxies` entries are not the client's own
    words. Fewer entries, or one that is no address: `peer`.
    """
    entries = b",".join(forwarded_for).decode("latin-1").split(",")
    if not proxies or len(entries) < proxies:
        return normal_address(peer) or peer
    return normal_address(entries[-proxies]) or normal_address(peer) or peer


class ConnectionCounter:
    """How many connections are open, in all and for each address."""

    def __init__(self, max_per_address: int, max_total: int) -> None:
        self._max_per_address = max_per_address
        self._max_total = max_total
        self._open: Counter[str] = Counter()
        self._total = 0

    def admit(self, address: str) -> bool:
        """Counts one more of `address`; False, and nothing counted, if it is too many.

        IPv6 addresses are counted by their network of 64 bits.
        """
        key = _network(address)
        if self._total >= self._max_total or self._open[key] >= self._max_per_address:
            return False
        self._open[key] += 1
        self._total += 1
        return True

    def release(self, address: str) -> None:
        """Counts one less of an `address` that was admitted."""
        key = _network(address)
        self._total -= 1
        self._open[key] -= 1
        if not self._open[key]:
            del self._open[key]


def _network(address: str) -> str:
    if ":" not in address:
        return address
    return str(ipaddress.ip_network((address, IPV6_NETWORK_BITS), strict=False))
