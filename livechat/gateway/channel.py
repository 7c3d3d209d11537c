"""One HTTP connection: its bytes and its seconds, before any request exists (rule D1).

Twisted parses; this class says when it is enough. A refused client gets one answer, its
further bytes are thrown away for a moment (so that the answer is not lost in a reset),
and the connection ends. Deadlines are absolute and looked at by the server's sweep: no
byte that a client sends moves the end of its head or body.
"""

import time
from enum import Enum, auto
from typing import TYPE_CHECKING, Any

from twisted.web.http import HTTPChannel

from livechat.gateway.head import Head, refusal, too_large
from livechat.gateway.outflow import Outflow, unsent_bytes
from livechat.gateway.pages import Refusal, last_answer

if TYPE_CHECKING:
    from livechat.gateway.server import GatewayServer

MALFORMED = Refusal(400, "Send the request in the form that HTTP/1.1 describes.")
LENGTH_DIGITS_MAX = 15  # Python refuses to read numbers of thousands of digits
CHUNK_SIZE_MAX = 2**63


class Phase(Enum):
    """What the connection waits for."""

    HEAD = auto()
    BODY = auto()
    ANSWER = auto()
    IDLE = auto()
    CLOSING = auto()


class BoundedChannel(HTTPChannel):  # type: ignore[misc]  # Twisted has no stubs here
    """Twisted's HTTP/1.1 parser with an end to everything.

    `peer` is the other end's address; `head` the vetted head of the present request.
    """

    timeOut = None  # Twisted's idle timer restarts at each byte; the sweep does not
    peer: str
    head: Head
    refused: bool
    deadline: float  # by time.monotonic()

    def connectionMade(self) -> None:
        self.server: GatewayServer = self.factory.server
        self.bounds = self.server.bounds
        self.totalHeadersSize = self.bounds.headers_max_bytes
        self.maxHeaders = self.bounds.headers_max
        self.outflow = Outflow(self.transport, self.bounds, self._abort)
        self.refused = False
        self._body_deadline = 0.0
        self._unsent_before = 0
        self._thrown_away_bytes = 0
        self._has_spoken = False
        self._enter(Phase.HEAD, self.bounds.header_deadline_s)
        super().connectionMade()
        self.server.channels.add(self)

    # Bytes ----------------------------------------------------------------------

    def dataReceived(self, data: bytes) -> None:
        if self.refused:
            self._throw_away(len(data))
            return
        self._has_spoken = True
        if self.phase is Phase.IDLE:
            self._enter(Phase.HEAD, self.bounds.header_deadline_s)
        elif self.phase is Phase.BODY:
            self._enter_body_until(self._body_deadline)
        super().dataReceived(data)
        self._refuse_bare_line_ends()

    def _throw_away(self, size_bytes: int) -> None:
        self._thrown_away_bytes += size_bytes
        if self._thrown_away_bytes > self.bounds.linger_max_bytes:
            self.transport.pauseProducing()

    def _refuse_bare_line_ends(self) -> None:
        # A head whose lines end in a bare LF would wait until the deadline for CRLF.
        if self.phase is Phase.HEAD and b"\n" in self._buffer:
            self.refuse(MALFORMED)

    def lineReceived(self, line: bytes) -> None:
        if self.refused:
            return
        if self._receivedHeaderSize + len(line) > self.totalHeadersSize:
            self.lineLengthExceeded(line)
        elif line[:1] in {b" ", b"\t"} or any(byte in line for byte in b"\r\n\0"):
            self.refuse(MALFORMED)
        else:
            if line[:8].lower() == b"upgrade:":
                soon = self._begun_at + self.bounds.handshake_deadline_s
                self.deadline = min(self.deadline, soon)
            super().lineReceived(line)

    def lineLengthExceeded(self, line: bytes) -> None:
        if self._receivedHeaderSize:
            self.refuse(Refusal(431, "Send fewer and smaller headers and cookies."))
        else:
            self.refuse(Refusal(414, "Ask for a shorter address."))

    def _maybeChooseTransferDecoder(self, header: bytes, data: bytes) -> bool:
        if header == b"Content-Length" and len(data) > LENGTH_DIGITS_MAX:
            huge = data.isdigit()
            self.refuse(too_large(self.bounds.body_max_bytes) if huge else MALFORMED)
            return False
        if header == b"Transfer-Encoding" and data.lower() != b"chunked":
            self.refuse(MALFORMED)
            return False
        chosen: bool = super()._maybeChooseTransferDecoder(header, data)
        return chosen

    def allHeadersReceived(self) -> None:
        raw = self.requests[-1].requestHeaders.getAllRawHeaders()
        headers = tuple((name.lower(), value) for name, each in raw for value in each)
        self.head = Head(self._command, self._path, self._version, headers, self.length)
        self.body_limit = self.server.body_limit(headers)
        found = refusal(self.head, self.bounds, self.body_limit)
        if found is None and self.head.upgrades and self._buffer:
            # Bytes before our yes would be lost, or read as frames.
            found = Refusal(400, "Wait for the answer before you send frames.")
        if found is not None:
            self.refuse(found)
            return
        self._begin_body()
        super().allHeadersReceived()

    def _begin_body(self) -> None:
        self.body_bytes = 0
        mebibytes = (self.head.length or self.body_limit) / 2**20
        self._body_deadline = time.monotonic() + self.bounds.body_deadline_s + mebibytes
        self._enter_body_until(self._body_deadline)

    def _enter_body_until(self, deadline: float) -> None:
        self._enter(Phase.BODY, self.bounds.body_stall_s)
        self.deadline = min(self.deadline, deadline)

    def counts_body(self, size_bytes: int) -> bool:
        """Counts bytes of the body; False when they were too many and are refused."""
        self.body_bytes += size_bytes
        if self.body_bytes > self.body_limit and not self.refused:
            self.refuse(too_large(self.body_limit))
        return not self.refused

    def rawDataReceived(self, data: bytes) -> None:
        if self.refused:
            return
        super().rawDataReceived(data)
        decoder = self._transferDecoder
        if self.phase is Phase.BODY and getattr(decoder, "state", "") == "BODY":
            self._check_chunk(decoder.length)

    def _check_chunk(self, announced: int) -> None:
        """Refuses a chunk by the size that it announces, before its bytes come."""
        if announced >= CHUNK_SIZE_MAX:
            self.refuse(MALFORMED)
        elif self.body_bytes + announced > self.body_limit:
            self.refuse(too_large(self.body_limit))

    def allContentReceived(self) -> None:
        if not self.refused:
            self._enter(Phase.ANSWER, self.bounds.answer_deadline_s)
            super().allContentReceived()

    # Ends -----------------------------------------------------------------------

    def refuse(self, answer: Refusal) -> None:
        """Answers for the application, which hears nothing, and ends the connection."""
        if self.refused:
            return
        self.refused = True
        self.persistent = False
        with_body = getattr(self, "_command", b"") != b"HEAD"
        self.transport.write(last_answer(answer, with_body=with_body))
        self._networkProducer.unregisterProducer()
        self.transport.loseWriteConnection()
        self.transport.resumeProducing()
        self._enter(Phase.CLOSING, self.bounds.linger_s)

    def _respondToBadRequestAndDisconnect(self) -> None:
        self.refuse(MALFORMED)

    def requestDone(self, request: Any) -> None:
        self._enter(Phase.IDLE, self.bounds.idle_timeout_s)
        super().requestDone(request)

    def loseConnection(self) -> None:
        self._enter(Phase.CLOSING, self.bounds.stall_s)
        super().loseConnection()

    def finish_up(self) -> None:
        """Ends the connection now, or after the answer that is being made."""
        if self.phase is Phase.ANSWER:
            self.persistent = False
        else:
            self.loseConnection()

    def hand_over(self) -> Any:
        """The transport, for another protocol; this channel forgets it."""
        self.server.channels.discard(self)
        self._networkProducer.unregisterProducer()
        return self.transport

    def connectionLost(self, reason: Any) -> None:
        self.server.channels.discard(self)
        self.server.counter.release(self.peer)
        self.outflow.end()
        super().connectionLost(reason)
        self.server.note_end()

    def resumeProducing(self) -> None:
        super().resumeProducing()
        self.outflow.resumeProducing()

    # Seconds --------------------------------------------------------------------

    def _enter(self, phase: Phase, seconds: float) -> None:
        now = time.monotonic()
        if phase is Phase.HEAD:
            self._begun_at = now
        self.phase = phase
        self.deadline = now + seconds

    def expire(self) -> None:
        """The deadline has passed; the server's sweep calls this."""
        if self.phase is Phase.HEAD and not self._has_spoken:
            self.loseConnection()
        elif self.phase in {Phase.HEAD, Phase.BODY}:
            self.refuse(Refusal(408, "Send the request again, without long pauses."))
        elif self.phase is Phase.ANSWER:
            self.requests[0].answer_is_late()
            self.deadline = time.monotonic() + self.bounds.answer_deadline_s
        elif self._is_still_taking():
            self.deadline = time.monotonic() + self.bounds.stall_s
        elif self.phase is Phase.IDLE and not unsent_bytes(self.transport):
            self.loseConnection()
        else:
            self._abort()

    def _is_still_taking(self) -> bool:
        """True when a client takes the rest of its answer, however slowly."""
        before, self._unsent_before = self._unsent_before, self.outflow.unsent
        return not self.refused and 0 < self._unsent_before != before

    def _abort(self) -> None:
        self.transport.abortConnection()
