"""Lines at which a test lets a process die, stand still or break; else they do nothing.

`LIVECHAT_FAILPOINTS=worker.after_commit:kill:0.1` (several with commas) is read once,
when the process starts. tests/chaos sets it; a site that runs for people never does.
"""

import os
import random
import signal
from dataclasses import dataclass

VARIABLE = "LIVECHAT_FAILPOINTS"


class FailpointReached(Exception):  # noqa: N818 - it reads as what happened
    """The error of the action `raise`."""


@dataclass(slots=True)
class _Armed:
    action: str
    chance: float


def armed(text: str) -> dict[str, _Armed]:
    """The failpoints by name, from `name:action:chance` between commas.

    Raises:
        ValueError: an unknown action, or a chance that is no number.
    """
    found = {}
    for part in filter(None, text.split(",")):
        name, action, chance = part.split(":")
        if action not in _ACTIONS:
            raise ValueError(f"{VARIABLE}: expected {sorted(_ACTIONS)}, got {action!r}")
        found[name] = _Armed(action, float(chance))
    return found


def failpoint(name: str) -> None:
    """Do what the environment says of this line, at most once in a process's life."""
    if name in _armed:
        _reach(name)


def _reach(name: str) -> None:
    if random.random() < _armed[name].chance:  # noqa: S311 - no secret
        _ACTIONS[_armed.pop(name).action](name)


def _signal(number: signal.Signals) -> None:
    os.kill(os.getpid(), number)


def _break(name: str) -> None:
    raise FailpointReached(name)


_ACTIONS = {
    "kill": lambda _: _signal(signal.SIGKILL),
    "pause": lambda _: _signal(signal.SIGSTOP),  # until somebody sends SIGCONT
    "raise": _break,
}
_armed = armed(os.environ.get(VARIABLE, ""))
