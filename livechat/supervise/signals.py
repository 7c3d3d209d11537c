"""Ctrl-C, SIGTERM and a closed terminal become one exception, raised once."""

import signal
from types import FrameType
from typing import NoReturn

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StopRequested(BaseException):
    """Somebody wants everything to stop; no `except Exception` may swallow it."""


def raise_on_stop() -> None:
    """From now on the first such signal raises StopRequested, the others nothing.

    A second Ctrl-C must not interrupt the orderly end, which has its own deadlines.
    Under `nohup` a closed terminal stays ignored.
    """
    for number in _SIGNALS:
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, _raise_once)


def _raise_once(number: int, frame: FrameType | None) -> NoReturn:
    for later in _SIGNALS:
        signal.signal(later, signal.SIG_IGN)
    raise StopRequested
