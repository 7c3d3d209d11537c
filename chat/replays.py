"""What many have missed is read and rendered once: a storm's catch-up.

The rule it guards: nobody gets by another's reading what one of their own would not
have given them. Their access is read before it and once more after it; if the room told
anything of itself in between, they read for themselves.
"""

from chat import entrances
from chat.entrances import Entrance, Replay, Seen
from livechat.lib import limits
from livechat.lib.hub import Hub
from livechat.lib.shared import Shared

STEP = 32  # changes: cursors within one step share a reading


class Replays:
    """The readings of one web process."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._read: Shared[Replay | None] = Shared()

    async def enter(
        self, user_id: int, room: str, after: int | None
    ) -> Entrance | None:
        """What a subscriber starts from; None when the room is not there or not theirs.

        Raises:
            TimeoutError, or an error of the database.
        """
        before = await self._hub.ask(entrances.seen, user_id, room)
        if before is None:
            return None
        head = before.room.last_changed_seq
        if after is None or after == head:
            return before.entrance([])
        replay = await self._replay(before, after)
        if replay is None:
            return None
        return await self._hub.ask(entrances.share, user_id, before, after, replay)

    async def _replay(self, before: Seen, after: int) -> Replay | None:
        """A reading that is begun after `before`, for all whose cursors are near."""
        head = before.room.last_changed_seq
        is_reset = after > head or head - after > limits.REPLAY_MAX_CHANGES
        floor = None if is_reset else after - after % STEP

        async def read() -> Replay | None:
            return await self._hub.ask(entrances.read, before.room, floor)

        return await self._read.ask(f"{before.room.pk} {floor}", read)
