"""How long a call takes, held to a limit without counting what others do meanwhile."""

import time
from collections.abc import Callable

TRIES = 3


def answers_within(limit_s: float, call: Callable[[], object]) -> bool:
    """Whether one of three calls needs less than that of its thread's time.

    One alone may pay for the whole test process: a collection of its garbage, or caches
    that another process has emptied.
    """
    for _ in range(TRIES):
        started_s = time.thread_time()
        call()
        if time.thread_time() - started_s < limit_s:
            return True
    return False
