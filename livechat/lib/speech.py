"""What a room's screen readers are told: the first at once, then a summary in turns.

The rule it guards: however many messages come, nobody is talked to more often than once
in SPEECH_INTERVAL_S, and what is said is about all that has come since.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence

import msgspec
from msgspec import structs

from livechat.lib import limits

logger = logging.getLogger(__name__)


class Said(msgspec.Struct, frozen=True, array_like=True):
    """A message as it is spoken: whose (a public id), their name, and how it begins.

    Without a name the text says by itself who did something.
    """

    who: str
    name: str
    text: str


# A page's fragment that says all of this at once.
Speak = Callable[[Sequence[Said]], bytes]


def silent(told: Sequence[Said]) -> bytes:
    """Nothing, whatever there is to say."""
    return b""


class Speech:
    """Gathers what is to be said in one room, and says it in its time."""

    def __init__(self, speak: Speak, say: Callable[[bytes], None]) -> None:
        """`say` takes the fragments, now or later, from the event loop."""
        self._speak = speak
        self._say = say
        self._waiting: list[Said] = []
        self._timer: asyncio.TimerHandle | None = None

    def hear(self, said: Said | None, *, is_change: bool) -> None:
        """Say it now if nothing was said lately, else together with what comes.

        A change may have taken a text away that waits to be said: how many there were
        is all that is said then.
        """
        if is_change:
            self._waiting = [structs.replace(one, text="") for one in self._waiting]
        if said is None:
            return
        self._waiting.append(said)
        if self._timer is None:
            self._next()

    def finish(self) -> None:
        """Say now what waits."""
        if self._timer is not None:
            self._timer.cancel()
            self._next()

    def _next(self) -> None:
        self._timer = None
        if not self._waiting:
            return
        told, self._waiting = self._waiting, []
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(limits.SPEECH_INTERVAL_S, self._next)
        try:
            fragment = self._speak(told)
        except Exception:  # what is shown, and who is shut out, does not wait for it
            logger.exception("messages could not be spoken")
            return
        if fragment:
            self._say(fragment)
