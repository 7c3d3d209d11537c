"""The thread in C that reads most of a crowd's sockets; see bench/native/counter.c."""

import asyncio
import ctypes
import os
from collections.abc import Callable
from pathlib import Path

MARKER_MAX_BYTES = 64


class Counter:
    """Counts frames whose payload begins with a marker; `on_wake` runs on the loop.

    It runs when the total came to what `arm` was given, and when `lost` became true.
    """

    def __init__(self, library: Path, marker: bytes, capacity: int) -> None:
        self._c = _declared(library)
        self._wake = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._at = self._c.counter_start(marker, len(marker), capacity, self._wake)
        if not self._at:
            raise MemoryError("the counting thread could not be started")

    def listen(self, on_wake: Callable[[], None]) -> None:
        """Call `on_wake` from now on; once."""

        def woken() -> None:
            os.eventfd_read(self._wake)
            on_wake()

        asyncio.get_running_loop().add_reader(self._wake, woken)

    def add(self, descriptor: int, held: bytes) -> int:
        """Read this socket from now on, after what was `held` of it; its slot."""
        slot = int(self._c.counter_add(self._at, descriptor, held, len(held)))
        if slot < 0:
            raise OSError("the counting thread could not take a socket")
        return slot

    def arm(self, due: int) -> int:
        """Wake at this total; the present one, which may be there already."""
        return int(self._c.counter_arm(self._at, max(0, due)))

    @property
    def total(self) -> int:
        """The frames of all sockets."""
        return int(self._c.counter_total(self._at))

    @property
    def lost(self) -> bool:
        """Whether the server closed one of the sockets."""
        return bool(self._c.counter_lost(self._at))

    def seen(self, slot: int) -> int:
        """The frames of one socket."""
        return int(self._c.counter_seen(self._at, slot))

    def stop(self) -> None:
        """End the thread; the sockets are the caller's to close."""
        asyncio.get_running_loop().remove_reader(self._wake)
        self._c.counter_stop(self._at)
        os.close(self._wake)


def _declared(library: Path) -> ctypes.CDLL:
    c = ctypes.CDLL(str(library))
    pointer, size, number = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_uint64
    for name, answer, *arguments in (
        ("start", pointer, ctypes.c_char_p, size, size, ctypes.c_int),
        ("add", ctypes.c_long, pointer, ctypes.c_int, ctypes.c_char_p, size),
        ("arm", number, pointer, number),
        ("total", number, pointer),
        ("seen", number, pointer, size),
        ("lost", ctypes.c_int, pointer),
        ("stop", None, pointer),
    ):
        function = getattr(c, f"counter_{name}")
        function.restype = answer
        function.argtypes = arguments
    return c
