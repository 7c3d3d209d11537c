"""Changes of a room as frames for pages: as few as possible, and none too large.

The rule it guards: a frame's cursor says what a page has that got this frame and no
other after it, so that one whose line is cut goes on from there.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol, TypeVar

from livechat.lib import limits, words
from livechat.lib.frames import text_frame


class Fragment(Protocol):
    """What of a publication a page's frame is made of."""

    @property
    def changed_seq(self) -> int:
        """The change's number."""

    @property
    def html(self) -> bytes:
        """What the page places."""

    @property
    def appends(self) -> bool:
        """False: it changes what stands in the page already."""

    @property
    def opens(self) -> bool:
        """Whether it holds a section that later ones go into."""

    @property
    def amends(self) -> bool:
        """Whether it appends and changes besides what stood in the page before."""


F = TypeVar("F", bound=Fragment)


def one_frame(html: bytes, languages: Iterable[str]) -> dict[str, bytes]:
    """A fragment as a frame for pages of each of the languages."""
    return {one: text_frame(words.put(html, one)) for one in languages}


def frames_by_language(
    publications: Sequence[F], cursor: Callable[[int], bytes], languages: Iterable[str]
) -> dict[str, bytes]:
    """`page_frames` once for each of the languages."""
    return {one: page_frames(publications, cursor, one) for one in languages}


def page_frames(
    publications: Sequence[F],
    cursor: Callable[[int], bytes],
    language: str = words.DEFAULT,
) -> bytes:
    """Frames of PAGE_FRAME_BYTES and one fragment at most, each with a cursor.

    A page looks up all targets of a frame before it places anything; so what changes
    an element, or goes into a section, does not travel in the frame that brings it.
    """
    frames: list[list[F]] = []
    size_bytes = 0
    for one in publications:
        is_full = size_bytes > limits.PAGE_FRAME_BYTES
        if not frames or is_full or _needs(one, frames[-1]):
            frames.append([])
            size_bytes = 0
        frames[-1].append(one)
        size_bytes += len(one.html)
    return b"".join(
        text_frame(_in_words(frame, language) + cursor(seen))
        for frame, seen in zip(frames, _cursors(frames), strict=True)
    )


def _in_words(frame: Sequence[F], language: str) -> bytes:
    return words.put(b"".join(one.html for one in frame), language)


def _needs(one: F, frame: Sequence[F]) -> bool:
    """Whether the page must have placed the frame before it meets this one."""
    changes = one.amends or not one.appends
    return frame[-1].opens or (changes and any(two.appends for two in frame))


def _cursors(frames: Sequence[Sequence[F]]) -> list[int]:
    """For each frame the number up to which a page has all, once it has the frame.

    A replay is in the order of the messages, which may have changed since: what comes
    in a later frame can have a lower number.
    """
    seen: list[int] = []
    for frame in frames:
        seen.append(max([*seen[-1:], *(one.changed_seq for one in frame)]))
    missing = seen[-1] + 1 if seen else 0
    for at in range(len(frames) - 1, 0, -1):
        # A piece of a growing text has the number of the last change, which is there.
        fresh = (
            one.changed_seq for one in frames[at] if one.changed_seq != seen[at - 1]
        )
        missing = min([missing, *fresh])
        seen[at - 1] = min(seen[at - 1], missing - 1)
    return seen
