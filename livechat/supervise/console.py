"""Lines for the person at the terminal; one that has gone away stops nobody."""

import sys
from contextlib import suppress


def say(line: str) -> None:
    """Write one line to the standard output and flush it."""
    with suppress(OSError):  # `make run | head`, or a closed terminal
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()


def complain(sentence: str) -> None:
    """Write one sentence to the standard error, with our name before it."""
    with suppress(OSError):
        sys.stderr.write(f"livechat: {sentence}\n")
        sys.stderr.flush()
