"""What a connection has not taken yet: its count, and a wait until it is less (D3).

Twisted has no public count of a transport's unsent bytes; the three attributes read
here are private in name, so `check_transport` looks for them at start.
"""

import asyncio
from collections.abc import Callable
from typing import Any

from twisted.internet.abstract import FileDescriptor

from livechat.gateway.bounds import Bounds


class UnknownTransportError(RuntimeError):
    """The installed Twisted keeps its unsent bytes elsewhere than the pinned one."""


def check_transport() -> None:
    """Raises: UnknownTransportError, when unsent bytes could not be counted."""
    probe = FileDescriptor(reactor=object())
    for name in ("dataBuffer", "offset", "_tempDataBuffer", "_tempDataLen"):
        if not hasattr(probe, name):
            raise UnknownTransportError(
                f"Twisted's FileDescriptor has no {name}: install the Twisted that "
                "requirements.txt brings, or teach livechat/gateway/outflow.py."
            )


def unsent_bytes(transport: Any) -> int:
    """The bytes that wait in this process for the kernel to take them."""
    size: int = len(transport.dataBuffer) - transport.offset + transport._tempDataLen
    return size


class Outflow:
    """Lets the application wait for a slow client; a Twisted push producer in shape.

    `on_stall` is called when a wait of `stall_s` moved less than `stall_bytes`.
    """

    __slots__ = (
        "_bounds",
        "_on_stall",
        "_transport",
        "_waiters",
        "clear",
        "open",
        "queued",
    )

    def __init__(
        self, transport: Any, bounds: Bounds, on_stall: Callable[[], None]
    ) -> None:
        self._transport = transport
        self._bounds = bounds
        self._on_stall = on_stall
        self._waiters: list[asyncio.Future[None]] = []
        self.open = True
        # Nothing waits here: the next bytes may go to the kernel past the transport.
        # Whoever writes through the transport ends it, and so does the connection's
        # end; `is_drained` says when it may be true again.
        self.clear = False
        self.queued = 0  # bytes given to the transport through `write`, ever

    @property
    def unsent(self) -> int:
        """Bytes that the kernel has not taken yet."""
        return unsent_bytes(self._transport)

    @property
    def is_drained(self) -> bool:
        """True when the connection stands and the kernel has taken everything."""
        transport = self._transport
        return self.open and not transport.dataBuffer and not transport._tempDataLen

    def write(self, data: bytes) -> None:
        """Gives `data` to the transport, behind what waits there."""
        self.clear = False
        self.queued += len(data)
        self._transport.write(data)

    async def drained(self) -> None:
        """Returns when little enough is unsent, or the connection has ended."""
        while self.open and self.unsent > self._bounds.send_wait_bytes:
            taken_before = self.queued - self.unsent
            waiter = asyncio.get_running_loop().create_future()
            self._waiters.append(waiter)
            await asyncio.wait([waiter], timeout=self._bounds.stall_s)
            taken = self.queued - self.unsent - taken_before
            if not waiter.done() and taken < self._bounds.stall_bytes:
                self._on_stall()

    def end(self) -> None:
        """The connection has ended; whoever waits goes on."""
        self.open = self.clear = False
        self._wake()

    def _wake(self) -> None:
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)

    # Twisted's names of a push producer; the transport calls them.

    def pauseProducing(self) -> None:
        """Nothing to do: `drained` reads the count itself."""

    def resumeProducing(self) -> None:
        """The transport's buffer is empty."""
        self._wake()

    def stopProducing(self) -> None:
        """The transport is gone."""
        self.end()
