"""What a page says of itself, as texts that may stand on one of ours.

The rule it guards: each is one line, cut, with nothing in it that cannot be seen; and
whatever a page does to its reader, that is a child which is ended.
"""

import asyncio
import contextlib
import json
import sys
from dataclasses import dataclass
from pathlib import Path

from livechat.lib.text import BAD, HIDDEN, TextError, normalise_name

CHILD = Path(__file__).with_name("page_head_child.py")
TIMEOUT_S = 5.0  # a busy machine; its processor time is bounded by itself
TITLE_MAX_LENGTH = 120
DESCRIPTION_MAX_LENGTH = 240
SITE_MAX_LENGTH = 50


@dataclass(frozen=True, slots=True)
class Head:
    """Lines of text, not HTML; "" for what the page does not say."""

    title: str
    description: str
    site: str


async def read_head(body: bytes, charset: str) -> Head | None:
    """What the page says (Open Graph before the rest); None if it has no title.

    Also None when it could not be read within the child's bounds.
    """
    found = await _found(body, charset)
    title = _first(found, TITLE_MAX_LENGTH, "og:title", "twitter:title", "title")
    if not title:
        return None
    names = "og:description", "twitter:description", "description"
    return Head(
        title=title,
        description=_first(found, DESCRIPTION_MAX_LENGTH, *names),
        site=_first(found, SITE_MAX_LENGTH, "og:site_name"),
    )


async def _found(body: bytes, charset: str) -> dict[str, str]:
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-I", "-S", str(CHILD), charset),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={},  # it needs none, and ours holds secrets
    )
    try:
        async with asyncio.timeout(TIMEOUT_S):
            told, _ = await child.communicate(body)
    except TimeoutError:
        return {}
    finally:
        with contextlib.suppress(ProcessLookupError):
            child.kill()
        await child.wait()
    found: dict[str, str] = json.loads(told) if child.returncode == 0 else {}
    return found


def _first(found: dict[str, str], most: int, *names: str) -> str:
    """The first of these that is there, on one line."""
    return next(
        (line for name in names if (line := _line(found.get(name, ""), most))), ""
    )


def _line(text: str, most: int) -> str:
    """The text without what cannot be seen, cut with an "…"; "" for what is no text."""
    words = " ".join(HIDDEN.sub("", BAD.sub(" ", text)).split())
    cut = words if len(words) <= most else words[: most - 1].rstrip() + "…"
    try:
        return normalise_name(cut, max_length=most)
    except TextError:
        return ""
