"""Where a Redis is, for connections of our own: an address read as redis-py reads it.

The rule it guards: what the URL says of TLS (`ssl_ca_certs`, `ssl_cert_reqs` and the
others) and of who we are holds for every connection, whoever makes it.
"""

import asyncio
import ssl
from collections.abc import Callable
from typing import Any, TypeVar

from redis.asyncio.connection import SSLConnection, parse_url

P = TypeVar("P", bound=asyncio.BaseProtocol)


class Address:
    """One Redis by its URL."""

    def __init__(self, url: str) -> None:
        self._to = parse_url(url)
        self._tls: SSLConnection | None = None
        if self._to.get("connection_class") is SSLConnection:
            options: dict[str, Any] = {
                name: v for name, v in self._to.items() if name[:4] == "ssl_"
            }
            self._tls = SSLConnection(**options)  # never connected: it knows how

    @property
    def login(self) -> tuple[str, ...] | None:
        """The command that says who we are, None where nobody asks."""
        user, password = self._to.get("username"), self._to.get("password")
        if not password:
            return None
        return ("AUTH", str(user), str(password)) if user else ("AUTH", str(password))

    @property
    def database(self) -> int:
        """The number of the database that is meant."""
        return int(self._to.get("db") or 0)

    async def connect(self, protocol: Callable[[], P]) -> P:
        """A new connection's protocol.

        Raises:
            OSError: nobody listens, a file of the URL is not there, or the other side
            is not who the URL wants.
        """
        loop, to = asyncio.get_running_loop(), self._to
        if "path" in to:
            _, connected = await loop.create_unix_connection(protocol, to["path"])
            return connected
        host, port = to.get("host", "localhost"), to.get("port", 6379)
        _, connected = await loop.create_connection(
            protocol, host, port, ssl=self._context()
        )
        return connected

    def _context(self) -> ssl.SSLContext | None:
        # Read when it is needed: a certificate may be renewed while we run.
        return None if self._tls is None else self._tls.ssl_context.get()
