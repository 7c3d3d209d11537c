"""Scenes: one promise each, on the site that the storm has left, without chance.

A scene is a coroutine over a `Scene`; SCENES has them by their name.
"""

from collections.abc import Awaitable, Callable

from tests.chaos.scene import Scene
from tests.chaos.scenes.growing import growing
from tests.chaos.scenes.presence import presence, typing
from tests.chaos.scenes.rate import rate
from tests.chaos.scenes.repeats import repeats
from tests.chaos.scenes.resume import reconnect_storm, resume
from tests.chaos.scenes.revocation import revocation
from tests.chaos.scenes.slow import slow_readers
from tests.chaos.scenes.trouble import parts_missing
from tests.chaos.scenes.workers import frozen_writer, nothing_left_behind, rolling

Play = Callable[[Scene], Awaitable[None]]

SCENES: dict[str, Play] = {
    play.__name__: play
    for play in (
        nothing_left_behind,
        repeats,
        rolling,
        resume,
        rate,
        typing,
        presence,
        frozen_writer,
        growing,
        parts_missing,
        reconnect_storm,
        revocation,
        slow_readers,
    )
}
