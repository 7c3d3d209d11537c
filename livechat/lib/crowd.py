"""The live sockets of one room: the same framed bytes to each of them.

What it guards: the bytes are joined and framed by the caller once, for programs and
for pages; here nothing is built for a single socket.
"""

from livechat.lib.connections import Connection


class Crowd:
    """Sockets that get every frame of a room, apart by their format."""

    __slots__ = ("pages", "programs")

    def __init__(self) -> None:
        self.pages: set[Connection] = set()
        self.programs: set[Connection] = set()

    def __len__(self) -> int:
        return len(self.pages) + len(self.programs)

    def __contains__(self, connection: Connection) -> bool:
        return connection in self._of(connection)

    def add(self, connection: Connection) -> None:
        """From now on the socket gets what is written."""
        self._of(connection).add(connection)

    def discard(self, connection: Connection) -> None:
        """From now on it gets nothing; harmless for one that is not there."""
        self._of(connection).discard(connection)

    def write(self, json_frames: bytes, html_frames: bytes) -> None:
        """Write framed bytes to every socket, by its format; empty: to none."""
        if json_frames:
            for program in self.programs:
                program.socket.write_framed(json_frames)
        if html_frames:
            for page in self.pages:
                page.socket.write_framed(html_frames)

    def _of(self, connection: Connection) -> set[Connection]:
        return self.pages if connection.html else self.programs
