"""What a member that reads everything checks: order, nothing twice, how late."""

from bench.bodies import Stamp, read_body
from bench.sockets import Fail, Frame, Tally


class Witness:
    """Follows the messages of one socket.

    `faults` says what was wrong, the first few only; `latencies_ns` is filled while
    `recording`; `acked` holds the client ids that the server confirmed.
    """

    def __init__(self, fail: Fail, acks: Tally) -> None:
        self.fail = fail
        self.acks = acks
        self.faults: list[str] = []
        self.latencies_ns: list[int] = []
        self.recording = False
        self.acked: set[str] = set()
        self._last_number: dict[int, int] = {}
        self._last_changed_seq = 0

    def heard(self, frame: Frame, now_ns: int) -> None:
        """Take one frame; an error frame ends the measurement."""
        if frame.type == "message":
            self._message(frame, read_body(frame.body), now_ns)
        elif frame.type == "ack":
            self._ack(frame.client_id)
        elif frame.type == "error":
            self.fail(f"the server answered {frame.code}: {frame.message}")

    def _message(self, frame: Frame, stamp: Stamp | None, now_ns: int) -> None:
        if stamp is None:
            return
        last = self._last_number.get(stamp.sender, stamp.number - 1)
        if stamp.number != last + 1:
            self._note(f"sender {stamp.sender}: {stamp.number} came after {last}")
        self._last_number[stamp.sender] = stamp.number
        if frame.changed_seq:
            self._follow(frame.changed_seq)
        if self.recording:
            self.latencies_ns.append(now_ns - stamp.sent_ns)

    def _follow(self, changed_seq: int) -> None:
        last = self._last_changed_seq
        if last and changed_seq != last + 1:
            self._note(f"changed_seq {changed_seq} came after {last}")
        self._last_changed_seq = changed_seq

    def _ack(self, client_id: str) -> None:
        if client_id in self.acked:
            self._note(f"{client_id} was acked twice")
        self.acked.add(client_id)
        self.acks.add(1)

    def _note(self, fault: str) -> None:
        if len(self.faults) < 3:
            self.faults.append(fault)
