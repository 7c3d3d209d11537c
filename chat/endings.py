"""Sessions that end: their sockets are closed within a second, whatever else happens.

The rule it guards (P12): who is told of an end, or finds it by looking, closes each
socket of it at once and takes it out of every room; one that breaks holds up no other.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterator

from accounts import sessions
from livechat.lib import limits
from livechat.lib.connections import Connection
from livechat.lib.hub import Hub
from livechat.lib.storage import fresh

logger = logging.getLogger(__name__)

REVOCATION_POLL_S = 1.0
RECHECK_AT_ONCE = 500  # sessions in one question; databases bound its parameters
SESSION_ENDED = 4001

Remove = Callable[[Connection, str], None]  # a socket out of a room


class Endings:
    """Follows the ends of sessions for a web process's sockets."""

    def __init__(self, hub: Hub, remove: Remove) -> None:
        self._hub = hub
        self._remove = remove
        self._look_again = asyncio.Event()
        self.revocations = sessions.Follower()  # what is done has closed its sockets

    async def start(self) -> None:
        """Follow from the latest end on; ends before it concern no socket of ours."""
        await self._hub.ask(self.revocations.start)

    async def listen(self) -> None:
        """Hear of ends at once; without Redis they are found by looking."""
        await self._hub.listen(sessions.CHANNEL, lambda _: self._look_again.set())

    async def revoke(self) -> None:
        """Close the sockets of ended sessions: when told, and by looking regularly."""
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._look_again.wait(), REVOCATION_POLL_S)
            self._look_again.clear()
            try:
                ended = await self._hub.look(fresh(self.revocations.news))
            except Exception:  # the outermost loop: the next look heals
                logger.exception("revocations could not be read")
                continue
            for revocation in ended:
                self.revocations.done(revocation)
                for connection in list(self._hub.connections.values()):
                    if sessions.ends(revocation, connection.principal):
                        self._let_go_for_sure(connection)

    async def recheck(self) -> None:
        """Look at every session again, RECHECK_S at the latest after the last look."""
        while True:
            await asyncio.sleep(limits.RECHECK_S)
            open_now = list(self._hub.connections.values())
            for batch in _batches(open_now, RECHECK_AT_ONCE):
                try:
                    who = [connection.principal for connection in batch]
                    valid = await self._hub.look(sessions.valid_among, who)
                except Exception:  # the outermost loop: the next round
                    logger.exception("sessions could not be looked at again")
                    break
                for connection in batch:
                    if connection.principal not in valid:
                        self._let_go_for_sure(connection)

    def _let_go_for_sure(self, connection: Connection) -> None:
        """Let go of one of many: whatever breaks, the others are let go as well."""
        try:
            self.let_go(connection)
        except Exception:  # its person is no longer who they were: closed in any case
            logger.exception("a socket could not be taken out of its rooms")
            connection.socket.close(SESSION_ENDED, "session ended")

    def let_go(self, connection: Connection) -> None:
        """Close a socket whose session has ended, and take it out of every room now."""
        for room in list(connection.feeds):
            self._remove(connection, room)
        connection.socket.close(SESSION_ENDED, "session ended")


def _batches(connections: list[Connection], size: int) -> Iterator[list[Connection]]:
    """The connections in lists of `size` at most."""
    for at in range(0, len(connections), size):
        yield connections[at : at + size]
