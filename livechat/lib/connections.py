"""One open socket of this process: its address, its format, who is behind it."""

import time
from collections import deque
from typing import TYPE_CHECKING, Any, Protocol

from livechat.lib import limits, words
from livechat.lib.frames import text_frame

if TYPE_CHECKING:
    from livechat.lib.feed import Feed

TRY_AGAIN_LATER = 1013  # the close code for what is not the client's doing
FLOOD = 4029  # the close code of a socket that earns error after error


class Socket(Protocol):
    """What the gateway gives: see livechat.gateway.websocket."""

    @property
    def unsent_bytes(self) -> int:
        """Bytes that wait in this process because the client takes no more."""

    def write_framed(self, data: bytes) -> None:
        """Write whole frames; bounded, never raises for a closed socket."""

    def close(self, code: int, reason: str = "") -> None:
        """Send a close frame; the connection ends within two seconds."""


class Connection:
    """One socket: its address, its format, who is behind it."""

    __slots__ = (
        "errors",
        "feeds",
        "html",
        "id",
        "joining",
        "known",
        "language",
        "principal",
        "socket",
        "started_at",
    )

    def __init__(
        self,
        id_: str,
        socket: Socket,
        *,
        html: bool,
        principal: Any,
        language: str = words.DEFAULT,
    ) -> None:
        self.id = id_
        self.language = language  # of a page
        self.socket = socket
        self.html = html
        self.principal = principal
        self.feeds: dict[str, Feed] = {}
        self.known: dict[str, Any] = {}  # what the caller keeps of a room, by its id
        self.joining: str | None = None  # the room that a subscription is under way to
        self.started_at = time.monotonic()
        self.errors: deque[float] = deque(maxlen=limits.ERRORS_PER_WINDOW)

    def count_error(self) -> None:
        """Remember an error answer; too many within the window end the socket."""
        now = time.monotonic()
        self.errors.append(now)
        full = len(self.errors) == limits.ERRORS_PER_WINDOW
        if full and now - self.errors[0] < limits.ERROR_WINDOW_S:
            self.socket.close(FLOOD, "too many errors")

    def send(self, json: bytes, html: bytes = b"") -> None:
        """Write one frame of the socket's own format; no HTML, nothing to a page."""
        payload = words.put(html, self.language) if self.html else json
        if payload:
            self.socket.write_framed(text_frame(payload))
